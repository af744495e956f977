/* Inflating gzip data in memory, piece by piece. */
#ifndef CNN_DATA_GZIP_H
#define CNN_DATA_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include <zlib.h>

#include "base/status.h"

/* The most that deflate can shrink data: 258 bytes take at least two bits. */
#define CNN__GZIP_RATIO 1032

typedef struct cnn__gzip {
    z_stream stream;
    const unsigned char *next; /* data not yet passed to the stream */
    size_t left;
    bool ended;
} cnn__gzip;

/* Does the data begin as gzip does? */
bool cnn__is_gzip(const void *data, size_t size);

/* Starts on `size` bytes at `data`, which must remain valid. On success the
 * stream is to be closed with cnn__gzip_close(). Errors: CNN_ENOMEM. */
cnn_status cnn__gzip_open(cnn__gzip *gzip, const void *data, size_t size);
void cnn__gzip_close(cnn__gzip *gzip);

/* Reads the next `size` bytes, at least 1. `got` < `size` if and only if the
 * end is reached; then every checksum was right and nothing followed the last
 * member. CNN_EFORMAT if the data is cut short or damaged, CNN_ENOMEM. */
cnn_status cnn__gzip_read(cnn__gzip *gzip, void *to, size_t size, size_t *got);

#endif
