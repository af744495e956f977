/* Products of few rows, which no BLAS is asked for: it would pack the other
 * matrix, or call a function for each product, for longer than it computes. */
#ifndef CNN_MATH_THIN_H
#define CNN_MATH_THIN_H

#include <stddef.h>

/* More rows are worth a BLAS. */
#define CNN__THIN_ROWS 16
/* n is a multiple of it. */
#define CNN__THIN_COLUMNS 16

/* c (m, n) = a (m, k) b (k, n), row by row; ld: floats from row to row. */
typedef struct cnn__thin {
    size_t m, n, k;
    const float *a;
    size_t lda;
    const float *b;
    size_t ldb;
    float *c;
    size_t ldc;
} cnn__thin;

typedef void cnn__thin_fn(const cnn__thin *p);

#endif
