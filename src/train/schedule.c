#include "train/schedule.h"

#include <math.h>

#include "base/options.h"

/* The least relative decrease of the loss that counts as progress. */
#define PROGRESS 1e-4

static cnn_status check(cnn_schedule_options *o)
{
    if (o->kind < CNN_SCHEDULE_CONSTANT || o->kind > CNN_SCHEDULE_PLATEAU)
        return cnn__fail(CNN_EINVAL, "schedule: kind %d, expected %d to %d",
                         o->kind, CNN_SCHEDULE_CONSTANT, CNN_SCHEDULE_PLATEAU);
    if (o->kind != CNN_SCHEDULE_CONSTANT && o->steps < 1)
        return cnn__fail(CNN_EINVAL, "schedule: steps %d, expected at least 1",
                         o->steps);
    if (o->warmup < 0)
        return cnn__fail(CNN_EINVAL, "schedule: warmup %d, expected at least 0",
                         o->warmup);
    if (!(o->factor >= 0.0f && o->factor <= 1.0f))
        return cnn__fail(CNN_EINVAL, "schedule: factor %g, expected 0 to 1",
                         (double)o->factor);
    if (o->kind != CNN_SCHEDULE_COSINE)
        o->factor = cnn__or_default(o->factor, 0.1f);
    return CNN_OK;
}

cnn_status cnn__schedule_start(cnn__schedule *s, float base,
                               const cnn_schedule_options *options)
{
    cnn__schedule new = {.base = base, .best = (double)INFINITY, .scale = 1.0f};

    CNN__TRY(cnn__options_read(&new.o, sizeof(new.o), options, "schedule"));
    CNN__TRY(check(&new.o));
    if (!(isfinite(base) && base >= 0.0f))
        return cnn__fail(CNN_EINVAL,
                         "schedule: base rate %g, expected a finite number of "
                         "at least 0",
                         (double)base);
    *s = new;
    return CNN_OK;
}

/* The factor of the base rate; t counts steps from the end of the warm-up. */
static double multiple(const cnn_schedule_options *o, double t)
{
    const double factor = cnn__plain_zero(o->factor), steps = (double)o->steps;

    switch (o->kind) {
    case CNN_SCHEDULE_STEP:
        return pow(factor, floor(t / steps));
    case CNN_SCHEDULE_EXPONENTIAL:
        return pow(factor, t / steps);
    case CNN_SCHEDULE_COSINE:
        if (t >= steps)
            return factor;
        return factor + (1.0 - factor) * 0.5 *
                            (1.0 + cos(3.141592653589793 * t / steps));
    default:
        return 1.0;
    }
}

float cnn__schedule_lr(const cnn__schedule *s, int64_t step)
{
    const int32_t W = s->o.warmup;
    const double rate =
        step < W ? (double)(step + 1) / W : multiple(&s->o, (double)(step - W));

    return (float)((double)s->base * rate * (double)s->scale);
}

void cnn__schedule_follow(cnn__schedule *s, double loss, double samples,
                          int epoch_ends)
{
    if (s->o.kind != CNN_SCHEDULE_PLATEAU)
        return;
    s->loss += loss;
    s->samples += samples;
    if (!epoch_ends)
        return;
    const double mean = s->loss / s->samples;
    if (mean < s->best * (1.0 - PROGRESS)) {
        s->best = mean;
        s->waited = 0;
    } else if (++s->waited >= s->o.steps) {
        s->scale *= (float)cnn__plain_zero(s->o.factor);
        s->waited = 0;
    }
    s->loss = 0.0;
    s->samples = 0.0;
}

cnn_status cnn_schedule_lr(const cnn_schedule_options *options, float base,
                           int64_t step, float *lr)
{
    cnn__schedule s = {0};

    if (lr == NULL || step < 0)
        return cnn__fail(CNN_EINVAL, "schedule_lr: %s, step %lld",
                         lr == NULL ? "lr is NULL" : "expected at least 0",
                         (long long)step);
    CNN__TRY(cnn__schedule_start(&s, base, options));
    *lr = cnn__schedule_lr(&s, step);
    return CNN_OK;
}
