#include "data/values.h"

static void read_bytes(const cnn__values *v, const uint8_t *restrict from,
                       float *restrict x, size_t n)
{
    const float scale = v->scale, offset = v->offset;

    for (size_t i = 0; i < n; i++)
        x[i] = (float)from[i] * scale + offset;
}

static void read_floats(const cnn__values *v, const float *restrict from,
                        float *restrict x, size_t n)
{
    const float scale = v->scale, offset = v->offset;

    for (size_t i = 0; i < n; i++)
        x[i] = from[i] * scale + offset;
}

void cnn__values_scale(const cnn__values *v, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] * v->scale + v->offset;
}

void cnn__values_read(const cnn__values *v, size_t at, float *x, size_t n)
{
    if (v->bytes != NULL)
        read_bytes(v, v->bytes + at, x, n);
    else
        read_floats(v, v->floats + at, x, n);
}

cnn__values cnn__values_from(const cnn__values *v, size_t n)
{
    cnn__values rest = *v;

    if (rest.bytes != NULL)
        rest.bytes += n;
    if (rest.floats != NULL)
        rest.floats += n;
    return rest;
}
