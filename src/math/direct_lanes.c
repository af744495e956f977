/* The gradient of the weights of direct convolutions, in vectors of filters: no
 * lane is empty. Compiled like direct.c. */
#include "math/direct.h"

#include <stdbool.h>

#include "math/simd.h"

#ifdef __FMA__

#include "math/vector.h"

/* U x V weights of a kernel, over one channel and `rows` rows, for L vectors of
 * filters. */
INLINE void lane_block(const cnn__direct *d, size_t rows, const float *x,
                       const float *dy, float *dw, size_t U, size_t V, size_t L)
{
    const size_t K = d->side, F = d->filters;
    vec sum[5][5][2];

    for (size_t u = 0; u < U; u++)
        for (size_t v = 0; v < V; v++)
            for (size_t l = 0; l < L; l++)
                sum[u][v][l] = all(0);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d->columns; j++, dy += F) {
            const float *at = x + i * d->x_row + j;
            vec slope[2];

            for (size_t l = 0; l < L; l++)
                slope[l] = load(dy + l * WIDTH);
            for (size_t u = 0; u < U; u++)
                for (size_t v = 0; v < V; v++)
                    for (size_t l = 0; l < L; l++)
                        sum[u][v][l] += slope[l] * all(at[u * d->x_row + v]);
        }
    for (size_t u = 0; u < U; u++)
        for (size_t v = 0; v < V; v++)
            for (size_t l = 0; l < L; l++) {
                float *to = dw + (u * K + v) * F + l * WIDTH;

                store(to, load(to) + sum[u][v][l]);
            }
}

/* The most terms added one by one; a longer sum would lose digits. */
#define LANE_TERMS 256

/* Computes a whole kernel at a time if its sums fit into the registers;
 * otherwise a row of it for two vectors. Both are enough sums to hide the
 * latency of each. */
INLINE void lane_rows(const cnn__direct *d, const float *x, const float *dy,
                      float *dw, size_t rows, size_t K)
{
    const bool whole = WIDTH == 16 || K == 3;
    const size_t U = whole ? K : 1, L = whole ? 1 : 2;

    for (size_t f = 0; f < d->filters; f += L * WIDTH)
        for (size_t c = 0; c < d->channels; c++)
            for (size_t u = 0; u < K; u += U)
                lane_block(d, rows, x + c * d->x_plane + u * d->x_row, dy + f,
                           dw + (c * K + u) * K * d->filters + f, U, K, L);
}

INLINE void lane_kernel(const cnn__direct *d, const float *x, const float *dy,
                        float *dw, size_t K)
{
    const size_t step = LANE_TERMS / d->columns + 1;

    for (size_t i = 0; i < d->rows; i += step)
        lane_rows(d, x + i * d->x_row, dy + i * d->columns * d->filters, dw,
                  d->rows - i < step ? d->rows - i : step, K);
}

extern cnn__lane_weights_fn CNN__OF_SET(cnn__lane_weights);

void CNN__OF_SET(cnn__lane_weights)(const cnn__direct *d, const float *x,
                                    const float *dy, float *dw)
{
    if (d->side == 3)
        lane_kernel(d, x, dy, dw, 3);
    else
        lane_kernel(d, x, dy, dw, 5);
}

#endif
