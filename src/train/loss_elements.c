/* Losses that are the mean over the outputs of a sample, each with a target of
 * its own. */
#include <math.h>

#include "math/simd.h"
#include "train/loss.h"

/* The loss of one output, and its slope. */
typedef double element_fn(const cnn__criterion *c, float y, float t,
                          float *slope);

/* Inlined for each loss, so that no element is a call. */
static inline double mean_over(const cnn__criterion *c,
                               const cnn__scored_sample *s, float scale,
                               float *dy, element_fn *element)
{
    double sum = 0.0;

    for (size_t k = 0; k < s->K; k++) {
        float slope;

        sum += element(c, s->y[k], cnn__target(s, k), &slope);
        if (dy != NULL)
            dy[k] = scale * slope / (float)s->K;
    }
    return sum / (double)s->K;
}

/* (y - t)^2;  2 (y - t) */
static inline double square(const cnn__criterion *c, float y, float t,
                            float *slope)
{
    const float e = y - t;

    (void)c;
    *slope = 2.0f * e;
    return (double)e * (double)e;
}

/* |y - t|;  its sign, 0 where they are equal */
static inline double distance(const cnn__criterion *c, float y, float t,
                              float *slope)
{
    const float e = y - t;

    (void)c;
    *slope = e > 0.0f ? 1.0f : e < 0.0f ? -1.0f : 0.0f * e; /* NaN stays */
    return fabs((double)e);
}

/* e^2 / 2 up to d, d (|e| - d / 2) beyond, e = y - t (Huber, 1964);  e, held
 * between -d and d */
static inline double huber(const cnn__criterion *c, float y, float t,
                           float *slope)
{
    const float e = y - t, d = c->delta;

    *slope = e > d ? d : e < -d ? -d : e;
    return fabsf(e) > d ? (double)d * (fabs((double)e) - 0.5 * (double)d)
                        : 0.5 * (double)e * (double)e;
}

double cnn__squared_error(const cnn__criterion *c, const cnn__scored_sample *s,
                          float scale, float *dy)
{
    return mean_over(c, s, scale, dy, square);
}

double cnn__absolute_error(const cnn__criterion *c, const cnn__scored_sample *s,
                           float scale, float *dy)
{
    return mean_over(c, s, scale, dy, distance);
}

double cnn__huber(const cnn__criterion *c, const cnn__scored_sample *s,
                  float scale, float *dy)
{
    return mean_over(c, s, scale, dy, huber);
}

/* Outputs that are computed at a time, in vectors without a branch, and the
 * running sums of their losses, added up in fixed order. */
enum { BLOCK = 64, SUMS = 8 };

/* For each of n outputs max(y, 0), log(1 + exp(-|y|)), and p - t,
 * p = 1 / (1 + exp(-y)), also where p is so near to 1 that it would be rounded
 * to it. */
static void binary_block(size_t n, const float *y, const float *t, float *above,
                         float *tail, float *slope)
{
    const cnn__map *maps = cnn__simd_used()->maps;
    float less[BLOCK], rest[BLOCK]; /* -|y|, and 1 - p or p */

    for (size_t i = 0; i < n; i++)
        less[i] = -fabsf(y[i]);
    maps[CNN_SOFTPLUS].forward(0.0f, less, tail, n);
    maps[CNN_SIGMOID].forward(0.0f, less, rest, n);
    /* Of one condition compilers make no branch. */
    for (size_t i = 0; i < n; i++) {
        const float wrong = y[i] >= 0.0f ? 1.0f - t[i] : -t[i];

        above[i] = y[i] >= 0.0f ? y[i] : 0.0f;
        slope[i] = wrong + (y[i] >= 0.0f ? -rest[i] : rest[i]);
    }
}

/* above - y t + tail, in double, since the first two may cancel. */
static void add_block(size_t n, const float *y, const float *t,
                      const float *above, const float *tail, double *sums)
{
    size_t i = 0;

    for (; i + SUMS <= n; i += SUMS)
        for (size_t k = 0; k < SUMS; k++)
            sums[k] += (double)above[i + k] -
                       (double)y[i + k] * (double)t[i + k] +
                       (double)tail[i + k];
    for (; i < n; i++)
        sums[i % SUMS] +=
            (double)above[i] - (double)y[i] * (double)t[i] + (double)tail[i];
}

/* -t log p - (1 - t) log(1 - p), written so that nothing overflows: max(y, 0) -
 * y t + log(1 + exp(-|y|));  p - t */
double cnn__binary_cross_entropy(const cnn__criterion *c,
                                 const cnn__scored_sample *s, float scale,
                                 float *dy)
{
    float t[BLOCK], above[BLOCK], tail[BLOCK], slope[BLOCK];
    double sums[SUMS] = {0.0}, sum = 0.0;

    (void)c;
    for (size_t k = 0; k < s->K; k += BLOCK) {
        const size_t n = s->K - k < BLOCK ? s->K - k : BLOCK;

        for (size_t i = 0; i < n; i++)
            t[i] = cnn__target(s, k + i);
        binary_block(n, s->y + k, t, above, tail, slope);
        add_block(n, s->y + k, t, above, tail, sums);
        for (size_t i = 0; dy != NULL && i < n; i++)
            dy[k + i] = scale * slope[i] / (float)s->K;
    }
    for (size_t k = 0; k < SUMS; k++)
        sum += sums[k];
    return sum / (double)s->K;
}
