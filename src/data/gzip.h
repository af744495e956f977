/* Inflating gzip data that is in memory, piece by piece. */
#ifndef CNN_DATA_GZIP_H
#define CNN_DATA_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include <zlib.h>

#include "base/status.h"

/* No deflate stream grows more than this when inflated: 258 bytes are coded in
 * two bits at the least. */
#define CNN__GZIP_RATIO 1032

typedef struct cnn__gzip {
    z_stream stream;
    const unsigned char *next; /* what the stream was not yet given */
    size_t left;
    bool ended;
} cnn__gzip;

/* Does the data begin as gzip does? */
bool cnn__is_gzip(const void *data, size_t size);

/* Starts on `size` bytes at `data`, which must stay. On success the stream is
 * to be closed with cnn__gzip_close(). Errors: CNN_ENOMEM. */
cnn_status cnn__gzip_open(cnn__gzip *gzip, const void *data, size_t size);
void cnn__gzip_close(cnn__gzip *gzip);

/* The next `size` bytes, at least 1; fewer only at the end, which has been
 * reached if and only if `got` < `size`. Then every checksum was right and
 * nothing followed the last member. CNN_EFORMAT if the data is cut short or
 * damaged, CNN_ENOMEM. */
cnn_status cnn__gzip_read(cnn__gzip *gzip, void *to, size_t size, size_t *got);

#endif
