/* Sums in a fixed order that suits vector registers. */
#ifndef CNN_MATH_SUM_H
#define CNN_MATH_SUM_H

#include <stddef.h>

#include "math/vectorize.h"

/* The sum of x[0 .. n). */
float cnn__sum(const float *x, size_t n);

/* The sum of x[i] y[i], in the same order. */
float cnn__dot(const float *x, const float *y, size_t n);

/* The Euclidean norm of x[0 .. n), in double. */
double cnn__norm(const float *x, size_t n);

/* to[i] = a[i] + b[i]; `to` may be a or b. */
static inline void cnn__sum_of(float *to, const float *a, const float *b,
                               size_t n)
{
    CNN__VECTORIZE
    for (size_t i = 0; i < n; i++)
        to[i] = a[i] + b[i];
}

/* to[i] += from[i]; the arrays do not overlap. Inline, so that short runs cost
 * no call. */
static inline void cnn__add(float *restrict to, const float *restrict from,
                            size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

#endif
