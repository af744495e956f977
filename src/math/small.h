/* Products of small matrices that are in the cache. A BLAS would pack them
 * first, which takes as long as such a product. */
#ifndef CNN_MATH_SMALL_H
#define CNN_MATH_SMALL_H

#include <stdbool.h>
#include <stddef.h>

/* n is a multiple of this. */
#define CNN__SMALL_COLUMNS 16

/* c (m, n) = a (m, k) b (k, n), or c += a b. Element (i, l) of a is at i *
 * a_row + l * a_column, so a may be transposed; b and c are row-major. */
typedef struct cnn__small {
    size_t m, n, k;
    const float *a;
    size_t a_row, a_column;
    const float *b;
    size_t b_row;
    float *c;
    size_t c_row;
    bool add;
} cnn__small;

typedef void cnn__small_fn(const cnn__small *p);

#endif
