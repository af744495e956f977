/* Compiled once for each instruction set (math/simd.h), with contraction. A set
 * without fused multiply-add has no such routines. */
#include "math/depthwise.h"

#include "math/simd.h"

#ifdef __FMA__

#include "math/vector.h"

#define LANES CNN__DEPTHWISE_LANES

/* -------------------------------------------------------------------- maps */

#define MOST_PIXELS 8

/* R pixels; x steps by S floats (0: by any number). */
INLINE void maps_block(const cnn__taps *t, const float *w, const float *b,
                       const float *x, float *y, size_t R, size_t S)
{
    const size_t step = S > 0 ? S : t->x_step;
    vec sum[MOST_PIXELS];

    for (size_t r = 0; r < R; r++)
        sum[r] = load(b);
    for (size_t k = 0; k < t->count; k++) {
        const float *at = whole(x + t->offsets[k]);
        const vec weight = load(w + k * LANES);

        for (size_t r = 0; r < R; r++)
            sum[r] += weight * load(at + r * step);
    }
    for (size_t r = 0; r < R; r++)
        store(y + r * t->y_step, sum[r]);
}

#define PIXELS(R)                        \
    case R:                              \
        maps_block(t, w, b, x, y, R, S); \
        break

INLINE void maps_some(const cnn__taps *t, const float *w, const float *b,
                      const float *x, float *y, size_t n, size_t S)
{
    switch (n) {
        PIXELS(1);
        PIXELS(2);
        PIXELS(3);
        PIXELS(4);
        PIXELS(5);
        PIXELS(6);
        PIXELS(7);
        PIXELS(8);
    default:
        break;
    }
}

/* A row, in as few and as even blocks as can be. */
INLINE void maps_row(const cnn__taps *t, const float *w, const float *b,
                     const float *x, float *y, size_t S)
{
    size_t j = 0;

    for (size_t left = (t->columns + MOST_PIXELS - 1) / MOST_PIXELS; left > 0;
         left--) {
        const size_t n = (t->columns - j + left - 1) / left;

        maps_some(t, w, b, x + j * t->x_step, y + j * t->y_step, n, S);
        j += n;
    }
}

static void maps(const cnn__taps *t, const float *w, const float *b,
                 const float *x, float *y)
{
    for (size_t i = 0; i < t->rows; i++)
        for (size_t l = 0; l < LANES; l += WIDTH) {
            const float *from = x + i * t->x_row + l;
            float *to = y + i * t->y_row + l;

            if (t->x_step == LANES)
                maps_row(t, w + l, b + l, from, to, LANES);
            else if (t->x_step == 2 * LANES)
                maps_row(t, w + l, b + l, from, to, 2 * LANES);
            else
                maps_row(t, w + l, b + l, from, to, 0);
        }
}

/* ----------------------------------------------------------------- weights */

#define MOST_TAPS 9

/* The most terms added one by one, about; a longer sum would lose digits. */
#define TERMS 256

/* R taps from tap k on, over some rows. */
INLINE void weights_block(const cnn__taps *t, size_t k, size_t rows,
                          const float *x, const float *dy, float *dw, size_t R)
{
    const float *at[MOST_TAPS];
    vec sum[MOST_TAPS];

    for (size_t r = 0; r < R; r++) {
        at[r] = x + t->offsets[k + r];
        sum[r] = all(0);
    }
    for (size_t i = 0; i < rows; i++) {
        size_t from = i * t->x_row;

        for (size_t j = 0; j < t->columns; j++, dy += LANES, from += t->x_step)
            for (size_t r = 0; r < R; r++)
                sum[r] += load(dy) * load(at[r] + from);
    }
    for (size_t r = 0; r < R; r++) {
        float *to = dw + (k + r) * LANES;

        store(to, load(to) + sum[r]);
    }
}

static void weights_rows(const cnn__taps *t, size_t rows, const float *x,
                         const float *dy, float *dw)
{
    size_t k = 0;

    for (; k + 9 <= t->count; k += 9)
        weights_block(t, k, rows, x, dy, dw, 9);
    for (; k + 7 <= t->count; k += 7)
        weights_block(t, k, rows, x, dy, dw, 7);
    for (; k + 3 <= t->count; k += 3)
        weights_block(t, k, rows, x, dy, dw, 3);
    for (; k < t->count; k++)
        weights_block(t, k, rows, x, dy, dw, 1);
}

static void weights(const cnn__taps *t, const float *x, const float *dy,
                    float *dw)
{
    const size_t step = TERMS / t->columns + 1;

    for (size_t i = 0; i < t->rows; i += step)
        for (size_t l = 0; l < LANES; l += WIDTH)
            weights_rows(t, t->rows - i < step ? t->rows - i : step,
                         x + i * t->x_row + l, dy + i * t->columns * LANES + l,
                         dw + l);
}

const cnn__depthwise_routines CNN__OF_SET(cnn__depthwise) = {maps, weights};

#else

const cnn__depthwise_routines CNN__OF_SET(cnn__depthwise) = {0};

#endif
