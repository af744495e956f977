/* Steps of a trainer. */
#include <string.h>

#include "base/random.h"
#include "base/threads.h"
#include "data/augment.h"
#include "data/callback.h"
#include "net/net_impl.h"
#include "train/optim_impl.h"
#include "train/step.h"
#include "train/trainer_impl.h"

/* ----------------------------------------------------------- batches --- */

/* Shuffles the samples of an epoch (Fisher and Yates). The order is a function
 * of the seed and the epoch, so a checkpoint needs only the position in it. */
static void order_samples(cnn_trainer *t, int64_t epoch)
{
    cnn__random random;

    if (t->order_epoch == epoch)
        return;
    t->order_epoch = epoch;
    for (int32_t i = 0; i < t->count; i++)
        t->order[i] = i;
    if ((t->o.flags & CNN_NO_SHUFFLE) != 0)
        return;
    cnn__random_start(&random, t->o.seed, CNN__RANDOM_SHUFFLE, (uint64_t)epoch,
                      0);
    for (int32_t i = t->count - 1; i > 0; i--) {
        const int32_t k = (int32_t)cnn__random_below(&random, (uint32_t)i + 1);
        const int32_t swap = t->order[i];
        t->order[i] = t->order[k];
        t->order[k] = swap;
    }
}

int32_t cnn__trainer_list(void *trainer, int64_t *index, bool *more)
{
    cnn_trainer *t = trainer;
    const int32_t begin = cnn__ranks_begin(t->ranks, t->o.batch);
    const int32_t end = cnn__ranks_end(t->ranks, t->o.batch);

    *more = true;
    for (int32_t n = 0; n < t->o.batch; n++) {
        if (n >= begin && n < end) {
            order_samples(t, t->next_epoch);
            index[n - begin] = t->order[t->next_position];
        }
        if (++t->next_position == t->count) {
            t->next_position = 0;
            t->next_epoch++;
        }
    }
    return end - begin;
}

void cnn__trainer_go(cnn_trainer *t, int64_t step, int64_t epoch,
                     int32_t position)
{
    cnn__feed_rewind(&t->feed);
    t->step = step;
    t->epoch = t->next_epoch = epoch;
    t->position = t->next_position = position;
}

/* Past a batch, whose step is done. What is read ahead stays. */
static void advance(cnn_trainer *t)
{
    const int64_t end = (int64_t)t->position + t->o.batch;

    cnn__feed_done(&t->feed);
    t->epoch += end / t->count;
    t->position = (int32_t)(end % t->count);
    t->step++;
}

/* A batch whose images are to be augmented. */
typedef struct images {
    const cnn_trainer *t;
    float *x; /* (batch, C, H, W) */
} images;

/* Augments one image of the batch. The random numbers follow from the step and
 * the position in the batch of all ranks. */
static void augment_sample(void *data, int64_t sample, int32_t worker)
{
    const images *m = data;
    const cnn_trainer *t = m->t;
    const cnn_shape *in = &t->net->in;
    cnn__random random;

    cnn__random_start(
        &random, t->o.seed, CNN__RANDOM_AUGMENT, (uint64_t)t->step,
        (uint32_t)(cnn__ranks_begin(t->ranks, t->o.batch) + sample));
    cnn__augment(&t->augment, in, &random, t->paper,
                 t->scratch + (size_t)worker * t->scratch_stride,
                 m->x + (size_t)sample * cnn__shape_size(in));
}

/* Reports a completed step, which began in `epoch`, to what follows the
 * training. */
static void follow(cnn_trainer *t, const cnn_metrics *m, int64_t epoch)
{
    const double count = (double)m->count;
    const bool mean = t->net->reduction == CNN_REDUCE_MEAN;
    const double loss = mean ? m->loss * count : m->loss;

    if (t->scheduled)
        cnn__schedule_follow(&t->schedule, loss, count, t->epoch != epoch);
    cnn__average_step(&t->average, t->net);
    if (t->sums.epoch != epoch)
        t->sums = (cnn__sums){.epoch = epoch};
    t->sums.loss += loss;
    t->sums.count += m->count;
    t->sums.correct += m->correct;
}

static cnn_status check_step(const cnn_trainer *t)
{
    CNN__TRY(cnn__trainer_check_idle(t, "trainer_step"));
    CNN__TRY(cnn__callback_check(t->dataset));
    /* A batch may span several epochs. */
    if (t->step >= CNN__MOST_COUNT || t->epoch > CNN__MOST_COUNT - t->o.batch)
        return cnn__fail(CNN_EOVERFLOW,
                         "trainer_step: step %lld, epoch %lld, at most %lld",
                         (long long)t->step, (long long)t->epoch,
                         (long long)CNN__MOST_COUNT);
    return CNN_OK;
}

/* Gets the next batch, as it is to be learnt from. */
static cnn_status prepare(cnn_trainer *t, const cnn_batch **batch)
{
    cnn__fed *fed;

    CNN__TRY(cnn__feed_next(&t->feed, &fed));
    *batch = &fed->batch;
    if (t->augmented)
        cnn__parallel(fed->batch.count, t->workers, augment_sample,
                      &(images){t, fed->rows.x});
    if (t->scheduled)
        CNN__TRY(cnn_optim_set_lr(t->optim,
                                  cnn__schedule_lr(&t->schedule, t->step)));
    return CNN_OK;
}

/* A later piece may fail when those before it have moved running statistics. */
static cnn_status learn_alone(cnn_trainer *t, const cnn_batch *batch,
                              cnn_metrics *m)
{
    const cnn__params *p = &t->net->params;
    const int32_t pieces = t->o.accumulate;
    const size_t bytes = pieces > 1 ? p->fixed_count * sizeof(float) : 0;

    if (bytes > 0)
        memcpy(t->before, p->fixed, bytes);
    const cnn_status status =
        cnn__net_learn(t->net, t->optim, t->o.clip_norm, batch, pieces, m);
    if (status != CNN_OK && bytes > 0)
        memcpy(p->fixed, t->before, bytes);
    return status;
}

static cnn_status learn(cnn_trainer *t, cnn_metrics *m)
{
    const cnn_batch *batch = NULL;
    const cnn_status status = prepare(t, &batch);

    if (t->ranks != NULL)
        return cnn__ranks_learn(t, status, batch, m);
    CNN__TRY(status);
    return learn_alone(t, batch, m);
}

cnn_status cnn_trainer_step(cnn_trainer *t, cnn_metrics *out)
{
    cnn_metrics m;

    CNN__TRY(check_step(t));
    const int64_t epoch = t->epoch;
    const cnn_status status = learn(t, &m);
    if (status != CNN_OK) { /* its images are moved already: read again */
        cnn__trainer_go(t, t->step, t->epoch, t->position);
        return status;
    }
    advance(t);
    follow(t, &m, epoch);
    if (out != NULL)
        *out = m;
    return CNN_OK;
}

/* ----------------------------------------------------------- getters --- */

cnn_status cnn__trainer_check_idle(const cnn_trainer *t, const char *caller)
{
    if (t == NULL)
        return cnn__fail_null(CNN__TRAINER, caller);
    if (atomic_load(&t->validating))
        return cnn__fail(CNN_ESTATE,
                         "%s: the trainer is validating the average of step "
                         "%lld, which is in the place of the parameters",
                         caller, (long long)t->step);
    return CNN_OK;
}

void cnn_trainer_cancel(cnn_trainer *t)
{
    if (t != NULL)
        atomic_store(&t->cancel, 1);
}

int64_t cnn_trainer_steps(const cnn_trainer *t)
{
    return t != NULL ? t->step : 0;
}

int64_t cnn_trainer_epoch(const cnn_trainer *t)
{
    return t != NULL ? t->epoch : 0;
}
