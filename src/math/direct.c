/* Compiled once for each instruction set (math/simd.h), with contraction. A set
 * without fused multiply-add has no such routines. */
#include "math/direct.h"

#include <stdbool.h>

#include "math/simd.h"

#ifdef __FMA__

#include "math/vector.h"

/* ------------------------------------------------------------------ frames */

/* n is at least one vector. */
INLINE void clear(float *to, size_t n)
{
    for (size_t i = 0; i < n; i += WIDTH)
        store(to + cnn__block_at(i, WIDTH, n), all(0));
}

static void enframe(const cnn__framed *f, const float *image, float *to)
{
    const size_t above = f->top * f->row;
    const size_t below = (f->rows - f->top - f->h) * f->row;

    for (size_t p = 0; p < f->planes; p++) {
        clear(to, above);
        to += above;
        for (size_t i = 0; i < f->h; i++, image += f->w, to += f->row) {
            clear(to, f->row);
            copy(to + f->left, image, f->w);
        }
        clear(to, below);
        to += below;
    }
}

/* ----------------------------------------------------------------- forward */

#define MOST_FILTERS 8
/* Rows of a block: with several sums at a time, the latency of each is hidden.
 */
#define ROWS 2

/* Channel c of x. */
INLINE const float *channel(const cnn__direct *d, const float *x, size_t c)
{
    const size_t p = d->planes != NULL ? (size_t)d->planes[c] : c;

    return x + p * d->x_plane;
}

/* WIDTH columns of ROWS rows of FB filters. w, x and y point to their first
 * elements. */
INLINE void forward_block(const cnn__direct *d, const float *w, const float *b,
                          const float *x, float *y, size_t K, size_t FB)
{
    const size_t filter = d->channels * K * K;
    const size_t plane = d->rows * d->columns;
    const size_t columns = d->columns < WIDTH ? d->columns : WIDTH;
    vec sum[MOST_FILTERS][ROWS];

    for (size_t f = 0; f < FB; f++)
        for (size_t r = 0; r < ROWS; r++)
            sum[f][r] = all(b != NULL ? b[f] : 0.0f);
    for (size_t c = 0; c < d->channels; c++, w += K * K)
        for (size_t u = 0; u < K; u++)
            for (size_t v = 0; v < K; v++) {
                const float *from = channel(d, x, c) + u * d->x_row + v;
                vec row[ROWS];

                for (size_t r = 0; r < ROWS; r++)
                    row[r] = load(from + r * d->x_row);
                for (size_t f = 0; f < FB; f++)
                    for (size_t r = 0; r < ROWS; r++)
                        sum[f][r] += all(w[f * filter + u * K + v]) * row[r];
            }
    for (size_t f = 0; f < FB; f++)
        for (size_t r = 0; r < ROWS; r++) {
            float *to = y + f * plane + r * d->columns;

            if (columns == WIDTH)
                store(to, sum[f][r]);
            else
                cnn__copy4(to, (const float *)&sum[f][r], columns);
        }
}

INLINE void forward_filters(const cnn__direct *d, const float *w,
                            const float *b, const float *x, float *y, size_t K,
                            size_t FB)
{
    for (size_t i = 0; i < d->rows; i += ROWS)
        for (size_t j = 0; j < d->columns; j += WIDTH) {
            const size_t i0 = cnn__block_at(i, ROWS, d->rows);
            const size_t j0 =
                d->columns < WIDTH ? 0 : cnn__block_at(j, WIDTH, d->columns);

            forward_block(d, w, b, x + i0 * d->x_row + j0,
                          y + i0 * d->columns + j0, K, FB);
        }
}

#define MOST_ONE_ROWS 5

/* For a single filter: R rows of V vectors, to have enough sums at a time. The
 * last vector of a row begins `behind` floats after the first. */
INLINE void one_block(const cnn__direct *d, const float *w, float b,
                      const float *x, float *y, size_t behind, size_t K,
                      size_t R, size_t V)
{
    const size_t columns = d->columns < WIDTH ? d->columns : WIDTH;
    vec sum[MOST_ONE_ROWS][2];

    for (size_t r = 0; r < R; r++)
        for (size_t v = 0; v < V; v++)
            sum[r][v] = all(b);
    for (size_t c = 0; c < d->channels; c++) {
        for (size_t k = 0; k < K; k++) {
            const float *from = channel(d, x, c) + k;

#pragma GCC unroll 16
            for (size_t i = 0; i < R + K - 1; i++, from += d->x_row) {
                vec row[2];

                for (size_t v = 0; v < V; v++)
                    row[v] = load(from + v * behind);
                for (size_t u = 0; u < K; u++)
                    for (size_t v = 0; v < V && u <= i && i - u < R; v++)
                        sum[i - u][v] += all(w[u * K + k]) * row[v];
            }
        }
        w += K * K;
    }
    for (size_t r = 0; r < R; r++, y += d->columns)
        for (size_t v = 0; v < V; v++)
            if (columns == WIDTH)
                store(y + v * behind, sum[r][v]);
            else
                cnn__copy4(y, (const float *)&sum[r][v], columns);
}

INLINE void one_rows(const cnn__direct *d, const float *w, float b,
                     const float *x, float *y, size_t K, size_t R)
{
    const size_t W = d->columns;

    for (size_t i = 0; i < d->rows; i += R) {
        const size_t i0 = cnn__block_at(i, R, d->rows);
        const float *from = x + i0 * d->x_row;
        float *to = y + i0 * W;

        if (W <= WIDTH)
            one_block(d, w, b, from, to, 0, K, R, 1);
        for (size_t j = 0; j < W && W > WIDTH; j += 2 * WIDTH) {
            const size_t j0 =
                W < 2 * WIDTH ? 0 : cnn__block_at(j, 2 * WIDTH, W);
            const size_t behind = W < 2 * WIDTH ? W - WIDTH : WIDTH;

            one_block(d, w, b, from + j0, to + j0, behind, K, R, 2);
        }
    }
}

INLINE void one_filter(const cnn__direct *d, const float *w, const float *b,
                       const float *x, float *y, size_t K)
{
    /* AVX2 has registers for the sums, two vectors of a row, and K weights. */
    const size_t R = WIDTH == 16 || K == 3 ? MOST_ONE_ROWS : 4;

    if (d->rows >= R)
        one_rows(d, w, b != NULL ? *b : 0.0f, x, y, K, R);
    else
        forward_filters(d, w, b, x, y, K, 1);
}

/* Filters of the next block, with `left` to do. 8 needs the registers of
 * AVX-512. Sizes that leave a rest are avoided: it would be computed twice. */
static size_t block_filters(size_t left)
{
    if (WIDTH == 16 && left % 8 == 0)
        return 8;
    if (left >= 6 && (left % 6 == 0 || left % 6 == 4))
        return 6;
    return 4;
}

INLINE void forward_kernel(const cnn__direct *d, const float *w, const float *b,
                           const float *x, float *y, size_t K)
{
    const size_t filter = d->channels * K * K, F = d->filters;
    size_t FB;

    for (size_t f = 0; f < F; f += FB) {
        FB = F < 4 ? 1 : block_filters(F - f);
        const size_t at = cnn__block_at(f, FB, F);
        const float *from = w + at * filter, *bias = b != NULL ? b + at : NULL;
        float *to = y + at * d->rows * d->columns;

        if (FB == 8)
            forward_filters(d, from, bias, x, to, K, 8);
        else if (FB == 6)
            forward_filters(d, from, bias, x, to, K, 6);
        else if (FB == 4)
            forward_filters(d, from, bias, x, to, K, 4);
        else
            one_filter(d, from, bias, x, to, K);
    }
}

static void forward(const cnn__direct *d, const float *w, const float *b,
                    const float *x, float *y)
{
    if (d->side == 3)
        forward_kernel(d, w, b, x, y, 3);
    else
        forward_kernel(d, w, b, x, y, 5);
}

/* ------------------------------------------------- weights, along the rows */

/* The samples that are summed over. */
typedef struct sums {
    const cnn__direct *d;
    size_t samples, x_sample, dy_sample;
} sums;

/* Gradients of V neighbouring weights in a kernel row of FB filters. The first
 * `done` filters are already computed. x, dy and dw point to their first
 * elements. */
INLINE void weights_block(const sums *s, const float *x, const float *dy,
                          float *dw, size_t K, size_t FB, size_t V, size_t done)
{
    const cnn__direct *d = s->d;
    const size_t filter = d->channels * K * K;
    vec sum[MOST_FILTERS][5];

    for (size_t f = 0; f < FB; f++)
        for (size_t v = 0; v < V; v++)
            sum[f][v] = all(0);
    for (size_t n = 0; n < s->samples; n++)
        for (size_t i = 0; i < d->rows; i++)
            for (size_t j = 0; j < d->columns; j += WIDTH) {
                const float *row = x + n * s->x_sample + i * d->x_row + j;
                const float *dys = dy + n * s->dy_sample + i * d->dy_row + j;
                vec at[5];

                for (size_t v = 0; v < V; v++)
                    at[v] = load(row + v);
                for (size_t f = 0; f < FB; f++) {
                    const vec slope = load(dys + f * d->dy_plane);

                    for (size_t v = 0; v < V; v++)
                        sum[f][v] += slope * at[v];
                }
            }
    for (size_t f = done; f < FB; f++)
        for (size_t v = 0; v < V; v++)
            dw[f * filter + v] += sum_of(sum[f][v]);
}

/* One row of the kernels. AVX2 lacks the registers for five weights at a time.
 */
INLINE void weights_row(const sums *s, const float *x, const float *dy,
                        float *dw, size_t K, size_t FB, size_t done)
{
    const size_t V = WIDTH == 16 || K == 3 ? K : 3;

    weights_block(s, x, dy, dw, K, FB, V, done);
    if (V < K)
        weights_block(s, x + V, dy, dw + V, K, FB, K - V, done);
}

INLINE void weights_kernel(const sums *s, const float *x, const float *dy,
                           float *dw, size_t K, size_t FB)
{
    const cnn__direct *d = s->d;

    for (size_t f = 0; f < d->filters; f += FB) {
        const size_t f0 = cnn__block_at(f, FB, d->filters);

        for (size_t c = 0; c < d->channels; c++)
            for (size_t u = 0; u < K; u++)
                weights_row(
                    s, channel(d, x, c) + u * d->x_row, dy + f0 * d->dy_plane,
                    dw + ((f0 * d->channels + c) * K + u) * K, K, FB, f - f0);
    }
}

/* U rows of the kernel of a single filter. */
INLINE void one_weights_block(const sums *s, const float *x, const float *dy,
                              float *dw, size_t K, size_t U)
{
    const cnn__direct *d = s->d;
    vec sum[5][5];

    for (size_t u = 0; u < U; u++)
        for (size_t v = 0; v < K; v++)
            sum[u][v] = all(0);
    for (size_t n = 0; n < s->samples; n++)
        for (size_t i = 0; i < d->rows; i++)
            for (size_t j = 0; j < d->columns; j += WIDTH) {
                const float *from = x + n * s->x_sample + i * d->x_row + j;
                const vec slope =
                    load(dy + n * s->dy_sample + i * d->dy_row + j);

                for (size_t u = 0; u < U; u++)
                    for (size_t v = 0; v < K; v++)
                        sum[u][v] += slope * load(from + u * d->x_row + v);
            }
    for (size_t u = 0; u < U; u++)
        for (size_t v = 0; v < K; v++)
            dw[u * K + v] += sum_of(sum[u][v]);
}

/* As many rows at a time as the registers allow. */
INLINE void one_weights(const sums *s, const float *x, const float *dy,
                        float *dw, size_t K)
{
    const size_t U = WIDTH == 16 || K == 3 ? K : 2;
    const size_t row = s->d->x_row;

    for (size_t u = 0; u + U <= K; u += U)
        one_weights_block(s, x + u * row, dy, dw + u * K, K, U);
    if (K % U > 0)
        one_weights_block(s, x + (K - 1) * row, dy, dw + (K - 1) * K, K, 1);
}

INLINE void weights_filters(const sums *s, const float *x, const float *dy,
                            float *dw, size_t K)
{
    if (s->d->filters % 6 == 0)
        weights_kernel(s, x, dy, dw, K, WIDTH == 16 ? 6 : 3);
    else if (s->d->filters >= 4)
        weights_kernel(s, x, dy, dw, K, 4);
    else
        for (size_t f = 0; f < s->d->filters; f++)
            for (size_t c = 0; c < s->d->channels; c++, dw += K * K)
                one_weights(s, channel(s->d, x, c), dy + f * s->d->dy_plane, dw,
                            K);
}

static void weights(const cnn__direct *d, size_t samples, const float *x,
                    size_t x_sample, const float *dy, size_t dy_sample,
                    float *dw)
{
    const sums s = {d, samples, x_sample, dy_sample};

    if (d->side == 3)
        weights_filters(&s, x, dy, dw, 3);
    else
        weights_filters(&s, x, dy, dw, 5);
}

extern cnn__lane_weights_fn CNN__OF_SET(cnn__lane_weights);

const cnn__direct_routines CNN__OF_SET(cnn__direct) = {
    enframe, forward, weights, CNN__OF_SET(cnn__lane_weights)};

#else

const cnn__direct_routines CNN__OF_SET(cnn__direct) = {0};

#endif
