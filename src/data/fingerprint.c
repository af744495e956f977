/* The CRC-32 of a dataset's contents, however they are stored:
 *
 *     c, h, w, pad, bytes of a pixel (int32), count (int64),
 *     scale, offset (float), labels (int32), pixels (bytes or float)
 *
 * Then targets and weights, and means and deviations, where there are any.
 *
 * With a callback, bytes of a pixel is 0, and instead of labels and pixels
 * comes what the program says about them:
 *
 *     number of the first sample (int64), classes, flags (int32), what the
 *     program gave for the content (int64)
 *
 * All is little-endian. Checkpoints contain it, so this must never change. */
#include <string.h>

#include <zlib.h>

#include "base/bytes.h"
#include "data/callback.h"

#define BLOCK 1024 /* words converted at a time */

/* Adds 32-bit words: int32_t or float. */
static uLong add_words(uLong crc, const void *words, size_t count)
{
    const unsigned char *from = words;
    unsigned char block[4 * BLOCK];

    while (count > 0) {
        const size_t n = count < BLOCK ? count : BLOCK;

        for (size_t i = 0; i < n; i++) {
            uint32_t word;

            memcpy(&word, from + 4 * i, sizeof(word));
            cnn__put_u32(block + 4 * i, word);
        }
        crc = crc32_z(crc, block, 4 * n);
        from += 4 * n;
        count -= n;
    }
    return crc;
}

static uLong add_values(uLong crc, const cnn__values *v, size_t n)
{
    if (n > 0 && v->floats != NULL)
        return add_words(crc, v->floats, n);
    return n > 0 && v->bytes != NULL ? crc32_z(crc, v->bytes, n) : crc;
}

/* Targets and weights, where there are any. */
static uLong add_targets(uLong crc, const cnn_dataset *d)
{
    const cnn_shape *s = &d->target_shape;
    const size_t count = (size_t)d->count;

    if (s->c > 0) {
        const uint32_t shape[] = {(uint32_t)s->c, (uint32_t)s->h,
                                  (uint32_t)s->w, d->own_targets};
        const float scaling[] = {d->targets.scale, d->targets.offset};

        crc = add_words(crc, shape, 4);
        crc = add_words(crc, scaling, 2);
        crc =
            add_values(crc, &d->targets, count * cnn__dataset_target_floats(d));
    }
    if (d->weights != NULL && count > 0)
        crc = add_words(crc, d->weights, count);
    if (d->class_weights != NULL)
        crc = add_words(crc, d->class_weights, (size_t)d->class_count);
    return crc;
}

static uint32_t bytes_of_pixel(const cnn_dataset *d)
{
    return d->callback != NULL        ? 0
           : d->images.floats != NULL ? sizeof(float)
                                      : sizeof(uint8_t);
}

static uLong add_callback(uLong crc, const cnn_dataset *d)
{
    const cnn_dataset_reader *r = &d->callback->reader;
    const uint64_t first = (uint64_t)d->first;
    const uint32_t words[] = {
        (uint32_t)first,          (uint32_t)(first >> 32),
        (uint32_t)d->classes,     r->flags,
        (uint32_t)r->fingerprint, (uint32_t)(r->fingerprint >> 32),
    };

    return add_words(crc, words, sizeof(words) / sizeof(words[0]));
}

uint32_t cnn_dataset_fingerprint(const cnn_dataset *dataset)
{
    const cnn_dataset *d = dataset;

    if (d == NULL)
        return 0;
    const size_t pixels = (size_t)d->count * d->pixels;
    const float scaling[] = {d->images.scale, d->images.offset};
    const uint64_t count = (uint64_t)d->count;
    const uint32_t head[] = {
        (uint32_t)d->shape.c,    (uint32_t)d->shape.h, (uint32_t)d->shape.w,
        (uint32_t)d->pad,        bytes_of_pixel(d),    (uint32_t)count,
        (uint32_t)(count >> 32),
    };
    uLong crc = crc32_z(0, NULL, 0);

    crc = add_words(crc, head, sizeof(head) / sizeof(head[0]));
    crc = add_words(crc, scaling, 2);
    if (d->callback != NULL)
        crc = add_callback(crc, d);
    if (d->count > 0 && d->labels != NULL)
        crc = add_words(crc, d->labels, (size_t)d->count);
    crc = add_values(crc, &d->images, pixels);
    crc = add_targets(crc, d);
    if (d->norms != NULL)
        crc = add_words(crc, d->norms, 2 * (size_t)d->norm_count);
    return (uint32_t)crc;
}
