#include "train/loss.h"

#include <math.h>
#include <stdbool.h>

typedef struct loss_kind {
    cnn__loss_fn *of;
    float sign; /* +1: the largest output is the class; -1: the smallest */
} loss_kind;

static const loss_kind losses[] = {
    [CNN_LOSS_SOFTMAX_CROSS_ENTROPY] = {cnn__cross_entropy, 1.0f},
    [CNN_LOSS_MSE] = {cnn__squared_error, 1.0f},
    [CNN_LOSS_LENET_MAP] = {cnn__lenet_map, -1.0f},
    [CNN_LOSS_MAE] = {cnn__absolute_error, 1.0f},
    [CNN_LOSS_HUBER] = {cnn__huber, 1.0f},
    [CNN_LOSS_BINARY_CROSS_ENTROPY] = {cnn__binary_cross_entropy, 1.0f},
    [CNN_LOSS_CUSTOM] = {cnn__custom_loss, 1.0f},
};

/* The one of the program. */
double cnn__custom_loss(const cnn__criterion *c, const cnn__scored_sample *s,
                        float scale, float *dy)
{
    const cnn_loss_sample sample = {.struct_size = sizeof(sample),
                                    .label = s->label,
                                    .count = s->K,
                                    .y = s->y,
                                    .targets = s->targets};
    const double loss = c->own(c->user, &sample, dy);

    for (size_t k = 0; k < s->K && dy != NULL; k++)
        dy[k] *= scale;
    return loss;
}

double cnn__loss(const cnn__criterion *c, const cnn__outcome *o, float scale,
                 float *dy)
{
    double sum = 0.0;

    for (int32_t n = 0; n < o->N; n++) {
        const size_t at = (size_t)n * o->K;
        const float weight = o->weights != NULL ? o->weights[n] : 1.0f;
        const cnn__scored_sample s = {
            .y = o->y + at,
            .targets = o->targets != NULL ? o->targets + at : NULL,
            .label = o->labels != NULL ? o->labels[n] : -1,
            .K = o->K,
        };

        sum += (double)weight * losses[c->loss].of(c, &s, scale * weight,
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

size_t cnn__rank(int32_t loss, const float *y, size_t K, int32_t class)
{
    const float sign = losses[loss].sign, own = sign * y[class];
    size_t before = 0;

    for (size_t k = 0; k < K; k++)
        before += sign * y[k] > own || (y[k] == y[class] && k < (size_t) class);
    return before;
}

/* Is every output on the side of 0 that its target asks for? */
static bool all_on_side(const float *y, const float *targets, size_t K)
{
    for (size_t k = 0; k < K; k++)
        if (isnan(y[k]) || (y[k] > 0.0f) != (targets[k] > 0.5f))
            return false;
    return true;
}

static bool is_hit(const cnn__criterion *c, const cnn__outcome *o, int32_t n)
{
    const float *y = o->y + (size_t)n * o->K;

    if (o->labels != NULL)
        return cnn__guess(c->loss, y, o->K) == o->labels[n];
    const float *targets = o->targets + (size_t)n * o->K;
    if (c->loss == CNN_LOSS_BINARY_CROSS_ENTROPY)
        return all_on_side(y, targets, o->K);
    return c->loss == CNN_LOSS_SOFTMAX_CROSS_ENTROPY &&
           cnn__guess(c->loss, y, o->K) == cnn__guess(c->loss, targets, o->K);
}

int64_t cnn__hits(const cnn__criterion *c, const cnn__outcome *o)
{
    int64_t hits = 0;

    for (int32_t n = 0; n < o->N; n++)
        hits += is_hit(c, o, n);
    return hits;
}
