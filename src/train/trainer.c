#include <math.h>
#include <string.h>

#include "base/options.h"
#include "base/random.h"
#include "base/threads.h"
#include "cnn/runtime.h"
#include "data/augment.h"
#include "data/callback.h"
#include "net/net_impl.h"
#include "train/optim_impl.h"
#include "train/step.h"
#include "train/trainer_impl.h"

/* More than that is a slip. */
#define MOST_AHEAD 1024

static int32_t list_batch(void *trainer, int64_t *index, bool *more);

/* ------------------------------------------------------------ create --- */

static cnn_status check_parts(const cnn_net *net, const cnn_optim *optim,
                              const cnn_dataset *dataset)
{
    CNN__TRY(cnn__net_check_built(net));
    if (optim == NULL)
        return cnn__fail_null(CNN__OPTIM, "trainer_create");
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, "trainer_create");
    return cnn__check_dataset(net, dataset);
}

static cnn_status read_options(cnn_trainer_options *o,
                               const cnn_trainer_options *options,
                               const cnn_net *net, const cnn__ranks *ranks)
{
    const int32_t portions = cnn__ranks_portions(ranks);
    const int64_t most = (int64_t)net->max_batch * portions;

    CNN__TRY(cnn__options_read(o, sizeof(*o), options, "trainer"));
    if ((o->flags & ~CNN_NO_SHUFFLE) != 0)
        return cnn__fail(CNN_EINVAL,
                         "trainer: unknown flags 0x%x, expected 0 or 0x%x",
                         (unsigned)o->flags, CNN_NO_SHUFFLE);
    if (!(isfinite(o->clip_norm) && o->clip_norm >= 0.0f))
        return cnn__fail(
            CNN_EINVAL,
            "trainer: clip_norm %g, expected a finite number of at "
            "least 0",
            (double)o->clip_norm);
    if (o->clip_norm == 0.0f && !cnn__is_unset(o->clip_norm))
        return cnn__fail(CNN_EINVAL,
                         "trainer: clip_norm 0, which makes all gradients 0");
    if (o->read_ahead < -1 || o->read_ahead > MOST_AHEAD || o->reserved != 0)
        return cnn__fail(CNN_EINVAL,
                         "trainer: read_ahead %d, reserved %u, expected -1 to "
                         "%d and 0",
                         o->read_ahead, o->reserved, MOST_AHEAD);
    if (o->batch == 0)
        o->batch = most < INT32_MAX ? (int32_t)most : INT32_MAX;
    if (o->batch > 0 && o->batch < portions)
        return cnn__fail(CNN_EINVAL,
                         "batch %d, expected at least %d, one sample for each "
                         "rank or portion",
                         o->batch, portions);
    return cnn__check_batch(o->batch,
                            most < INT32_MAX ? (int32_t)most : INT32_MAX);
}

static void lay_out(cnn_trainer *t, cnn__arena *arena)
{
    const int32_t ahead = t->o.read_ahead;

    t->order = cnn__arena_take(arena, (size_t)t->count, sizeof(int32_t));
    const int32_t B = t->o.batch;
    const int32_t N =
        cnn__ranks_end(t->ranks, B) - cnn__ranks_begin(t->ranks, B);
    cnn__feed_lay_out(&t->feed, (size_t)N,
                      ahead == 0  ? cnn__feed_default(t->dataset)
                      : ahead > 0 ? ahead
                                  : 0,
                      arena);
}

/* After a failure, `ranks` stays with the caller. */
static cnn_trainer *create(cnn_net *net, cnn_optim *optim,
                           const cnn_dataset *dataset, cnn__ranks *ranks,
                           const cnn_trainer_options *options)
{
    cnn_trainer_options o;
    cnn__arena arena = {0};

    if (check_parts(net, optim, dataset) != CNN_OK ||
        read_options(&o, options, net, ranks) != CNN_OK ||
        (ranks != NULL && cnn__ranks_prepare(ranks, net, dataset) != CNN_OK))
        return NULL;
    cnn_trainer *t = cnn__alloc_zero(sizeof(*t));
    if (t == NULL)
        return NULL;
    t->net = net;
    t->optim = optim;
    t->dataset = dataset;
    t->ranks = ranks;
    t->o = o;
    t->count = (int32_t)cnn_dataset_count(dataset);
    t->order_epoch = -1;
    t->feed = (cnn__feed){.dataset = dataset, .list = list_batch, .owner = t};
    lay_out(t, &arena);
    t->memory = cnn__alloc(arena.used);
    if (t->memory == NULL) {
        t->ranks = NULL;
        cnn_trainer_free(t);
        return NULL;
    }
    arena = (cnn__arena){.base = t->memory};
    lay_out(t, &arena);
    return t;
}

cnn_trainer *cnn_trainer_create(cnn_net *net, cnn_optim *optim,
                                const cnn_dataset *dataset,
                                const cnn_trainer_options *options)
{
    cnn_trainer *t = create(net, optim, dataset, NULL, options);

    return t != NULL ? t : cnn__lost(CNN__TRAINER);
}

cnn_trainer *cnn_trainer_create_ranks(cnn_net *net, cnn_optim *optim,
                                      const cnn_dataset *dataset,
                                      const cnn_ranks *ranks,
                                      const cnn_trainer_options *options)
{
    cnn__ranks *r = cnn__ranks_new(ranks);

    if (r == NULL)
        return cnn__lost(CNN__TRAINER);
    cnn_trainer *t = create(net, optim, dataset, r, options);
    if (cnn__ranks_start(r, t) == CNN_OK)
        return t;
    if (t == NULL)
        cnn__ranks_free(r);
    cnn_trainer_free(t);
    return cnn__lost(CNN__TRAINER);
}

void cnn_trainer_free(cnn_trainer *t)
{
    if (t == NULL)
        return;
    cnn__feed_end(&t->feed);
    cnn__ranks_free(t->ranks);
    cnn__shadow_free(&t->average.shadow);
    cnn__shadow_free(&t->stopping.best);
    cnn__free(t->paper);
    cnn__free(t->memory);
    cnn__free(t);
}

cnn_status cnn_trainer_set_schedule(cnn_trainer *t, float base,
                                    const cnn_schedule_options *options)
{
    if (t == NULL)
        return cnn__fail_null(CNN__TRAINER, "trainer_set_schedule");
    CNN__TRY(cnn__schedule_start(&t->schedule, base, options));
    t->scheduled = true;
    return CNN_OK;
}

/* What augmentation needs, in one block. */
static cnn_status make_scratch(cnn_trainer *t)
{
    const int32_t workers = cnn_num_threads(), C = t->net->in.c;
    const size_t stride = cnn__augment_scratch(&t->net->in);
    const size_t all =
        cnn__size_add((size_t)C, cnn__size_mul((size_t)workers, stride));

    t->paper = cnn__alloc(cnn__size_mul(all, sizeof(float)));
    if (t->paper == NULL)
        return cnn_last_status();
    for (int32_t c = 0; c < C; c++)
        t->paper[c] = cnn__dataset_paper(t->dataset, c);
    t->scratch = t->paper + C;
    t->scratch_stride = stride;
    t->workers = workers;
    return CNN_OK;
}

cnn_status cnn_trainer_set_augmentation(cnn_trainer *t,
                                        const cnn_augment_options *options)
{
    cnn_augment_options o;
    bool any;

    if (t == NULL)
        return cnn__fail_null(CNN__TRAINER, "trainer_set_augmentation");
    CNN__TRY(cnn__augment_read(&o, options, &any));
    if (any && t->paper == NULL)
        CNN__TRY(make_scratch(t));
    t->augment = o;
    t->augmented = any;
    return CNN_OK;
}

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

/* Lists the samples of the next batch, which may extend into the next epoch: of
 * several ranks, those of this one. */
static int32_t list_batch(void *trainer, int64_t *index, bool *more)
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

static cnn_status learn(cnn_trainer *t, cnn_metrics *m)
{
    const cnn_batch *batch = NULL;
    const cnn_status status = prepare(t, &batch);

    if (t->ranks != NULL)
        return cnn__ranks_learn(t, status, batch, m);
    CNN__TRY(status);
    return cnn__net_learn(t->net, t->optim, t->o.clip_norm, batch, m);
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
