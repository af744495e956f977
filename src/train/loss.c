#include "train/loss.h"

#include <math.h>

#include "math/stable_softmax.h"

/* -log softmax(y)_l = log sum exp(y) - y_l;  dy = softmax(y) - t */
static double cross_entropy(const float *y, size_t K, int32_t label,
                            float scale, float *dy)
{
    const float target = y[label]; /* read first: dy may be y */
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

/* The j of LeCun et al. (1998), "a positive constant": the distance of a sample
 * that belongs to no class. It keeps training from lowering the loss by moving
 * all codes apart. */
#define LENET_J 0.1

/* y_l + log(exp(-j) + sum of exp(-y_k));  dy_k = t_k - exp(-y_k) / (...). The
 * largest exponent is subtracted first. */
static double lenet_map(const float *y, size_t K, int32_t label, float scale,
                        float *dy)
{
    const double target = (double)y[label];
    double top = -LENET_J, sum;

    for (size_t k = 0; k < K; k++)
        if (-(double)y[k] > top || isnan(y[k]))
            top = -(double)y[k];
    sum = exp(-LENET_J - top);
    for (size_t k = 0; k < K; k++)
        sum += exp(-(double)y[k] - top);
    for (size_t k = 0; k < K && dy != NULL; k++) {
        const double t = k == (size_t)label ? 1.0 : 0.0;
        dy[k] = (float)((double)scale * (t - exp(-(double)y[k] - top) / sum));
    }
    return target + top + log(sum);
}

typedef struct loss_kind {
    double (*of)(const float *y, size_t K, int32_t label, float scale,
                 float *dy);
    float sign; /* +1: the largest output is the class; -1: the smallest */
} loss_kind;

static const loss_kind losses[] = {
    [CNN_LOSS_SOFTMAX_CROSS_ENTROPY] = {cross_entropy, 1.0f},
    [CNN_LOSS_MSE] = {squared_error, 1.0f},
    [CNN_LOSS_LENET_MAP] = {lenet_map, -1.0f},
};

double cnn__loss(int32_t loss, const cnn__outcome *o, float scale, float *dy)
{
    double sum = 0.0;

    for (int32_t n = 0; n < o->N; n++) {
        const size_t at = (size_t)n * o->K;
        sum += losses[loss].of(o->y + at, o->K, o->labels[n], scale,
                               dy != NULL ? dy + at : NULL);
    }
    return sum;
}

int32_t cnn__guess(int32_t loss, const float *y, size_t K)
{
    const float sign = losses[loss].sign;
    size_t best = 0;

    for (size_t k = 0; k < K; k++) {
        if (isnan(y[k]))
            return -1;
        if (sign * y[k] > sign * y[best])
            best = k;
    }
    return (int32_t)best;
}

int64_t cnn__hits(int32_t loss, const cnn__outcome *o)
{
    int64_t hits = 0;

    for (int32_t n = 0; n < o->N; n++)
        hits += cnn__guess(loss, o->y + (size_t)n * o->K, o->K) == o->labels[n];
    return hits;
}
