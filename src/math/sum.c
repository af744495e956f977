#include "math/sum.h"

#include <math.h>

/* LANES running sums, added up at the end. A compiler may not reorder
 * additions, so the order for vector registers is written out. */
#define LANES 16

float cnn__sum(const float *x, size_t n)
{
    float lane[LANES] = {0};
    float sum = 0.0f;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += x[i + k];
    for (; i < n; i++)
        sum += x[i];
    for (size_t k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

float cnn__dot(const float *x, const float *y, size_t n)
{
    float lane[LANES] = {0};
    float sum = 0.0f;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += x[i + k] * y[i + k];
    for (; i < n; i++)
        sum += x[i] * y[i];
    for (size_t k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

double cnn__norm(const float *x, size_t n)
{
    double square = 0.0;

    for (size_t i = 0; i < n; i++)
        square += (double)x[i] * (double)x[i];
    return sqrt(square);
}
