/* Compiled once for each instruction set (math/simd.h), with contraction, as in
 * a BLAS. */
#include "math/small.h"

#include "math/simd.h"
#include "math/vector.h"

/* The most sums in a block of R rows and L vectors: they fit the registers
 * beside the operands, and are enough to hide the latency of each. */
#define MOST_SUMS    (WIDTH == 16 ? 16 : 8)
#define MOST_ROWS    8
#define MOST_VECTORS (WIDTH == 16 ? 4 : 2)

INLINE void block(const cnn__small *p, size_t i, size_t j, size_t R, size_t L)
{
    const float *a = p->a + i * p->a_row, *b = p->b + j;
    vec sum[MOST_ROWS][MOST_VECTORS];

    for (size_t r = 0; r < R; r++)
        for (size_t l = 0; l < L; l++)
            sum[r][l] = (vec){0};
    for (size_t k = 0; k < p->k; k++, a += p->a_column, b += p->b_row) {
        vec row[MOST_VECTORS];

        for (size_t l = 0; l < L; l++)
            row[l] = load(b + l * WIDTH);
        for (size_t r = 0; r < R; r++)
            for (size_t l = 0; l < L; l++)
                sum[r][l] += a[r * p->a_row] * row[l];
    }
    for (size_t r = 0; r < R; r++)
        for (size_t l = 0; l < L; l++) {
            float *c = p->c + (i + r) * p->c_row + j + l * WIDTH;

            store(c, p->add ? load(c) + sum[r][l] : sum[r][l]);
        }
}

/* All rows of L vectors of columns. */
INLINE void columns(const cnn__small *p, size_t j, size_t L)
{
    const size_t R = MOST_SUMS / L < MOST_ROWS ? MOST_SUMS / L : MOST_ROWS;
    size_t i = 0;

    for (; i + R <= p->m; i += R)
        block(p, i, j, R, L);
    for (; i < p->m; i++)
        block(p, i, j, 1, L);
}

static void multiply(const cnn__small *p)
{
    size_t j = 0;

    for (; j + MOST_VECTORS * WIDTH <= p->n; j += MOST_VECTORS * WIDTH)
        columns(p, j, MOST_VECTORS);
    for (; j < p->n; j += WIDTH)
        columns(p, j, 1);
}

cnn__small_fn *const CNN__OF_SET(cnn__small) = multiply;
