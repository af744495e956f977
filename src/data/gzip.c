#include "data/gzip.h"

#include <string.h>

#include "base/memory.h"

/* zlib counts bytes in unsigned int: longer data is passed in parts. */
#define LARGEST_PART ((size_t)1 << 30)

/* 15: the largest window, as a gzip file may need it; 16: gzip, not zlib. */
#define GZIP_WINDOW (15 + 16)

static voidpf allocate(voidpf user, uInt count, uInt size)
{
    (void)user;
    return cnn__alloc(cnn__size_mul(count, size));
}

static void release(voidpf user, voidpf block)
{
    (void)user;
    cnn__free(block);
}

bool cnn__is_gzip(const void *data, size_t size)
{
    return size >= 2 && memcmp(data, "\x1f\x8b", 2) == 0;
}

cnn_status cnn__gzip_open(cnn__gzip *gzip, const void *data, size_t size)
{
    *gzip = (cnn__gzip){
        .stream = {.zalloc = allocate, .zfree = release},
        .next = data,
        .left = size,
    };
    switch (inflateInit2(&gzip->stream, GZIP_WINDOW)) {
    case Z_OK:
        return CNN_OK;
    case Z_MEM_ERROR:
        return cnn_last_status();
    default:
        return cnn__fail(CNN_EUNSUPPORTED,
                         "zlib %s does not fit libcnn, made for zlib %s",
                         zlibVersion(), ZLIB_VERSION);
    }
}

void cnn__gzip_close(cnn__gzip *gzip)
{
    inflateEnd(&gzip->stream);
}

/* Bytes of the data that are not used yet. */
static size_t unused(const cnn__gzip *gzip)
{
    return gzip->left + gzip->stream.avail_in;
}

static void feed(cnn__gzip *gzip)
{
    z_stream *s = &gzip->stream;

    if (s->avail_in > 0 || gzip->left == 0)
        return;
    s->avail_in = (uInt)(gzip->left < LARGEST_PART ? gzip->left : LARGEST_PART);
    s->next_in = (z_const Bytef *)gzip->next;
    gzip->next += s->avail_in;
    gzip->left -= s->avail_in;
}

/* A gzip file is one or more members, one after the other. */
static cnn_status end_member(cnn__gzip *gzip)
{
    feed(gzip);
    if (unused(gzip) == 0) {
        gzip->ended = true;
        return CNN_OK;
    }
    if (gzip->stream.next_in[0] != 0x1f)
        return cnn__fail(CNN_EFORMAT,
                         "%zu bytes that are no gzip follow the gzip data",
                         unused(gzip));
    inflateReset(&gzip->stream);
    return CNN_OK;
}

cnn_status cnn__gzip_read(cnn__gzip *gzip, void *to, size_t size, size_t *got)
{
    z_stream *s = &gzip->stream;

    *got = 0;
    while (*got < size && !gzip->ended) {
        const size_t left = size - *got;
        const uInt room = (uInt)(left < LARGEST_PART ? left : LARGEST_PART);

        feed(gzip);
        s->next_out = (Bytef *)to + *got;
        s->avail_out = room;
        const int code = inflate(s, Z_NO_FLUSH);
        *got += room - s->avail_out;
        switch (code) {
        case Z_OK:
            break;
        case Z_STREAM_END:
            CNN__TRY(end_member(gzip));
            break;
        case Z_MEM_ERROR:
            return cnn_last_status();
        case Z_BUF_ERROR: /* there was output space, so input is missing */
            return cnn__fail(CNN_EFORMAT, "the gzip data is cut short");
        default:
            return cnn__fail(CNN_EFORMAT, "damaged gzip data: %s",
                             s->msg != NULL ? s->msg : zError(code));
        }
    }
    return CNN_OK;
}
