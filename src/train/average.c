#include "train/average.h"

#include <math.h>

#include "base/float_mode.h"
#include "cnn/fit.h"
#include "train/optim_impl.h"
#include "train/trainer_impl.h"

/* The next values of an average: a <- a + part (p - a). */
typedef struct job {
    float *a;
    const float *p;
    const cnn__params *params;
    float part;
} job;

/* What does not change has an average of the same bits, so this form. */
static void mix(float *restrict a, const float *restrict p, size_t n,
                float part)
{
    for (size_t i = 0; i < n; i++)
        a[i] += part * (p[i] - a[i]);
}

static void mix_chunk(void *data, int64_t chunk, int32_t worker)
{
    const job *j = data;
    const size_t at = (size_t)chunk * CNN__PARAMS_CHUNK;

    (void)worker;
    mix(j->a + at, j->p + at, cnn__params_chunk(j->params, chunk), j->part);
}

void cnn__average_step(cnn__average *a, const cnn_net *net)
{
    const cnn__params *p = &net->params;
    const double decay = (double)a->decay;

    if (a->decay == 0.0f)
        return;
    if (a->count == 0) {
        cnn__shadow_follow(&a->shadow, net);
        a->count = 1;
        return;
    }
    a->count += a->count < CNN__MOST_COUNT;
    job j = {.a = a->shadow.value, .p = p->value, .params = p};
    j.part = (float)((1.0 - decay) / (1.0 - pow(decay, (double)a->count)));
    /* As in the step, and for the same reason (cnn__net_learn()). */
    const cnn__float_mode mode = cnn__float_mode_get();
    cnn__float_mode_set(cnn__float_mode_flushing(mode));
    cnn__parallel(cnn__params_chunks(p), net->pass.run.workers, mix_chunk, &j);
    mix(a->shadow.fixed, p->fixed, p->fixed_count, j.part);
    cnn__float_mode_set(mode);
}

cnn_status cnn_trainer_set_average(cnn_trainer *t, float decay)
{
    CNN__TRY(cnn__trainer_check_idle(t, "trainer_set_average"));
    if (!(decay >= 0.0f && decay < 1.0f))
        return cnn__fail(CNN_EINVAL,
                         "trainer_set_average: decay %g, expected 0 to below 1",
                         (double)decay);
    if (decay > 0.0f && cnn__ranks_steps_alone(t->ranks))
        return cnn__fail(CNN_EUNSUPPORTED,
                         "trainer_set_average: ranks with average_every %d, "
                         "whose steps differ",
                         t->ranks->o.average_every);
    if (decay > 0.0f)
        CNN__TRY(cnn__shadow_take(&t->average.shadow, t->net));
    t->average.decay = decay + 0.0f; /* no sign of zero */
    t->average.count = 0;
    return CNN_OK;
}

cnn_status cnn_trainer_copy_average(const cnn_trainer *t, cnn_net *to)
{
    CNN__TRY(cnn__trainer_check_idle(t, "trainer_copy_average"));
    if (t->average.count == 0)
        return cnn__fail(CNN_ESTATE, "trainer_copy_average: %s",
                         t->average.decay > 0.0f
                             ? "no step has been made since "
                               "cnn_trainer_set_average()"
                             : "cnn_trainer_set_average() was not called");
    return cnn__net_take_params(to, t->net, t->average.shadow.value,
                                t->average.shadow.fixed,
                                "trainer_copy_average");
}
