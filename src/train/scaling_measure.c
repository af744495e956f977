/* What a step takes on this machine (cnn/scaling.h). */
#include <math.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/size.h"
#include "cnn/parts.h"
#include "cnn/runtime.h"
#include "cnn/scaling.h"
#include "math/sum.h"
#include "train/ranks.h"

#define LEAST_ROUNDS 3

/* The least times that were seen. */
typedef struct least {
    double large, small, update, add;
} least;

typedef struct measurement {
    const cnn_net *net;
    cnn_net *copy;
    const cnn_optim *optim;
    cnn_batch large, small;
    float *sums; /* (params) */
} measurement;

static double since(double start, double before)
{
    return fmin(before, cnn__seconds() - start);
}

/* A step with the parameters of the net, so that none diverges whose training
 * would not. */
static cnn_status time_step(const measurement *m, const cnn_batch *b,
                            double *time)
{
    CNN__TRY(cnn_net_copy_params(m->copy, m->net));
    const double start = cnn__seconds();
    CNN__TRY(cnn_net_train_batch(m->copy, m->optim, b, NULL));
    *time = since(start, *time);
    return CNN_OK;
}

static cnn_status time_round(const measurement *m, least *t)
{
    CNN__TRY(time_step(m, &m->large, &t->large));
    CNN__TRY(time_step(m, &m->small, &t->small));
    double start = cnn__seconds();
    CNN__TRY(cnn_net_update(m->copy, m->optim));
    t->update = since(start, t->update);
    start = cnn__seconds();
    cnn__add(m->sums, cnn_net_const_grads(m->copy),
             cnn_net_param_count(m->copy));
    t->add = since(start, t->add);
    return CNN_OK;
}

static cnn_status time_all(const measurement *m, double seconds, least *t)
{
    const double end = cnn__seconds() + seconds;

    *t = (least){HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
    for (int i = 0; i < LEAST_ROUNDS || cnn__seconds() < end; i++)
        CNN__TRY(time_round(m, t));
    return CNN_OK;
}

static cnn_scaling_machine machine_of(const measurement *m, const least *t)
{
    const size_t params = cnn_net_param_count(m->copy);
    const double more = m->large.count - m->small.count;
    cnn_scaling_machine found = {
        .threads = cnn_num_threads(),
        .exchanges = 2,
        .params = (int64_t)params,
        .record = (int64_t)cnn__ranks_record(m->copy, 1),
        .update = t->update,
        .add = t->add / (double)params,
    };

    found.fixed = t->large - (t->large - t->small) / more * m->large.count;
    /* Noise, or caches that only the smaller batch fits. */
    found.fixed = fmin(fmax(found.fixed, t->update), t->small);
    found.per_sample = fmax((t->large - found.fixed) / m->large.count, 1e-12);
    return found;
}

static cnn_status read_options(const cnn_scaling_options *options,
                               const cnn_batch *batch, cnn_scaling_options *o)
{
    CNN__TRY(cnn__options_read(o, sizeof(*o), options, "scaling_measure"));
    if (o->small == 0)
        o->small = batch->count / 4 > 1 ? batch->count / 4 : 1;
    if (batch->count < 2 || o->small < 1 || o->small >= batch->count)
        return cnn__fail(CNN_EINVAL,
                         "scaling_measure: batches of %d and %d samples, "
                         "expected at least 2, and at least 1 but fewer",
                         batch->count, o->small);
    if (!(isfinite(o->seconds) && o->seconds >= 0.0))
        return cnn__fail(CNN_EINVAL,
                         "scaling_measure: seconds %g, expected a finite "
                         "number of at least 0",
                         o->seconds);
    if (o->seconds == 0.0)
        o->seconds = 1.0;
    return CNN_OK;
}

static cnn_status measure(measurement *m, double seconds, least *t)
{
    const size_t params = cnn_net_param_count(m->net);

    if (params == 0)
        return cnn__fail(CNN_EINVAL,
                         "scaling_measure: the net has no parameters");
    m->copy = cnn_net_copy(m->net, m->large.count);
    if (m->copy == NULL)
        return cnn_last_status();
    m->sums = cnn__alloc_zero(cnn__size_mul(params, sizeof(float)));
    if (m->sums == NULL)
        return cnn_last_status();
    return time_all(m, seconds, t);
}

cnn_status cnn_scaling_measure(const cnn_net *net, const cnn_optim *optim,
                               const cnn_batch *batch,
                               const cnn_scaling_options *options,
                               cnn_scaling_machine *out)
{
    measurement m = {.net = net, .optim = optim};
    cnn_scaling_options o;
    least t = {0};

    CNN__TRY(cnn__net_check_built(net));
    if (optim == NULL || batch == NULL || out == NULL)
        return cnn__fail(CNN_EINVAL, "scaling_measure: %s is NULL",
                         optim == NULL   ? "optim"
                         : batch == NULL ? "batch"
                                         : "out");
    CNN__TRY(cnn__options_read(&m.large, sizeof(m.large), batch, "batch"));
    CNN__TRY(read_options(options, &m.large, &o));
    CNN__TRY(cnn__result_check(out, sizeof(*out),
                               CNN__SIZE_UP_TO(cnn_scaling_machine, add),
                               "scaling_measure"));
    m.small = m.large;
    m.small.count = o.small;
    m.large.struct_size = m.small.struct_size = sizeof(cnn_batch);
    const cnn_status status = measure(&m, o.seconds, &t);
    const cnn_scaling_machine found =
        status == CNN_OK ? machine_of(&m, &t) : (cnn_scaling_machine){0};
    cnn_net_free(m.copy);
    cnn__free(m.sums);
    CNN__TRY(status);
    return cnn__result_write(out, &found, sizeof(found),
                             CNN__SIZE_UP_TO(cnn_scaling_machine, add),
                             "scaling_measure");
}
