/* The bytes of an input as choices and numbers; zeros beyond their end. */
#ifndef TESTS_FUZZ_CALL_BYTES_H
#define TESTS_FUZZ_CALL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bytes {
    const uint8_t *at, *end;
} bytes;

uint8_t take_byte(bytes *b);

/* From 0 to n - 1. */
int32_t take_below(bytes *b, int32_t n);

/* Mostly from 0 to 7; at times one of those at which something ends. `wild`
 * becomes true if it is none that every use of it can afford. */
int32_t take_int(bytes *b, bool *wild);

/* Mostly from -1 to 1; at times one that is none, or at the end of the range.
 */
float take_float(bytes *b);

/* A struct_size, mostly `size`, and the options struct in a block of just that
 * size, its fields drawn by take_int() and, where `floats` has a bit for their
 * number, by take_float(). free() takes it. NULL at times. */
void *take_options(bytes *b, size_t size, uint32_t floats, bool *wild);

#endif
