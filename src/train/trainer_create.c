/* Trainers: made, set, freed. */
#include <math.h>

#include "base/options.h"
#include "cnn/runtime.h"
#include "data/augment.h"
#include "data/dataset_impl.h"
#include "train/step.h"
#include "train/trainer_impl.h"

/* More than that is a slip. */
#define MOST_AHEAD 1024

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

/* The batch, and in how many passes it is run. */
static cnn_status read_batch(cnn_trainer_options *o, const cnn_net *net,
                             const cnn__ranks *ranks)
{
    const int64_t portions = cnn__ranks_portions(ranks);

    if (o->accumulate < 0)
        return cnn__fail(CNN_EINVAL,
                         "trainer: accumulate %d, expected at least 0",
                         o->accumulate);
    if (o->accumulate == 0)
        o->accumulate = 1;
    if (o->accumulate > 1 && ranks != NULL && ranks->o.portions > 0)
        return cnn__fail(CNN_EINVAL,
                         "trainer: accumulate %d with %d portions, of which a "
                         "rank runs one after the other already",
                         o->accumulate, ranks->o.portions);
    const int64_t passes = portions * o->accumulate;
    const int64_t all = passes * net->max_batch;
    const int32_t most = all < INT32_MAX ? (int32_t)all : INT32_MAX;
    if (o->batch == 0)
        o->batch = most;
    if (o->batch > 0 && o->batch < passes)
        return cnn__fail(CNN_EINVAL,
                         "batch %d, expected at least %lld, one sample for "
                         "each rank, portion or piece",
                         o->batch, (long long)passes);
    return cnn__check_batch(o->batch, most);
}

static cnn_status read_options(cnn_trainer_options *o,
                               const cnn_trainer_options *options,
                               const cnn_net *net, const cnn__ranks *ranks)
{
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
    if (o->read_ahead < -1 || o->read_ahead > MOST_AHEAD)
        return cnn__fail(CNN_EINVAL,
                         "trainer: read_ahead %d, expected -1 to %d",
                         o->read_ahead, MOST_AHEAD);
    return read_batch(o, net, ranks);
}

static void lay_out(cnn_trainer *t, cnn__arena *arena)
{
    const int32_t ahead = t->o.read_ahead;

    t->order = cnn__arena_take(arena, (size_t)t->count, sizeof(int32_t));
    t->before = cnn__arena_floats(
        arena, t->o.accumulate > 1 ? t->net->params.fixed_count : 0);
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
        (ranks != NULL &&
         cnn__ranks_prepare(ranks, net, dataset, o.accumulate) != CNN_OK))
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
    t->feed =
        (cnn__feed){.dataset = dataset, .list = cnn__trainer_list, .owner = t};
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
