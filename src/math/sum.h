/* Sums, in an order that is fixed and that vector registers can follow. */
#ifndef CNN_MATH_SUM_H
#define CNN_MATH_SUM_H

#include <stddef.h>

/* The sum of x[0 .. n). */
float cnn__sum(const float *x, size_t n);

#endif
