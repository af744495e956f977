#include "math/moments.h"

#include "math/simd.h"
#include "math/vectorize.h"

/* LANES running sums, added up at the end, whatever the registers. */
enum { LANES = 16 };

static double total(const double lane[LANES], double rest)
{
    double sum = rest;

    for (int k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

static double sum(const cnn__runs *r, const float *x)
{
    double lane[LANES] = {0.0}, rest = 0.0;

    for (size_t n = 0; n < r->N; n++, x += r->step) {
        size_t i = 0;

        for (; i + LANES <= r->area; i += LANES)
            for (size_t k = 0; k < LANES; k++)
                lane[k] += (double)x[i + k];
        for (; i < r->area; i++)
            rest += (double)x[i];
    }
    return total(lane, rest);
}

static double squares(const cnn__runs *r, const float *x, double mean)
{
    double lane[LANES] = {0.0}, rest = 0.0;

    for (size_t n = 0; n < r->N; n++, x += r->step) {
        size_t i = 0;

        for (; i + LANES <= r->area; i += LANES)
            for (size_t k = 0; k < LANES; k++) {
                const double d = (double)x[i + k] - mean;
                lane[k] += d * d;
            }
        for (; i < r->area; i++)
            rest += ((double)x[i] - mean) * ((double)x[i] - mean);
    }
    return total(lane, rest);
}

static void products(const cnn__runs *r, const float *x, const float *dy,
                     double mean, double sums[2])
{
    double lane[LANES] = {0.0}, with[LANES] = {0.0};
    double rest = 0.0, rest_with = 0.0;

    for (size_t n = 0; n < r->N; n++, x += r->step, dy += r->step) {
        size_t i = 0;

        for (; i + LANES <= r->area; i += LANES)
            for (size_t k = 0; k < LANES; k++) {
                lane[k] += (double)dy[i + k];
                with[k] += (double)dy[i + k] * ((double)x[i + k] - mean);
            }
        for (; i < r->area; i++) {
            rest += (double)dy[i];
            rest_with += (double)dy[i] * ((double)x[i] - mean);
        }
    }
    sums[0] = total(lane, rest);
    sums[1] = total(with, rest_with);
}

static void affine(const cnn__runs *r, const float *x, float scale, float shift,
                   float *y)
{
    for (size_t n = 0; n < r->N; n++, x += r->step, y += r->step) {
        CNN__VECTORIZE
        for (size_t i = 0; i < r->area; i++)
            y[i] = x[i] * scale + shift;
    }
}

static void slope(const cnn__runs *r, const float *x, const float *dy,
                  const cnn__moment_slope *s, float *dx)
{
    for (size_t n = 0; n < r->N;
         n++, x += r->step, dy += r->step, dx += r->step) {
        CNN__VECTORIZE
        for (size_t i = 0; i < r->area; i++)
            dx[i] = (float)(s->dy_by * ((double)dy[i] - s->dy_less) -
                            s->x_by * ((double)x[i] - s->mean));
    }
}

const cnn__moments CNN__OF_SET(cnn__moments) = {sum, squares, products, affine,
                                                slope};
