/* Softmax of one vector, and the logarithm of its denominator. */
#ifndef CNN_MATH_STABLE_SOFTMAX_H
#define CNN_MATH_STABLE_SOFTMAX_H

#include <stddef.h>

/* y[i] = exp(x[i]) / sum exp(x[j]); y may be x. Stable for any x: the largest
 * is subtracted first. */
void cnn__softmax(const float *x, float *y, size_t n);

/* log sum exp(x[j]), equally stable. */
double cnn__log_sum_exp(const float *x, size_t n);

#endif
