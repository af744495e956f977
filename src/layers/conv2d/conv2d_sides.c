#include "layers/conv2d/conv2d_sides.h"

/* Plans go through all phases and positions. */
#define MOST_STRIDE 16
#define MOST_AREA   65536

bool cnn__conv_sides_fit(const cnn__conv *conv)
{
    return conv->table == NULL && conv->area <= MOST_AREA &&
           conv->window.h.stride <= MOST_STRIDE &&
           conv->window.w.stride <= MOST_STRIDE;
}

bool cnn__conv_side_shift(const cnn__conv_side *a, int32_t p, int32_t k,
                          int32_t *shift)
{
    const int64_t at = (int64_t)k * a->axis.dilation - a->axis.before;

    *shift = (int32_t)(a->back ? (p - at) / a->axis.stride : at);
    return !a->back || (p - at) % a->axis.stride == 0;
}

size_t cnn__conv_side_taps(const cnn__conv_side *a, int32_t p)
{
    int32_t shift;
    size_t count = 0;

    for (int32_t k = 0; k < a->axis.kernel; k++)
        count += cnn__conv_side_shift(a, p, k, &shift);
    return count;
}

size_t cnn__conv_side_results(const cnn__conv_side *a, int32_t p)
{
    return p < a->out ? (size_t)((a->out - p - 1) / a->phases + 1) : 0;
}

cnn__conv_side cnn__conv_side_of(const cnn__axis *axis, bool back)
{
    cnn__conv_side a = {.axis = *axis,
                        .back = back,
                        .in = back ? axis->out : axis->in,
                        .out = back ? axis->in : axis->out,
                        .phases = back ? axis->stride : 1,
                        .step = back ? 1 : axis->stride,
                        .low = INT32_MAX,
                        .high = INT32_MIN};
    int32_t shift;

    for (int32_t p = 0; p < a.phases; p++)
        for (int32_t k = 0; k < axis->kernel; k++)
            if (cnn__conv_side_shift(&a, p, k, &shift)) {
                a.low = shift < a.low ? shift : a.low;
                a.high = shift > a.high ? shift : a.high;
            }
    return a;
}

size_t cnn__conv_side_seen(const cnn__conv_side *a, size_t results)
{
    return (results - 1) * (size_t)a->step +
           (size_t)((int64_t)a->high - a->low) + 1;
}
