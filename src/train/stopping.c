#include "train/stopping.h"

#include <math.h>

#include "base/options.h"
#include "train/trainer_impl.h"

static cnn_status check(const cnn_stopping_options *o)
{
    if (o->watch < CNN_WATCH_LOSS || o->watch > CNN_WATCH_ACCURACY)
        return cnn__fail(CNN_EINVAL, "stopping: watch %d, expected %d to %d",
                         o->watch, CNN_WATCH_LOSS, CNN_WATCH_ACCURACY);
    if (o->patience < 0)
        return cnn__fail(CNN_EINVAL,
                         "stopping: patience %d, expected at least 0",
                         o->patience);
    if (!(isfinite(o->min_delta) && o->min_delta >= 0.0f))
        return cnn__fail(CNN_EINVAL,
                         "stopping: min_delta %g, expected a finite number of "
                         "at least 0",
                         (double)o->min_delta);
    return CNN_OK;
}

cnn_status cnn_trainer_set_stopping(cnn_trainer *t,
                                    const cnn_stopping_options *options)
{
    cnn_stopping_options o;

    CNN__TRY(cnn__trainer_check_idle(t, "trainer_set_stopping"));
    CNN__TRY(cnn__options_read(&o, sizeof(o), options, "stopping"));
    CNN__TRY(check(&o));
    if (options != NULL)
        CNN__TRY(cnn__shadow_take(&t->stopping.best, t->net));
    o.min_delta += 0.0f; /* no sign of zero */
    t->stopping.on = options != NULL;
    t->stopping.o = o;
    t->stopping.step = -1;
    t->stopping.value = 0.0;
    t->stopping.waited = 0;
    return CNN_OK;
}

bool cnn__stopping_ends(const cnn__stopping *s)
{
    return s->on && s->o.patience > 0 && s->waited >= s->o.patience;
}

double cnn__stopping_value(const cnn__stopping *s, const cnn_metrics *m)
{
    return s->o.watch == CNN_WATCH_LOSS ? m->loss
                                        : (double)m->correct / (double)m->count;
}

/* False for NaN. */
static bool is_better(const cnn__stopping *s, double value)
{
    const double delta = (double)s->o.min_delta;

    if (!isfinite(value) || s->step < 0)
        return isfinite(value);
    return s->o.watch == CNN_WATCH_LOSS ? value < s->value - delta
                                        : value > s->value + delta;
}

static cnn_status check_on(const cnn_trainer *t, const char *caller)
{
    CNN__TRY(cnn__trainer_check_idle(t, caller));
    if (!t->stopping.on)
        return cnn__fail(CNN_ESTATE,
                         "%s: cnn_trainer_set_stopping() was not called",
                         caller);
    return CNN_OK;
}

cnn_status cnn_trainer_judge(cnn_trainer *t, double value)
{
    CNN__TRY(check_on(t, "trainer_judge"));
    if (t->ranks != NULL && t->ranks->apart)
        return cnn__fail(CNN_ESTATE,
                         "trainer_judge: after step %lld each rank has "
                         "parameters of its own, averaged every %d steps",
                         (long long)t->step, t->ranks->o.average_every);
    cnn__stopping *s = &t->stopping;
    if (!is_better(s, value)) {
        s->waited += s->waited < INT32_MAX;
        return CNN_OK;
    }
    s->value = value;
    s->step = t->step;
    s->waited = 0;
    if (t->average.count > 0)
        cnn__shadow_copy(&s->best, &t->average.shadow, t->net);
    else
        cnn__shadow_follow(&s->best, t->net);
    return CNN_OK;
}

cnn_status cnn_trainer_validate(cnn_trainer *t, const cnn_dataset *dataset,
                                cnn_metrics *out)
{
    cnn_metrics m;

    CNN__TRY(cnn__trainer_check_idle(t, "trainer_validate"));
    CNN__TRY(cnn__ranks_together(t, CNN__CALL_VALIDATE));
    const bool averaged = t->average.count > 0;
    if (averaged)
        cnn__shadow_swap(&t->average.shadow, t->net);
    atomic_store(&t->validating, averaged);
    const cnn_status status = t->ranks != NULL
                                  ? cnn__ranks_evaluate(t, dataset, &m)
                                  : cnn_net_evaluate(t->net, dataset, &m, NULL);
    atomic_store(&t->validating, false);
    if (averaged)
        cnn__shadow_swap(&t->average.shadow, t->net);
    CNN__TRY(status);
    if (t->stopping.on)
        CNN__TRY(cnn_trainer_judge(t, cnn__stopping_value(&t->stopping, &m)));
    if (out != NULL)
        *out = m;
    return CNN_OK;
}

cnn_status cnn_trainer_best(const cnn_trainer *t, cnn_best *out)
{
    CNN__TRY(check_on(t, "trainer_best"));
    if (out == NULL)
        return cnn__fail(CNN_EINVAL, "trainer_best: out is NULL");
    const cnn__stopping *s = &t->stopping;
    const cnn_best best = {
        .waited = s->waited, .step = s->step, .value = s->value};
    return cnn__result_write(out, &best, sizeof(best), sizeof(best),
                             "trainer_best");
}

cnn_status cnn_trainer_copy_best(const cnn_trainer *t, cnn_net *to)
{
    CNN__TRY(check_on(t, "trainer_copy_best"));
    if (t->stopping.step < 0)
        return cnn__fail(CNN_ESTATE,
                         "trainer_copy_best: none of %d "
                         "validations gave a finite number",
                         t->stopping.waited);
    return cnn__net_take_params(to, t->net, t->stopping.best.value,
                                t->stopping.best.fixed, "trainer_copy_best");
}
