#include "fuzz/call_bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz_support.h"

uint8_t take_byte(bytes *b)
{
    return b->at < b->end ? *b->at++ : 0;
}

int32_t take_below(bytes *b, int32_t n)
{
    return take_byte(b) % n;
}

int32_t take_int(bytes *b, bool *wild)
{
    static const int32_t ends[] = {
        -1,
        8,
        9,
        16,
        17,
        31,
        32,
        33,
        64,
        100,
        1000,
        65535,
        INT32_MIN,
        INT32_MAX,
        1 << 30,
        1 << 16,
        INT32_MAX / 2,
    };
    const uint8_t first = take_byte(b);

    if (first < 224)
        return first % 8;
    *wild = true;
    return ends[first % (sizeof(ends) / sizeof(ends[0]))];
}

float take_float(bytes *b)
{
    static const float ends[] = {
        0.0f,   -0.0f, 2.0f,  100.0f,   1e-30f,    1e-45f, 3.4e38f,
        -1e38f, 1e20f, -1.0f, INFINITY, -INFINITY, NAN,    0.999999f,
    };
    const uint8_t first = take_byte(b);

    if (first < 224)
        return (float)(first - 112) / 112.0f;
    return ends[first % (sizeof(ends) / sizeof(ends[0]))];
}

/* One that is not the struct's, now and then: with fields that are missing, or
 * more of them than there are. */
static size_t take_size(bytes *b, size_t size)
{
    const size_t others[] = {0, 4, size - 4, size + 4, size + 64, 3, 1028};
    const uint8_t first = take_byte(b);

    return first < 240 ? size : others[first % 7];
}

void *take_options(bytes *b, size_t size, uint32_t floats, bool *wild)
{
    const uint8_t fields = take_byte(b); /* how many are not zero, at most */
    const size_t given = take_size(b, size);
    const uint32_t struct_size = (uint32_t)given;

    if (fields % 8 == 0)
        return NULL;
    char *o = calloc(1, given < 4 ? 4 : given);
    must(o != NULL, "no memory");
    memcpy(o, &struct_size, sizeof(struct_size));
    for (uint32_t i = 1; 4 * i + 4 <= given && i < 32; i++) {
        const float real = floats >> i & 1 ? take_float(b) : 0.0f;
        int32_t integer = 0;

        /* Most fields have few values, so most are small. */
        if ((floats >> i & 1) == 0 && take_byte(b) % 8 < fields % 8)
            integer = take_int(b, wild);
        memcpy(o + 4 * i, floats >> i & 1 ? (const void *)&real : &integer, 4);
    }
    return o;
}
