/* Runs of a trainer: so many steps, or until one of several limits. */
#include "cnn/fit.h"

#include <math.h>

#include "base/clock.h"
#include "base/options.h"
#include "train/step.h"
#include "train/trainer_impl.h"

/* A run under way. */
typedef struct run {
    cnn_trainer *t;
    cnn_fit_options o;
    bool fits;  /* cnn_trainer_fit(), not cnn_trainer_run() */
    int64_t to; /* the step to end at; -1: none */
    double start;
    bool stop; /* a callback said so */
} run;

/* ------------------------------------------------- epochs, validations --- */

static cnn_metrics means(const cnn_trainer *t)
{
    const cnn__sums *s = &t->sums;
    const bool mean = t->net->reduction == CNN_REDUCE_MEAN;

    return (cnn_metrics){mean ? s->loss / (double)s->count : s->loss, s->count,
                         s->correct};
}

static bool is_due(const run *r)
{
    const cnn_trainer *t = r->t;

    if (r->o.validation == NULL)
        return false;
    if (r->o.every_steps > 0)
        return t->step % r->o.every_steps == 0;
    return t->epoch / r->o.every != t->sums.epoch / r->o.every;
}

/* Validates and reports after the last step, if there is something to, and it
 * was not done yet: a checkpoint may be from in between. */
static cnn_status settle(run *r)
{
    cnn_trainer *t = r->t;
    cnn_epoch e = {.struct_size = sizeof(e),
                   .ended = t->epoch != t->sums.epoch,
                   .validated = is_due(r)};

    if (t->settled == t->step || !(e.ended || e.validated))
        return CNN_OK;
    if (e.validated) {
        CNN__TRY(cnn_trainer_validate(t, r->o.validation, &e.validation));
        e.is_best = t->stopping.on && t->stopping.step == t->step &&
                    t->stopping.waited == 0;
    }
    t->settled = t->step;
    if (r->o.epoch_callback == NULL)
        return CNN_OK;
    e.epoch = t->sums.epoch;
    e.step = t->step;
    e.seconds = cnn__seconds() - r->start;
    e.training = means(t);
    r->stop |= r->o.epoch_callback(r->o.user, &e) != 0;
    return CNN_OK;
}

/* ------------------------------------------------------------- the run --- */

/* Why the run is to end; CNN_STOPPED_NONE: it is not. */
static int32_t reason(const run *r)
{
    cnn_trainer *t = r->t;
    const cnn_fit_options *o = &r->o;

    if (r->stop)
        return CNN_STOPPED_CALLBACK;
    if (r->fits && cnn__stopping_ends(&t->stopping))
        return CNN_STOPPED_PATIENCE;
    if (o->epochs > 0 && t->epoch >= o->epochs)
        return CNN_STOPPED_EPOCHS;
    if (r->to >= 0 && t->step >= r->to)
        return CNN_STOPPED_STEPS;
    if (o->seconds > 0.0 && cnn__seconds() - r->start >= o->seconds)
        return CNN_STOPPED_TIME;
    return atomic_exchange(&t->cancel, 0) ? CNN_STOPPED_CANCEL
                                          : CNN_STOPPED_NONE;
}

/* A callback may have made a call by itself. The others have ended this run
 * then, also if it did not mind. */
static cnn_status check_strayed(const cnn_trainer *t)
{
    if (t->ranks == NULL || !t->ranks->strayed)
        return CNN_OK;
    return cnn__fail(CNN_EINVAL,
                     "after step %lld the callback of a rank made a call that "
                     "other ranks did not make",
                     (long long)t->step);
}

/* Does the run end here? Several ranks end together. */
static cnn_status look(run *r)
{
    cnn_trainer *t = r->t;
    int32_t end = reason(r), rank = 0;

    CNN__TRY(check_strayed(t));
    if (t->ranks != NULL)
        CNN__TRY(cnn__ranks_agree(t, &end, &rank));
    t->stopped = end;
    if (end != CNN_STOPPED_NONE)
        CNN__TRY(cnn__ranks_together(t, CNN__CALL_RUN));
    if (end != CNN_STOPPED_CALLBACK && end != CNN_STOPPED_CANCEL)
        return CNN_OK;
    cnn__fail(CNN_ECANCELED, "%s after step %lld",
              end == CNN_STOPPED_CANCEL ? "cancelled"
                                        : "stopped by the callback",
              (long long)t->step);
    if (t->ranks != NULL)
        cnn__fail_where("rank %d", rank);
    return CNN_ECANCELED;
}

static cnn_status step(run *r)
{
    cnn_trainer *t = r->t;
    cnn_progress progress = {.struct_size = sizeof(progress),
                             .epoch = t->epoch};

    CNN__TRY(cnn_trainer_step(t, &progress.metrics));
    progress.step = t->step;
    r->stop = r->o.callback != NULL && r->o.callback(r->o.user, &progress) != 0;
    return CNN_OK;
}

static cnn_status go(run *r)
{
    cnn_trainer *t = r->t;
    bool moved = false;

    t->stopped = CNN_STOPPED_NONE;
    if (t->ranks != NULL)
        t->ranks->strayed = false;
    for (;;) {
        if (r->fits)
            CNN__TRY(settle(r));
        CNN__TRY(look(r));
        if (t->stopped != CNN_STOPPED_NONE)
            break;
        CNN__TRY(step(r));
        moved = true;
    }
    /* A run that had nothing to do leaves the cancel to the next one. */
    if (moved)
        atomic_store(&t->cancel, 0);
    return CNN_OK;
}

/* A rank that does not begin a run ends it for all, who may wait for it. */
static cnn_status refuse(const cnn_trainer *t, cnn_status status)
{
    if (status == CNN_OK || t->ranks == NULL)
        return status;
    return cnn__ranks_meet(
        t->ranks, t, (cnn__head){.call = CNN__CALL_RUN, .status = status});
}

cnn_status cnn_trainer_run(cnn_trainer *t, int64_t steps,
                           cnn_trainer_callback callback, void *user)
{
    if (t == NULL)
        return cnn__fail_null(CNN__TRAINER, "trainer_run");
    t->stopped = CNN_STOPPED_NONE;
    if (steps < 0)
        return refuse(t,
                      cnn__fail(CNN_EINVAL,
                                "trainer_run: %lld steps, expected at least 0",
                                (long long)steps));
    /* No training comes as far as the largest number. */
    const bool many = steps > INT64_MAX - t->step;
    run r = {.t = t,
             .to = many ? INT64_MAX : t->step + steps,
             .o = {.callback = callback, .user = user}};
    return go(&r);
}

/* ----------------------------------------------------------------- fit --- */

static cnn_status check_count(const char *name, int64_t count)
{
    if (count < 0)
        return cnn__fail(CNN_EINVAL, "fit: %s %lld, expected at least 0", name,
                         (long long)count);
    return CNN_OK;
}

static cnn_status check_end(const cnn_trainer *t, const cnn_fit_options *o)
{
    /* Without a validation only a callback can judge, and that is there. */
    const bool stopping =
        t->stopping.on && t->stopping.o.patience > 0 &&
        (o->validation != NULL || cnn__stopping_ends(&t->stopping));

    if (o->steps > 0 || o->epochs > 0 || o->seconds > 0.0 || stopping ||
        o->callback != NULL || o->epoch_callback != NULL)
        return CNN_OK;
    return cnn__fail(CNN_EINVAL,
                     "fit: nothing would end it: steps, epochs and seconds are "
                     "0, there is no callback, and no patience with a "
                     "validation");
}

static cnn_status read(const cnn_trainer *t, const cnn_fit_options *options,
                       cnn_fit_options *o)
{
    CNN__TRY(cnn__options_read(o, sizeof(*o), options, "fit"));
    CNN__TRY(check_count("every", o->every));
    CNN__TRY(check_count("every_steps", o->every_steps));
    CNN__TRY(check_count("steps", o->steps));
    CNN__TRY(check_count("epochs", o->epochs));
    if (!(isfinite(o->seconds) && o->seconds >= 0.0))
        return cnn__fail(CNN_EINVAL,
                         "fit: seconds %g, expected a finite number of at "
                         "least 0",
                         o->seconds);
    if (o->every == 0)
        o->every = 1;
    if (o->validation != NULL)
        CNN__TRY(cnn__check_dataset(t->net, o->validation));
    return check_end(t, o);
}

cnn_status cnn_trainer_fit(cnn_trainer *t, const cnn_fit_options *options)
{
    run r = {.t = t, .fits = true};

    if (t == NULL)
        return cnn__fail_null(CNN__TRAINER, "trainer_fit");
    t->stopped = CNN_STOPPED_NONE;
    CNN__TRY(refuse(t, read(t, options, &r.o)));
    r.to = r.o.steps > 0 ? r.o.steps : -1;
    r.start = cnn__seconds();
    return go(&r);
}

int32_t cnn_trainer_stopped(const cnn_trainer *t)
{
    return t != NULL ? t->stopped : CNN_STOPPED_NONE;
}
