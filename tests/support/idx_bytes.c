#include "support/idx_bytes.h"

#include <string.h>

#include <zlib.h>

#include "support/near.h"

size_t make_idx(uint8_t *out, uint8_t type, uint8_t rank, const uint32_t *dims,
                const uint8_t *elements, size_t size)
{
    uint8_t *at = out;

    *at++ = 0;
    *at++ = 0;
    *at++ = type;
    *at++ = rank;
    for (int i = 0; i < rank; i++)
        for (int shift = 24; shift >= 0; shift -= 8)
            *at++ = (uint8_t)(dims[i] >> shift);
    if (size > 0)
        memcpy(at, elements, size);
    return (size_t)(at - out) + size;
}

size_t make_gzip(uint8_t *out, size_t room, const void *data, size_t size)
{
    z_stream stream = {.next_in = (z_const Bytef *)data,
                       .avail_in = (uInt)size,
                       .next_out = out,
                       .avail_out = (uInt)room};

    assert_int_equal(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED,
                                  15 + 16, 9, Z_DEFAULT_STRATEGY),
                     Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return room - stream.avail_out;
}
