/* Compiled once for each instruction set (math/kernels.h), with products and
 * sums contracted, as those of a BLAS are. */
#include "math/thin.h"

#include "math/kernels.h"
#include "math/vec4.h"
#include "math/vector.h"

#define MOST_ROWS    4
#define MOST_VECTORS 2

/* R rows from i on, L vectors of columns from j on. */
INLINE void block(const cnn__thin *p, size_t i, size_t j, size_t R, size_t L)
{
    const float *a = p->a + i * p->lda, *b = p->b + j;
    vec sum[MOST_ROWS][MOST_VECTORS];

    for (size_t r = 0; r < R; r++)
        for (size_t l = 0; l < L; l++)
            sum[r][l] = (vec){0};
    for (size_t k = 0; k < p->k; k++, b += p->ldb) {
        vec row[MOST_VECTORS];

        for (size_t l = 0; l < L; l++)
            row[l] = load(b + l * WIDTH);
        for (size_t r = 0; r < R; r++)
            for (size_t l = 0; l < L; l++)
                sum[r][l] += a[r * p->lda + k] * row[l];
    }
    for (size_t r = 0; r < R; r++)
        for (size_t l = 0; l < L; l++)
            store(p->c + (i + r) * p->ldc + j + l * WIDTH, sum[r][l]);
}

INLINE void columns(const cnn__thin *p, size_t j, size_t L)
{
    const size_t R = p->m < MOST_ROWS ? 1 : MOST_ROWS;

    for (size_t i = 0; i < p->m; i += R)
        if (R == 1)
            block(p, i, j, 1, L);
        else
            block(p, cnn__block_at(i, MOST_ROWS, p->m), j, MOST_ROWS, L);
}

static void multiply(const cnn__thin *p)
{
    size_t j = 0;

    for (; j + 2 * WIDTH <= p->n; j += 2 * WIDTH)
        columns(p, j, 2);
    for (; j < p->n; j += WIDTH)
        columns(p, j, 1);
}

cnn__thin_fn *const CNN__OF_SET(cnn__thin) = multiply;
