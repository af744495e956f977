/* Gradients against differences of the loss. */
#include <math.h>
#include <string.h>

#include "base/options.h"
#include "cnn/parts.h"
#include "math/gemm.h"
#include "train/step.h"

/* The net, what it is to learn, and how the slopes are found. */
typedef struct check {
    cnn_net *net;
    cnn_batch batch;
    cnn_gradcheck_options o;
    cnn_gradcheck_result worst;
} check;

static cnn_status read_options(check *c, const cnn_gradcheck_options *options)
{
    cnn_gradcheck_options *o = &c->o;

    CNN__TRY(cnn__options_read(o, sizeof(*o), options, "net_gradcheck"));
    o->step = cnn__or_default(o->step, 0x1p-8f);
    if (o->per_tensor == 0)
        o->per_tensor = 50;
    if (!(isfinite(o->step) && o->step > 0.0f))
        return cnn__fail(CNN_EINVAL,
                         "net_gradcheck: step %g, expected a finite number "
                         "above 0",
                         cnn__plain_zero(o->step));
    if (o->per_tensor < 1 || o->reserved != 0)
        return cnn__fail(CNN_EINVAL,
                         "net_gradcheck: per_tensor %d, reserved %d, expected "
                         "at least 1, and 0",
                         o->per_tensor, o->reserved);
    return CNN_OK;
}

/* The loss of a pass of training; with `back`, also the gradients. */
static double loss_of(const check *c, bool back)
{
    cnn_net *net = c->net;
    const cnn_batch *b = &c->batch;
    const cnn__criterion criterion = cnn__net_criterion(net);
    const cnn__outcome outcome = cnn__net_outcome(net, b);
    const double share = cnn__net_share(net, b);
    const int32_t end = cnn__scored_layers(net);

    cnn__pass_forward(&net->pass, end, CNN_TRAIN, b->count, b->x);
    const double sum =
        cnn__loss(&criterion, &outcome, 1.0f / (float)share,
                  back ? cnn__back_dy(&net->pass, end - 1) : NULL);
    if (back && isfinite(sum))
        cnn__pass_backward(&net->pass, end - 1, b->count, b->x, NULL);
    return sum / share;
}

/* (L(w + h) - L(w - h)) / 2h, with the steps that floats allow. */
static double slope_along(const check *c, float *w)
{
    const float at = *w;
    const volatile float up = at + c->o.step, down = at - c->o.step;

    *w = up;
    const double above = loss_of(c, false);
    *w = down;
    const double below = loss_of(c, false);
    *w = at;
    return (above - below) / ((double)up - (double)down);
}

static cnn_status check_tensor(check *c, int32_t index, int32_t t)
{
    const cnn_layer *layer = c->net->layers[index];
    float *w = cnn__tensor_data(layer, t);
    const float *grad = layer->params.grad + (w - layer->params.value);
    const int64_t size = (int64_t)cnn__tensor_size(&layer->tensors[t]);
    const int64_t count = c->o.per_tensor < size ? c->o.per_tensor : size;
    cnn_gradcheck_result r = {.layer = index, .tensor = t};
    double off = 0.0, claimed = 0.0, found = 0.0, furthest = -1.0;

    for (int64_t k = 0; k < count; k++) {
        const int64_t i = k * size / count;
        const double g = (double)grad[i], s = slope_along(c, &w[i]);

        if (!isfinite(g) || !isfinite(s))
            return cnn__fail(CNN_EDIVERGED,
                             "net_gradcheck: element %lld of %s of layer %d "
                             "(%s) has the gradient %g and the slope %g",
                             (long long)i, layer->tensors[t].name, index,
                             layer->ops->kind, g, s);
        off += (g - s) * (g - s);
        claimed += g * g;
        found += s * s;
        if (fabs(g - s) > furthest) {
            furthest = fabs(g - s);
            r.element = (int32_t)i;
            r.gradient = g;
            r.slope = s;
        }
    }
    const double length = sqrt(claimed > found ? claimed : found);
    r.error = length > 0.0 ? sqrt(off) / length : 0.0;
    r.checked = c->worst.checked + count;
    if (c->worst.layer >= 0 && r.error <= c->worst.error)
        c->worst.checked = r.checked;
    else
        c->worst = r;
    return CNN_OK;
}

static cnn_status check_all(check *c)
{
    const cnn_net *net = c->net;
    const double loss = loss_of(c, true);

    if (!isfinite(loss))
        return cnn__fail(CNN_EDIVERGED, "net_gradcheck: the loss is %g", loss);
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];

        for (int32_t t = 0;
             t < layer->tensor_count && layer->frozen == CNN_LEARNING; t++)
            if (!layer->tensors[t].fixed)
                CNN__TRY(check_tensor(c, i, t));
    }
    return CNN_OK;
}

/* Puts back what passes of training change. */
static cnn_status run(check *c)
{
    cnn_net *net = c->net;
    const size_t size = net->params.fixed_count * sizeof(float);
    float *fixed = size > 0 ? cnn__alloc(size) : NULL;

    if (size > 0 && fixed == NULL)
        return cnn_last_status();
    if (size > 0)
        memcpy(fixed, net->params.fixed, size);
    net->ran = 0;
    net->trained = 0;
    cnn__run_count(&net->pass.run, 1);
    cnn__gemm_enter();
    const cnn_status status = check_all(c);
    cnn__gemm_leave();
    cnn__run_count(&net->pass.run, -1);
    if (size > 0)
        memcpy(net->params.fixed, fixed, size);
    cnn__free(fixed);
    return status;
}

cnn_status cnn_net_gradcheck(cnn_net *net, const cnn_batch *batch,
                             const cnn_gradcheck_options *options,
                             cnn_gradcheck_result *result)
{
    check c = {.net = net, .worst = {.layer = -1}};

    CNN__TRY(cnn__net_check_built(net));
    if (batch == NULL || result == NULL)
        return cnn__fail(CNN_EINVAL, "net_gradcheck: %s is NULL",
                         batch == NULL ? "batch" : "result");
    CNN__TRY(cnn__options_read(&c.batch, sizeof(c.batch), batch, "batch"));
    CNN__TRY(read_options(&c, options));
    CNN__TRY(cnn__check_batch_of(net, &c.batch));
    CNN__TRY(cnn_net_zero_grad(net));
    CNN__TRY(run(&c));
    return cnn__result_write(result, &c.worst, sizeof(c.worst),
                             CNN__SIZE_UP_TO(cnn_gradcheck_result, slope),
                             "net_gradcheck");
}
