/* Losses that are the mean over the outputs of a sample, each with a target of
 * its own. */
#include <math.h>

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

/* -t log p - (1 - t) log(1 - p), p = 1 / (1 + exp(-y)), written so that nothing
 * overflows: max(y, 0) - y t + log(1 + exp(-|y|));  p - t */
static inline double binary(const cnn__criterion *c, float y, float t,
                            float *slope)
{
    const double small = exp(-fabs((double)y)); /* at most 1 */
    const double p = y >= 0.0f ? 1.0 / (1.0 + small) : small / (1.0 + small);

    (void)c;
    *slope = (float)(p - (double)t);
    return (y > 0.0f ? (double)y : 0.0) - (double)y * (double)t + log1p(small);
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

double cnn__binary_cross_entropy(const cnn__criterion *c,
                                 const cnn__scored_sample *s, float scale,
                                 float *dy)
{
    return mean_over(c, s, scale, dy, binary);
}
