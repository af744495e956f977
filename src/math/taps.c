/* Compiled once for each instruction set (math/simd.h), with contraction. A set
 * without fused multiply-add has no such routines. */
#include "math/taps.h"

#include <stdbool.h>

#include "math/simd.h"

#ifdef __FMA__

#include "math/vector.h"

/* ------------------------------------------------------------------ frames */

INLINE void clear(float *to, size_t n)
{
    size_t i = 0;

    for (; i + WIDTH <= n; i += WIDTH)
        store(to + i, all(0));
    for (; i < n; i++)
        to[i] = 0.0f;
}

static void frame(const cnn__taps_frame *f, const float *image, float *to)
{
    const size_t right = f->columns - f->left - f->w;
    const size_t below = f->rows - f->top - f->h;

    for (size_t p = 0; p < f->planes; p++, image += f->plane) {
        clear(to, f->top * f->columns);
        to += f->top * f->columns;
        for (size_t i = 0; i < f->h; i++, to += f->columns) {
            clear(to, f->left);
            copy(to + f->left, image + i * f->width, f->w);
            clear(to + f->left + f->w, right);
        }
        clear(to, below * f->columns);
        to += below * f->columns;
    }
}

/* -------------------------------------------------------------------- maps */

/* Pixels of a block: with two vectors of filters each, their sums fill the
 * registers. Short rows, and those of one vector, are taken two at a time. */
#if WIDTH == 16
#define MOST_PIXELS 14
#else
#define MOST_PIXELS 6
#endif

/* Taps at a time: 64 KB of weights, which stay in the cache over all pixels. */
#define PART 512

/* What a block of pixels is computed from: some taps, their weights `apart`
 * floats from each other, and what the sums start from. */
typedef struct part {
    const cnn__taps *t;
    const int32_t *offsets;
    size_t count;
    const float *w;
    const float *b; /* NULL: from y */
} part;

/* R pixels in each of Q rows; x steps by S floats (0: by any number). */
INLINE void maps_block(const part *p, const float *x, float *y, size_t x_next,
                       size_t y_next, size_t R, size_t Q, size_t S, size_t L)
{
    const size_t step = S > 0 ? S : p->t->x_step, to = p->t->y_step;
    const size_t apart = p->t->lanes;
    const float *w = p->w;
    vec sum[2][MOST_PIXELS][2];

    for (size_t q = 0; q < Q; q++)
        for (size_t r = 0; r < R; r++)
            for (size_t l = 0; l < L; l++)
                sum[q][r][l] =
                    load((p->b != NULL ? p->b : y + q * y_next + r * to) +
                         l * WIDTH);
    for (size_t k = 0; k < p->count; k++, w += apart) {
        const float *at = whole(x + p->offsets[k]);
        const float *next = whole(at + x_next);
        vec weight[2];

        for (size_t l = 0; l < L; l++)
            weight[l] = load(w + l * WIDTH);
        for (size_t q = 0; q < Q; q++)
            for (size_t r = 0; r < R; r++)
                for (size_t l = 0; l < L; l++)
                    sum[q][r][l] +=
                        all((q == 0 ? at : next)[r * step]) * weight[l];
    }
    for (size_t q = 0; q < Q; q++)
        for (size_t r = 0; r < R; r++)
            for (size_t l = 0; l < L; l++)
                store(y + q * y_next + r * to + l * WIDTH, sum[q][r][l]);
}

/* A strip of R columns, over all rows. The last of an odd number of rows is
 * computed as both rows of a block. */
INLINE void maps_strip(const part *p, const float *x, float *y, size_t R,
                       size_t S, size_t L)
{
    const cnn__taps *t = p->t;
    const size_t Q = R * L <= MOST_PIXELS ? 2 : 1;

    for (size_t i = 0; i < t->rows; i += Q) {
        const bool more = i + 1 < t->rows;

        maps_block(p, x + i * t->x_row, y + i * t->y_row, more ? t->x_row : 0,
                   more ? t->y_row : 0, R, Q, S, L);
    }
}

#define STRIP(R)                      \
    case R:                           \
        maps_strip(p, x, y, R, S, L); \
        break

INLINE void maps_columns(const part *p, const float *x, float *y, size_t n,
                         size_t S, size_t L)
{
    switch (n) {
        STRIP(1);
        STRIP(2);
        STRIP(3);
        STRIP(4);
        STRIP(5);
        STRIP(6);
#if WIDTH == 16
        STRIP(7);
        STRIP(8);
        STRIP(9);
        STRIP(10);
        STRIP(11);
        STRIP(12);
        STRIP(13);
        STRIP(14);
#endif
    default:
        break;
    }
}

/* All strips: as few as can be, as even as can be. */
INLINE void maps_strips(const part *p, const float *x, float *y, size_t S,
                        size_t L)
{
    const cnn__taps *t = p->t;
    const size_t strips = (t->columns + MOST_PIXELS - 1) / MOST_PIXELS;
    size_t j = 0;

    for (size_t left = strips; left > 0; left--) {
        const size_t n = (t->columns - j + left - 1) / left;

        maps_columns(p, x + j * t->x_step, y + j * t->y_step, n, S, L);
        j += n;
    }
}

INLINE void maps_lanes(const part *p, const float *x, float *y, size_t L)
{
    if (p->t->x_step == 1)
        maps_strips(p, x, y, 1, L);
    else if (p->t->x_step == 2)
        maps_strips(p, x, y, 2, L);
    else if (p->t->x_step == 4)
        maps_strips(p, x, y, 4, L);
    else
        maps_strips(p, x, y, 0, L);
}

static void maps_part(const part *p, const float *x, float *y)
{
    part one = *p;

    if (p->t->lanes == WIDTH) {
        maps_lanes(p, x, y, 1);
        return;
    }
    for (size_t l = 0; l < p->t->lanes; l += 2 * WIDTH) {
        one.w = p->w + l;
        one.b = p->b != NULL ? p->b + l : NULL;
        maps_lanes(&one, x, y + l, 2);
    }
}

static void maps(const cnn__taps *t, const float *w, const float *b,
                 const float *x, float *y)
{
    size_t k = 0;

    do {
        const size_t rest = t->count - k;
        const part p = {.t = t,
                        .offsets = t->offsets + k,
                        .count = rest < PART ? rest : PART,
                        .w = w + k * t->lanes,
                        .b = k == 0 ? b : NULL};

        maps_part(&p, x, y);
        k += PART;
    } while (k < t->count);
}

/* ----------------------------------------------------------------- weights */

/* Taps of a block: as many as leave registers for their addresses. */
#if WIDTH == 16
#define MOST_TAPS 8
#else
#define MOST_TAPS 6
#endif

/* The most terms added one by one, about; a longer sum would lose digits. */
#define TERMS 256

/* The rows of the samples that are summed over. */
typedef struct sums {
    const cnn__taps *t;
    size_t first, end; /* of all rows of all samples */
    size_t x_sample;
    const float *x, *dy;
} sums;

/* R taps from tap k on, for L vectors of filters. */
INLINE void weights_block(const sums *s, size_t k, float *dw, size_t R,
                          size_t S, size_t L)
{
    const cnn__taps *t = s->t;
    const size_t step = S > 0 ? S : t->x_step;
    const float *dy = s->dy + s->first * t->columns * t->lanes;
    const float *at[MOST_TAPS];
    vec sum[MOST_TAPS][2];

    for (size_t r = 0; r < R; r++) {
        at[r] = s->x + t->offsets[k + r];
        for (size_t l = 0; l < L; l++)
            sum[r][l] = all(0);
    }
    for (size_t i = s->first; i < s->end; i++) {
        size_t from = i / t->rows * s->x_sample + i % t->rows * t->x_row;

        for (size_t j = 0; j < t->columns; j++, from += step, dy += t->lanes) {
            vec slope[2];

            for (size_t l = 0; l < L; l++)
                slope[l] = load(dy + l * WIDTH);
            for (size_t r = 0; r < R; r++)
                for (size_t l = 0; l < L; l++)
                    sum[r][l] += slope[l] * all(at[r][from]);
        }
    }
    dw += k * t->lanes;
    for (size_t r = 0; r < R; r++, dw += t->lanes)
        for (size_t l = 0; l < L; l++)
            store(dw + l * WIDTH, load(dw + l * WIDTH) + sum[r][l]);
}

#define TAPS(R)                           \
    case R:                               \
        weights_block(s, k, dw, R, S, L); \
        break

INLINE void weights_some(const sums *s, size_t k, float *dw, size_t n, size_t S,
                         size_t L)
{
    switch (n) {
        TAPS(1);
        TAPS(2);
        TAPS(3);
        TAPS(4);
        TAPS(5);
        TAPS(6);
#if WIDTH == 16
        TAPS(7);
        TAPS(8);
#endif
    default:
        break;
    }
}

INLINE void weights_lanes(const sums *s, float *dw, size_t S, size_t L)
{
    const size_t count = s->t->count;
    size_t k = 0;

    for (size_t left = (count + MOST_TAPS - 1) / MOST_TAPS; left > 0; left--) {
        const size_t n = (count - k + left - 1) / left;

        weights_some(s, k, dw, n, S, L);
        k += n;
    }
}

INLINE void weights_steps(const sums *s, float *dw, size_t L)
{
    if (s->t->x_step == 1)
        weights_lanes(s, dw, 1, L);
    else if (s->t->x_step == 2)
        weights_lanes(s, dw, 2, L);
    else if (s->t->x_step == 4)
        weights_lanes(s, dw, 4, L);
    else
        weights_lanes(s, dw, 0, L);
}

static void weights(const cnn__taps *t, size_t samples, const float *x,
                    size_t x_sample, const float *dy, float *dw)
{
    const size_t rows = samples * t->rows, step = TERMS / t->columns + 1;
    sums s = {.t = t, .x_sample = x_sample, .x = x, .dy = dy};

    for (; s.first < rows; s.first = s.end) {
        s.end = rows - s.first < step ? rows : s.first + step;
        if (t->lanes == WIDTH)
            weights_steps(&s, dw, 1);
        for (size_t l = 0; l < t->lanes && t->lanes > WIDTH; l += 2 * WIDTH) {
            s.dy = dy + l;
            weights_steps(&s, dw + l, 2);
        }
    }
}

const cnn__taps_routines CNN__OF_SET(cnn__taps) = {frame, maps, weights};

#else

const cnn__taps_routines CNN__OF_SET(cnn__taps) = {0};

#endif
