#include "train/loss.h"

#include <math.h>

#include "math/softmax.h"

/* -log softmax(y)_l = log sum exp(y) - y_l;  dy = softmax(y) - t */
static double cross_entropy(const float *y, size_t K, int32_t label,
                            float scale, float *dy)
{
    const float target = y[label]; /* before dy, which may be y, is written */
    const double loss = cnn__log_sum_exp(y, K) - (double)target;

    if (dy == NULL)
        return loss;
    cnn__softmax(y, dy, K);
    dy[label] -= 1.0f;
    for (size_t k = 0; k < K; k++)
        dy[k] *= scale;
    return loss;
}

/* sum of (y - t)^2 / K;  dy = 2 (y - t) / K */
static double squared_error(const float *y, size_t K, int32_t label,
                            float scale, float *dy)
{
    double loss = 0.0;

    for (size_t k = 0; k < K; k++) {
        const float e = y[k] - (k == (size_t)label ? 1.0f : 0.0f);
        loss += (double)e * (double)e;
        if (dy != NULL)
            dy[k] = scale * 2.0f * e / (float)K;
    }
    return loss / (double)K;
}

typedef double (*loss_fn)(const float *y, size_t K, int32_t label, float scale,
                          float *dy);

static const loss_fn losses[] = {
    [CNN_LOSS_SOFTMAX_CROSS_ENTROPY] = cross_entropy,
    [CNN_LOSS_MSE] = squared_error,
};

double cnn__loss(int32_t loss, const cnn__outcome *o, float scale, float *dy)
{
    double sum = 0.0;

    for (int32_t n = 0; n < o->N; n++) {
        const size_t at = (size_t)n * o->K;
        sum += losses[loss](o->y + at, o->K, o->labels[n], scale,
                            dy != NULL ? dy + at : NULL);
    }
    return sum;
}

int32_t cnn__argmax(const float *y, size_t K)
{
    size_t best = 0;

    for (size_t k = 0; k < K; k++) {
        if (isnan(y[k]))
            return -1;
        if (y[k] > y[best])
            best = k;
    }
    return (int32_t)best;
}

int64_t cnn__hits(const cnn__outcome *o)
{
    int64_t hits = 0;

    for (int32_t n = 0; n < o->N; n++)
        hits += cnn__argmax(o->y + (size_t)n * o->K, o->K) == o->labels[n];
    return hits;
}
