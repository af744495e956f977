/* Losses over the outputs of a sample together, which compete for its class. */
#include <math.h>

#include "math/stable_softmax.h"
#include "train/loss.h"

/* With one target, 1 at a label: -log softmax(y)_l = log sum exp(y) - y_l;
 * dy = softmax(y) - t */
static double of_label(const cnn__scored_sample *s, float scale, float *dy)
{
    const float at = s->y[s->label]; /* before dy, which may be y, is written */
    const double loss = cnn__log_sum_exp(s->y, s->K) - (double)at;

    if (dy == NULL)
        return loss;
    cnn__softmax(s->y, dy, s->K);
    dy[s->label] -= 1.0f;
    for (size_t k = 0; k < s->K; k++)
        dy[k] *= scale;
    return loss;
}

/* -sum of t log softmax(y), t = (1 - e) targets + e / K for a smoothing of e
 * (Szegedy et al., 2016);  dy = softmax(y) sum of t - t */
double cnn__cross_entropy(const cnn__criterion *c, const cnn__scored_sample *s,
                          float scale, float *dy)
{
    const double e = (double)c->smoothing, even = e / (double)s->K;
    double sum = 0.0, along = 0.0;

    if (s->targets == NULL && e == 0.0)
        return of_label(s, scale, dy);
    for (size_t k = 0; k < s->K; k++) {
        const double t = (1.0 - e) * (double)cnn__target(s, k) + even;
        sum += t;
        /* What no target asks for may be at minus infinity. */
        along += t != 0.0 ? t * (double)s->y[k] : 0.0;
    }
    const double loss = sum * cnn__log_sum_exp(s->y, s->K) - along;
    if (dy == NULL)
        return loss;
    cnn__softmax(s->y, dy, s->K);
    for (size_t k = 0; k < s->K; k++) {
        const double t = (1.0 - e) * (double)cnn__target(s, k) + even;
        dy[k] = (float)((double)scale * (sum * (double)dy[k] - t));
    }
    return loss;
}

/* How far a sample that is like no class is from each: the j of the paper,
 * which calls it a positive constant. It keeps the loss from being made small
 * by moving all codes apart. */
#define LENET_J 0.1

/* y_l + log(exp(-j) + sum of exp(-y_k));  dy_k = t_k - exp(-y_k) / (...). The
 * largest exponent is taken off first. */
double cnn__lenet_map(const cnn__criterion *c, const cnn__scored_sample *s,
                      float scale, float *dy)
{
    const float *y = s->y;
    const double target = (double)y[s->label];
    double top = -LENET_J, sum;

    (void)c;
    for (size_t k = 0; k < s->K; k++)
        if (-(double)y[k] > top || isnan(y[k]))
            top = -(double)y[k];
    sum = exp(-LENET_J - top);
    for (size_t k = 0; k < s->K; k++)
        sum += exp(-(double)y[k] - top);
    for (size_t k = 0; k < s->K && dy != NULL; k++) {
        const double t = k == (size_t)s->label ? 1.0 : 0.0;
        dy[k] = (float)((double)scale * (t - exp(-(double)y[k] - top) / sum));
    }
    return target + top + log(sum);
}
