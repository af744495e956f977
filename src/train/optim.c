#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/options.h"
#include "base/threads.h"
#include "math/simd.h"
#include "train/optim_impl.h"

/* ------------------------------------------------------------- rules --- */

enum { MOMENTUM, NESTEROV, SGD_DECAY };

static void prepare_sgd(const cnn_optim *o, int64_t t, cnn__update *u)
{
    (void)t;
    u->mu = o->settings[MOMENTUM];
    u->nesterov = o->settings[NESTEROV] != 0.0f;
    u->add = o->settings[SGD_DECAY];
}

enum { BETA1, BETA2, ADAM_EPS, ADAM_DECAY, DECOUPLED };

static void prepare_adam(const cnn_optim *o, int64_t t, cnn__update *u)
{
    const double b1 = (double)o->settings[BETA1];
    const double b2 = (double)o->settings[BETA2];
    const float decay = o->settings[ADAM_DECAY];
    const bool decoupled = o->settings[DECOUPLED] != 0.0f;

    u->mu = o->settings[BETA1];
    u->nu = o->settings[BETA2];
    u->root = (float)sqrt(1.0 - pow(b2, (double)t));
    u->eps = o->settings[ADAM_EPS];
    u->shrink = decoupled ? 1.0f - u->lr * decay : 1.0f;
    u->add = decoupled ? 0.0f : decay;
    u->lr = (float)((double)u->lr / (1.0 - pow(b1, (double)t)));
}

enum { DECAY, RMS_EPS, RMS_MOMENTUM };

static void prepare_rmsprop(const cnn_optim *o, int64_t t, cnn__update *u)
{
    (void)t;
    u->nu = o->settings[DECAY];
    u->eps = o->settings[RMS_EPS];
    u->mu = o->settings[RMS_MOMENTUM];
}

static const cnn__rule sgd = {
    .name = "sgd",
    .update = CNN__SGD,
    .slots = 1,
    .names = {"momentum", "nesterov", "weight_decay"},
    .prepare = prepare_sgd,
};
static const cnn__rule adam = {
    .name = "adam",
    .update = CNN__ADAM,
    .slots = 2,
    .names = {"beta1", "beta2", "eps", "weight_decay", "decoupled"},
    .prepare = prepare_adam,
};
/* The slots are in this order in files: the squares come first. */
static const cnn__rule rmsprop = {
    .name = "rmsprop",
    .update = CNN__RMSPROP,
    .slots = 2,
    .momentum = 1,
    .names = {"decay", "eps", "momentum"},
    .prepare = prepare_rmsprop,
};

/* ------------------------------------------------------------ update --- */

typedef struct job {
    const cnn__params *params;
    cnn__update_fn *update;
    cnn__update all;
    atomic_bool bad; /* a parameter or a mean of squares is not finite */
} job;

static void update_chunk(void *data, int64_t chunk, int32_t worker)
{
    job *j = data;
    const size_t at = (size_t)chunk * CNN__PARAMS_CHUNK;
    cnn__update u = j->all;

    (void)worker;
    u.n = cnn__params_chunk(j->params, chunk);
    u.p += at;
    u.g += at;
    u.b += at;
    u.v += at;
    if (!j->update(&u))
        atomic_store(&j->bad, true);
}

static cnn_status check(const cnn_layer *layer, const char *what,
                        const float *x)
{
    for (size_t i = 0; i < layer->params.count; i++)
        if (!isfinite(x[i]))
            return cnn__fail(CNN_EDIVERGED,
                             "the update made %s %zu of layer %d (%s) %g", what,
                             i, layer->index, layer->ops->kind, (double)x[i]);
    return CNN_OK;
}

/* Reports which. An infinite mean of squares would stop its parameter for ever.
 */
static cnn_status fail_update(const cnn_layer *layer, const float *squares)
{
    CNN__TRY(check(layer, "parameter", layer->params.value));
    return check(layer, "the squares of parameter", squares);
}

cnn_status cnn__optim_update(const cnn_optim *optim, cnn_layer *layer)
{
    const cnn__rule *rule = optim->rule;
    cnn__params *params = &layer->params;
    float **slot = params->slot;

    if (params->count == 0 || layer->frozen != CNN_LEARNING)
        return CNN_OK;
    if (params->rule != rule) {
        for (int i = 0; i < rule->slots; i++)
            memset(slot[i], 0, params->count * sizeof(float));
        params->rule = rule;
        params->steps = 0;
    }
    job j = {
        .params = params,
        .update = cnn__simd_used()->updates[rule->update],
        .all = {.p = params->value,
                .g = params->grad,
                .b = slot[rule->momentum],
                .v = slot[1 - rule->momentum],
                .lr = optim->lr * layer->lr_factor},
    };
    params->steps += params->steps < CNN__MOST_COUNT;
    rule->prepare(optim, params->steps, &j.all);
    cnn__parallel(cnn__params_chunks(params), layer->run.workers, update_chunk,
                  &j);
    return atomic_load(&j.bad) ? fail_update(layer, j.all.v) : CNN_OK;
}

/* ------------------------------------------------ factors of layers --- */

cnn_status cnn_layer_set_lr_factor(cnn_layer *layer, float factor)
{
    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, "layer_set_lr_factor");
    if (!(isfinite(factor) && factor >= 0.0f))
        return cnn__fail(CNN_EINVAL,
                         "layer_set_lr_factor: %g, expected a finite number of "
                         "at least 0",
                         (double)factor);
    layer->lr_factor = factor == 0.0f ? 0.0f : factor; /* no sign of zero */
    return CNN_OK;
}

float cnn_layer_lr_factor(const cnn_layer *layer)
{
    return layer != NULL ? layer->lr_factor : 1.0f;
}

/* ------------------------------------------------------------ create --- */

static cnn_status check_range(const cnn__rule *rule, const char *name,
                              float value, float least, float bound)
{
    if (!(value >= least && value < bound))
        return cnn__fail(CNN_EINVAL, "%s: %s %g, expected %g to below %g",
                         rule->name, name, (double)value, (double)least,
                         (double)bound);
    return CNN_OK;
}

static cnn_status check_switch(const cnn__rule *rule, const char *name,
                               int32_t value)
{
    if (value != 0 && value != 1)
        return cnn__fail(CNN_EINVAL, "%s: %s %d, expected 0 or 1", rule->name,
                         name, value);
    return CNN_OK;
}

static cnn_status check_lr(float lr)
{
    if (!(isfinite(lr) && lr >= 0.0f))
        return cnn__fail(CNN_EINVAL,
                         "learning rate %g, expected a finite number of at "
                         "least 0",
                         (double)lr);
    return CNN_OK;
}

static cnn_optim *create(const cnn_optim *like)
{
    cnn_optim *optim;

    if (check_lr(like->lr) != CNN_OK)
        return cnn__lost(CNN__OPTIM);
    optim = cnn__alloc(sizeof(*optim));
    if (optim != NULL)
        *optim = *like;
    return optim != NULL ? optim : cnn__lost(CNN__OPTIM);
}

cnn_optim *cnn_sgd_create(float lr, const cnn_sgd_options *options)
{
    cnn_sgd_options o;

    if (cnn__options_read(&o, sizeof(o), options, "sgd") ||
        check_range(&sgd, "momentum", o.momentum, 0.0f, 1.0f) ||
        check_switch(&sgd, "nesterov", o.nesterov) ||
        check_range(&sgd, "weight_decay", o.weight_decay, 0.0f, INFINITY))
        return cnn__lost(CNN__OPTIM);
    if (o.nesterov && o.momentum == 0.0f) {
        cnn__fail(CNN_EINVAL, "sgd: nesterov needs momentum above 0");
        return cnn__lost(CNN__OPTIM);
    }
    return create(&(cnn_optim){
        &sgd, lr, {o.momentum, (float)o.nesterov, o.weight_decay}});
}

cnn_optim *cnn_adam_create(float lr, const cnn_adam_options *options)
{
    cnn_adam_options o;

    if (cnn__options_read(&o, sizeof(o), options, "adam"))
        return cnn__lost(CNN__OPTIM);
    o.beta1 = cnn__or_default(o.beta1, 0.9f);
    o.beta2 = cnn__or_default(o.beta2, 0.999f);
    o.eps = cnn__or_default(o.eps, 1e-8f);
    if (check_range(&adam, "beta1", o.beta1, 0.0f, 1.0f) ||
        check_range(&adam, "beta2", o.beta2, 0.0f, 1.0f) ||
        check_range(&adam, "eps", o.eps, 0.0f, INFINITY) ||
        check_range(&adam, "weight_decay", o.weight_decay, 0.0f, INFINITY) ||
        check_switch(&adam, "decoupled", o.decoupled))
        return cnn__lost(CNN__OPTIM);
    return create(&(cnn_optim){
        &adam,
        lr,
        {o.beta1, o.beta2, o.eps, o.weight_decay, (float)o.decoupled}});
}

cnn_optim *cnn_rmsprop_create(float lr, const cnn_rmsprop_options *options)
{
    cnn_rmsprop_options o;

    if (cnn__options_read(&o, sizeof(o), options, "rmsprop"))
        return cnn__lost(CNN__OPTIM);
    o.decay = cnn__or_default(o.decay, 0.9f);
    o.eps = cnn__or_default(o.eps, 1e-8f);
    if (check_range(&rmsprop, "decay", o.decay, 0.0f, 1.0f) ||
        check_range(&rmsprop, "eps", o.eps, 0.0f, INFINITY) ||
        check_range(&rmsprop, "momentum", o.momentum, 0.0f, 1.0f))
        return cnn__lost(CNN__OPTIM);
    return create(&(cnn_optim){&rmsprop, lr, {o.decay, o.eps, o.momentum}});
}

cnn_status cnn_optim_set_lr(cnn_optim *optim, float lr)
{
    if (optim == NULL)
        return cnn__fail_null(CNN__OPTIM, "optim_set_lr");
    CNN__TRY(check_lr(lr));
    optim->lr = lr;
    return CNN_OK;
}

float cnn_optim_lr(const cnn_optim *optim)
{
    return optim != NULL ? optim->lr : 0.0f;
}

void cnn_optim_free(cnn_optim *optim)
{
    cnn__free(optim);
}
