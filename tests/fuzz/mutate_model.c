#include "fuzz/mutate_model.h"

#include <string.h>
#include <zlib.h>

#include "base/bytes.h"

uint32_t draw_below(uint32_t *r, size_t n)
{
    *r = *r * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)*r * n >> 32);
}

void take_apart(parts *p, const uint8_t *data, size_t size)
{
    const uint64_t length = size >= 12 ? cnn__get_u64(data) : 0;

    p->tensors_size = 0;
    if (length == 0 || length > size - 12) {
        p->header_size = size;
        memcpy(p->header, data, size);
        return;
    }
    p->header_size = (size_t)length;
    p->tensors_size = size - 12 - p->header_size;
    memcpy(p->header, data + 8, p->header_size);
    memcpy(p->tensors, data + 8 + p->header_size, p->tensors_size);
}

/* Puts it together, length and checksum right; 0 if there is no room. */
static size_t put_together(const parts *p, uint8_t *data, size_t most)
{
    const size_t body = 8 + p->header_size + p->tensors_size;

    if (body + 4 > most)
        return 0;
    cnn__put_u64(data, p->header_size);
    memcpy(data + 8, p->header, p->header_size);
    memcpy(data + 8 + p->header_size, p->tensors, p->tensors_size);
    cnn__put_u32(data + body, (uint32_t)crc32_z(0, data, body));
    return body + 4;
}

/* A float becomes one of those that are seldom met. */
static void change_float(parts *p, uint32_t *r)
{
    static const uint32_t bits[] = {
        0x00000000, 0x80000000, 0x00000001, 0x3f800000, 0xbf800000, 0x7f7fffff,
        0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x5f000000, 0xdf000000,
    };
    const size_t floats = p->tensors_size / 4;

    if (floats > 0)
        cnn__put_u32(p->tensors + 4 * draw_below(r, floats),
                     bits[draw_below(r, sizeof(bits) / sizeof(bits[0]))]);
}

static size_t mutate(uint8_t *data, size_t size, size_t most, uint32_t *r)
{
    static parts p;
    const size_t room = most < MOST_MODEL ? most : MOST_MODEL;

    if (size > room || draw_below(r, 64) == 0) /* checksum, length and all */
        return LLVMFuzzerMutate(data, size, room);
    take_apart(&p, data, size);
    switch (draw_below(r, 8)) {
    case 0:
    case 1:
        p.header_size =
            LLVMFuzzerMutate((uint8_t *)p.header, p.header_size, room);
        break;
    case 2:
        p.tensors_size = LLVMFuzzerMutate(p.tensors, p.tensors_size, room);
        break;
    case 3:
        change_float(&p, r);
        break;
    default:
        for (uint32_t n = 1 + draw_below(r, 3); n > 0; n--)
            mutate_header(&p, r);
    }
    /* A checkpoint has more tensors than its architecture tells of. */
    if (model_begins_at == 0 && draw_below(r, 4) > 0)
        mend_tensors(&p);
    const size_t made = put_together(&p, data, most);
    return made > 0 ? made : LLVMFuzzerMutate(data, size, room);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned int seed)
{
    uint32_t r = seed;

    if (size <= model_begins_at || most <= model_begins_at)
        return LLVMFuzzerMutate(data, size, most);
    if (model_begins_at > 0 && draw_below(&r, 32) == 0)
        data[0] = (uint8_t)draw_below(&r, 256);
    return model_begins_at + mutate(data + model_begins_at,
                                    size - model_begins_at,
                                    most - model_begins_at, &r);
}
