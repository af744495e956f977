#include <math.h>
#include <string.h>

#include "base/options.h"
#include "base/threads.h"
#include "train/optim_impl.h"

/* ------------------------------------------------------------- rules --- */

enum { MOMENTUM, NESTEROV, SGD_DECAY };

static void sgd_update(const cnn_optim *o, const cnn__step *s)
{
    const float lr = o->lr, mu = o->settings[MOMENTUM];
    const float decay = o->settings[SGD_DECAY];
    const int nesterov = o->settings[NESTEROV] != 0.0f;
    float *restrict p = s->p, *restrict b = s->slot[0];
    const float *restrict g = s->g;

    if (mu == 0.0f) {
        for (size_t i = 0; i < s->n; i++)
            p[i] -= lr * (g[i] + decay * p[i]);
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        const float gi = g[i] + decay * p[i];
        b[i] = mu * b[i] + gi;
        p[i] -= lr * (nesterov ? gi + mu * b[i] : b[i]);
    }
}

enum { BETA1, BETA2, ADAM_EPS, ADAM_DECAY, DECOUPLED };

static void adam_update(const cnn_optim *o, const cnn__step *s)
{
    const float b1 = o->settings[BETA1], b2 = o->settings[BETA2];
    const float eps = o->settings[ADAM_EPS], decay = o->settings[ADAM_DECAY];
    const int decoupled = o->settings[DECOUPLED] != 0.0f;
    const double t = (double)s->t;
    const float step = (float)((double)o->lr / (1.0 - pow((double)b1, t)));
    const float root = (float)sqrt(1.0 - pow((double)b2, t));
    /* What the decay takes of p, and what it adds to g. */
    const float shrink = decoupled ? 1.0f - o->lr * decay : 1.0f;
    const float add = decoupled ? 0.0f : decay;
    float *restrict p = s->p, *restrict m = s->slot[0],
                    *restrict v = s->slot[1];
    const float *restrict g = s->g;

    for (size_t i = 0; i < s->n; i++) {
        const float gi = g[i] + add * p[i];
        m[i] = b1 * m[i] + (1.0f - b1) * gi;
        v[i] = b2 * v[i] + (1.0f - b2) * gi * gi;
        p[i] = p[i] * shrink - step * m[i] / (sqrtf(v[i]) / root + eps);
    }
}

enum { DECAY, RMS_EPS, RMS_MOMENTUM };

static void rmsprop_update(const cnn_optim *o, const cnn__step *s)
{
    const float lr = o->lr, d = o->settings[DECAY];
    const float eps = o->settings[RMS_EPS], mu = o->settings[RMS_MOMENTUM];
    float *restrict p = s->p, *restrict v = s->slot[0],
                    *restrict b = s->slot[1];
    const float *restrict g = s->g;

    for (size_t i = 0; i < s->n; i++) {
        v[i] = d * v[i] + (1.0f - d) * g[i] * g[i];
        b[i] = mu * b[i] + g[i] / (sqrtf(v[i]) + eps);
        p[i] -= lr * b[i];
    }
}

static const cnn__rule sgd = {
    "sgd", 1, {"momentum", "nesterov", "weight_decay"}, sgd_update};
static const cnn__rule adam = {
    "adam",
    2,
    {"beta1", "beta2", "eps", "weight_decay", "decoupled"},
    adam_update};
static const cnn__rule rmsprop = {
    "rmsprop", 2, {"decay", "eps", "momentum"}, rmsprop_update};

/* ------------------------------------------------------------ update --- */

#define CHUNK 16384

typedef struct job {
    const cnn_optim *optim;
    cnn__step all;
} job;

static void update_chunk(void *data, int64_t chunk, int32_t lane)
{
    const job *j = data;
    const size_t at = (size_t)chunk * CHUNK;
    cnn__step s = j->all;

    (void)lane;
    s.n = s.n - at < CHUNK ? s.n - at : CHUNK;
    s.p += at;
    s.g += at;
    for (int i = 0; i < CNN__MAX_SLOTS; i++)
        s.slot[i] += at;
    j->optim->rule->update(j->optim, &s);
}

void cnn__optim_update(const cnn_optim *optim, cnn_layer *layer)
{
    cnn__params *params = &layer->params;

    if (params->count == 0 || layer->frozen)
        return;
    if (params->rule != optim->rule) {
        for (int i = 0; i < optim->rule->slots; i++)
            memset(params->slot[i], 0, params->count * sizeof(float));
        params->rule = optim->rule;
        params->steps = 0;
    }
    job j = {optim,
             {.n = params->count,
              .p = params->value,
              .g = params->grad,
              .slot = {params->slot[0], params->slot[1]},
              .t = ++params->steps}};
    cnn__parallel(cnn__chunks((int64_t)params->count, CHUNK), layer->run.lanes,
                  update_chunk, &j);
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
        return NULL;
    optim = cnn__alloc(sizeof(*optim));
    if (optim != NULL)
        *optim = *like;
    return optim;
}

static float or_default(float setting, float value)
{
    return setting != 0.0f ? setting : value;
}

cnn_optim *cnn_sgd_create(float lr, const cnn_sgd_options *options)
{
    cnn_sgd_options o;

    if (cnn__options_read(&o, sizeof(o), options, "sgd") ||
        check_range(&sgd, "momentum", o.momentum, 0.0f, 1.0f) ||
        check_switch(&sgd, "nesterov", o.nesterov) ||
        check_range(&sgd, "weight_decay", o.weight_decay, 0.0f, INFINITY))
        return NULL;
    if (o.nesterov && o.momentum == 0.0f) {
        cnn__fail(CNN_EINVAL, "sgd: nesterov needs momentum above 0");
        return NULL;
    }
    return create(&(cnn_optim){
        &sgd, lr, {o.momentum, (float)o.nesterov, o.weight_decay}});
}

cnn_optim *cnn_adam_create(float lr, const cnn_adam_options *options)
{
    cnn_adam_options o;

    if (cnn__options_read(&o, sizeof(o), options, "adam"))
        return NULL;
    o.beta1 = or_default(o.beta1, 0.9f);
    o.beta2 = or_default(o.beta2, 0.999f);
    o.eps = or_default(o.eps, 1e-8f);
    if (check_range(&adam, "beta1", o.beta1, 0.0f, 1.0f) ||
        check_range(&adam, "beta2", o.beta2, 0.0f, 1.0f) ||
        check_range(&adam, "eps", o.eps, 0.0f, INFINITY) ||
        check_range(&adam, "weight_decay", o.weight_decay, 0.0f, INFINITY) ||
        check_switch(&adam, "decoupled", o.decoupled))
        return NULL;
    return create(&(cnn_optim){
        &adam,
        lr,
        {o.beta1, o.beta2, o.eps, o.weight_decay, (float)o.decoupled}});
}

cnn_optim *cnn_rmsprop_create(float lr, const cnn_rmsprop_options *options)
{
    cnn_rmsprop_options o;

    if (cnn__options_read(&o, sizeof(o), options, "rmsprop"))
        return NULL;
    o.decay = or_default(o.decay, 0.9f);
    o.eps = or_default(o.eps, 1e-8f);
    if (check_range(&rmsprop, "decay", o.decay, 0.0f, 1.0f) ||
        check_range(&rmsprop, "eps", o.eps, 0.0f, INFINITY) ||
        check_range(&rmsprop, "momentum", o.momentum, 0.0f, 1.0f))
        return NULL;
    return create(&(cnn_optim){&rmsprop, lr, {o.decay, o.eps, o.momentum}});
}

cnn_status cnn_optim_set_lr(cnn_optim *optim, float lr)
{
    if (optim == NULL)
        return cnn__fail(CNN_EINVAL, "optim_set_lr: optim is NULL");
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
