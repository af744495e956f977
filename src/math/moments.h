/* Sums over the values of one channel, for normalising, and what is done with
 * them. All in double and in fixed order: with a sum of squares in one pass, or
 * with a mean in float, a large mean would cancel the variance. */
#ifndef CNN_MATH_MOMENTS_H
#define CNN_MATH_MOMENTS_H

#include <stddef.h>

/* N runs of `area` floats, `step` apart: a channel of N images. */
typedef struct cnn__runs {
    size_t N, area, step;
} cnn__runs;

/* How a gradient depends on x and dy: dx = dy_by (dy - dy_less) -
 * x_by (x - mean). */
typedef struct cnn__moment_slope {
    double mean, dy_by, dy_less, x_by;
} cnn__moment_slope;

/* Arrays are those of the channel in the first image. */
typedef struct cnn__moments {
    double (*sum)(const cnn__runs *r, const float *x);
    /* The sum of (x - mean)^2. */
    double (*squares)(const cnn__runs *r, const float *x, double mean);
    /* The sums of dy and of dy (x - mean). */
    void (*products)(const cnn__runs *r, const float *x, const float *dy,
                     double mean, double sums[2]);
    /* y = scale x + shift */
    void (*affine)(const cnn__runs *r, const float *x, float scale, float shift,
                   float *y);
    /* dx may be dy. */
    void (*slope)(const cnn__runs *r, const float *x, const float *dy,
                  const cnn__moment_slope *s, float *dx);
} cnn__moments;

#endif
