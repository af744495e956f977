#include "support/gradcheck.h"

#include <math.h>

#include "support/draw.h"

static void fill_eighths(float *x, size_t n, uint64_t seed)
{
    cnn__random random;

    draw_start(&random, seed);
    for (size_t i = 0; i < n; i++) {
        const float size = (float)draw_between(&random, 2, 8) / 8.0f;
        x[i] = draw_between(&random, 0, 1) == 0 ? size : -size;
    }
}

void gradcheck_fill(rig *r, uint64_t seed)
{
    fill_eighths(r->x, r->X, 3 * seed);
    fill_eighths(r->dy, r->Y, 3 * seed + 1);
    fill_eighths(cnn_layer_params(r->layer), r->P, 3 * seed + 2);
}

/* Runs the layer on x as it stands. */
static double loss_of(rig *r)
{
    double loss = 0.0;

    rig_forward(r);
    for (size_t i = 0; i < r->Y; i++)
        loss += (double)r->y[i] * (double)r->dy[i];
    return loss;
}

/* The slope of the loss along one float of the rig. */
static double slope_along(rig *r, float *at)
{
    const float before = *at;
    /* The steps as rounding leaves them. */
    const float high = before + GRADCHECK_STEP, low = before - GRADCHECK_STEP;

    *at = high;
    const double above = loss_of(r);
    *at = low;
    const double below = loss_of(r);
    *at = before;
    return (above - below) / ((double)high - (double)low);
}

/* |claim - slope| / |slope| over n floats. */
static double error_of(rig *r, float *along, const float *claim, size_t n)
{
    double off = 0.0, norm = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double slope = slope_along(r, &along[i]);
        const double difference = (double)claim[i] - slope;
        off += difference * difference;
        norm += slope * slope;
    }
    if (norm == 0.0)
        return off == 0.0 ? 0.0 : HUGE_VAL;
    return sqrt(off / norm);
}

gradient_errors gradcheck_claim(rig *r, const gradients *claim)
{
    const size_t weights = r->P - claim->biases;
    float *params = cnn_layer_params(r->layer);
    gradient_errors e = {.dx = error_of(r, r->x, claim->dx, r->X)};

    if (weights > 0)
        e.dw = error_of(r, params, claim->dp, weights);
    if (claim->biases > 0)
        e.db =
            error_of(r, params + weights, claim->dp + weights, claim->biases);
    return e;
}

void gradcheck(rig *r, size_t biases, const char *what)
{
    rig_forward(r);
    rig_backward(r);
    const gradients claim = {r->dx, cnn_layer_grads(r->layer), biases};
    const gradient_errors e = gradcheck_claim(r, &claim);

    /* Written so that NaN fails. */
    if (!(e.dx <= GRADCHECK_TOLERANCE && e.dw <= GRADCHECK_TOLERANCE &&
          e.db <= GRADCHECK_TOLERANCE))
        fail_msg("%s: gradient errors dx %g, dW %g, db %g, allowed %g", what,
                 e.dx, e.dw, e.db, GRADCHECK_TOLERANCE);
}
