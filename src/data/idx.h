/* IDX, the format of MNIST: a big-endian header, then the elements.
 *
 *     0, 0, type, rank (one byte each), rank dimensions (4 bytes each) */
#ifndef CNN_DATA_IDX_H
#define CNN_DATA_IDX_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CNN__IDX_MAX_RANK 4

/* An array of unsigned bytes. */
typedef struct cnn__idx {
    int32_t rank;
    int32_t dims[CNN__IDX_MAX_RANK]; /* each at least 1 */
    const uint8_t *elements;
    size_t size;  /* number of elements: the product of the dimensions */
    void *memory; /* block of the elements, to be freed with cnn__free(); NULL:
                     they are in the data that was parsed */
} cnn__idx;

/* Parses a whole IDX file of least_rank to most_rank dimensions; inflates it if
 * it is gzip. CNN_EFORMAT, CNN_EUNSUPPORTED (elements of another type),
 * CNN_EOVERFLOW, CNN_ENOMEM; after a failure there is nothing to free. */
cnn_status cnn__idx_parse(cnn__idx *idx, const void *data, size_t size,
                          int32_t least_rank, int32_t most_rank);

#endif
