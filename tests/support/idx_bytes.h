/* Making IDX and gzip data, well-formed or not, in memory. */
#ifndef TESTS_SUPPORT_IDX_BYTES_H
#define TESTS_SUPPORT_IDX_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* An IDX file: magic, dimensions, elements. Any type and dimensions; `out` has
 * room. Returns its size. */
size_t make_idx(uint8_t *out, uint8_t type, uint8_t rank, const uint32_t *dims,
                const uint8_t *elements, size_t size);

/* One gzip member that inflates to `data`. Returns its size, at most `room`. */
size_t make_gzip(uint8_t *out, size_t room, const void *data, size_t size);

#endif
