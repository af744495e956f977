#include "data/values.h"

#include <math.h>

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

void cnn__images_normalise(const float *mean, const float *deviation, size_t C,
                           size_t plane, size_t count, float *x)
{
    for (size_t i = 0; i < count * C; i++, x += plane) {
        const float from = mean[i % C], unit = deviation[i % C];

        for (size_t k = 0; k < plane; k++)
            x[k] = (x[k] - from) / unit;
    }
}

cnn_status cnn__check_normalisation(const float *mean, const float *deviation,
                                    int32_t channel_count, const char *what)
{
    for (int32_t c = 0; mean != NULL && c < channel_count; c++)
        if (!isfinite(mean[c]))
            return cnn__fail(CNN_EINVAL,
                             "%s: mean %g of channel %d, expected a finite "
                             "number",
                             what, (double)mean[c], c);
    for (int32_t c = 0; deviation != NULL && c < channel_count; c++)
        if (!(isfinite(deviation[c]) && deviation[c] > 0.0f))
            return cnn__fail(CNN_EINVAL,
                             "%s: deviation %g of channel %d, expected a "
                             "finite number above 0",
                             what, (double)deviation[c], c);
    return CNN_OK;
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
