#include "math/stable_softmax.h"

#include <math.h>

#include "math/exp.h"

/* The largest; NaN if there is one, so that the result is NaN. */
static float largest(const float *x, size_t n)
{
    float top = x[0];

    for (size_t i = 1; i < n; i++)
        if (x[i] > top || isnan(x[i]))
            top = x[i];
    return top;
}

void cnn__softmax(const float *x, float *y, size_t n)
{
    const float top = largest(x, n);
    double sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        y[i] = cnn__exp(x[i] - top);
        sum += (double)y[i];
    }
    for (size_t i = 0; i < n; i++)
        y[i] = (float)((double)y[i] / sum);
}

double cnn__log_sum_exp(const float *x, size_t n)
{
    const float top = largest(x, n);
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i] - (double)top);
    return (double)top + log(sum);
}
