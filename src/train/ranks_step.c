/* Steps and evaluations of several ranks. */
#include <string.h>

#include "base/float_mode.h"
#include "data/dataset_impl.h"
#include "train/optim_impl.h"
#include "train/ranks.h"
#include "train/trainer_impl.h"
#include "train/walk.h"

/* ------------------------------------------------------- what was found --- */

/* Behind the head of a record: what its portions found. */
static cnn__found *found_of(char *record)
{
    return (cnn__found *)(void *)(record + sizeof(cnn__head));
}

/* Portions of a rank. */
static int32_t count_of(const cnn__ranks *r, int32_t rank)
{
    return cnn__portions_before(r, rank + 1) - cnn__portions_before(r, rank);
}

static char *record_of(const cnn__ranks *r, int32_t rank)
{
    return r->all + (size_t)rank * r->record;
}

/* In the order of the batch, so that the bits do not depend on who found what.
 */
static cnn__found add_found(const cnn__ranks *r)
{
    cnn__found all = {0};

    for (int32_t i = 0; i < r->o.size; i++) {
        const cnn__found *found = found_of(record_of(r, i));
        const int32_t count = count_of(r, i);

        for (int32_t p = 0; p < count; p++)
            cnn__found_add(&all, &found[p]);
    }
    return all;
}

/* ------------------------------------------------------------ gradients --- */

/* What the gradients of this rank are divided by: before they are added up, or
 * to stand for those of the batch. */
static double divisor(const cnn_trainer *t, const cnn_batch *batch)
{
    const bool mean = t->net->reduction == CNN_REDUCE_MEAN;

    if (!cnn__ranks_steps_alone(t->ranks))
        return mean ? (double)t->o.batch : 1.0;
    return mean ? cnn__net_share(t->net, batch)
                : (double)batch->count / (double)t->o.batch;
}

/* Portion p of this rank, and where it begins in the batch of all. */
static cnn_batch portion_of(const cnn_trainer *t, const cnn_batch *batch,
                            int32_t p, int32_t *begin)
{
    const cnn__ranks *r = t->ranks;
    const int32_t B = t->o.batch, all = cnn__ranks_begin(r, B);

    *begin = cnn__portion_begin(r, B, r->first + p);
    return cnn__batch_part(t->net, batch, *begin - all,
                           cnn__portion_begin(r, B, r->first + p + 1) - all);
}

static cnn_status check_portions(const cnn_trainer *t, const cnn_batch *batch)
{
    for (int32_t p = 0; p < t->ranks->count; p++) {
        int32_t begin;
        const cnn_batch b = portion_of(t, batch, p, &begin);

        CNN__TRY(cnn__check_batch_of(t->net, &b));
    }
    return CNN_OK;
}

static cnn_status run_portion(cnn_trainer *t, const cnn_batch *batch, int32_t p)
{
    const cnn__ranks *r = t->ranks;
    const cnn__params *params = &t->net->params;
    int32_t begin;
    const cnn_batch b = portion_of(t, batch, p, &begin);

    if (p == 0 || r->grads != NULL)
        CNN__TRY(cnn_net_zero_grad(t->net));
    CNN__TRY(cnn__net_gradients(t->net, &b, divisor(t, batch), (uint32_t)begin,
                                found_of(r->mine) + p));
    if (r->grads != NULL)
        memcpy(r->grads + (size_t)p * params->count, params->grad,
               params->count * sizeof(float));
    return CNN_OK;
}

/* Adds up one chunk of the gradients of all portions, in their order. */
static void add_chunk(const cnn__ranks *r, float *to, size_t n)
{
    for (int32_t i = 0; i < r->o.size; i++) {
        const int32_t count = count_of(r, i);
        const float *from = r->chunks + (size_t)i * (size_t)r->most * n;

        for (int32_t p = 0; p < count; p++, from += n)
            for (size_t k = 0; k < n; k++)
                to[k] = i == 0 && p == 0 ? from[k] : to[k] + from[k];
    }
}

static cnn_status add_in_order(cnn__ranks *r, cnn__params *params)
{
    for (int64_t c = 0; c < cnn__params_chunks(params); c++) {
        const size_t at = (size_t)c * CNN__PARAMS_CHUNK;
        const size_t n = cnn__params_chunk(params, c);
        const size_t bytes = n * sizeof(float);

        for (int32_t p = 0; p < r->count; p++)
            memcpy(r->chunk + (size_t)p * n,
                   r->grads + (size_t)p * params->count + at, bytes);
        CNN__TRY(cnn__ranks_exchange(r, (size_t)r->most * bytes, r->chunk,
                                     r->chunks));
        add_chunk(r, params->grad + at, n);
    }
    return CNN_OK;
}

/* Leaves the sum over all samples in the net, divided as its loss is. */
static cnn_status add_gradients(cnn_trainer *t, const cnn__found *all)
{
    cnn__ranks *r = t->ranks;
    cnn__params *params = &t->net->params;
    const double B = (double)all->count;

    CNN__TRY(r->o.portions > 0
                 ? add_in_order(r, params)
                 : cnn__ranks_sum(r, params->count, params->grad));
    if (t->net->reduction != CNN_REDUCE_MEAN || all->weight == B ||
        !(all->weight > 0.0))
        return CNN_OK;
    /* What all weights come to is not known before. */
    for (size_t i = 0; i < params->count; i++)
        params->grad[i] *= (float)(B / all->weight);
    return CNN_OK;
}

/* ----------------------------------------------------------------- steps ---
 */

static cnn_status run_portions(cnn_trainer *t, const cnn_batch *batch)
{
    for (int32_t p = 0; p < t->ranks->count; p++)
        CNN__TRY(run_portion(t, batch, p));
    CNN__TRY(t->ranks->lost);
    if (cnn__ranks_steps_alone(t->ranks))
        return cnn__net_check_gradients(t->net);
    cnn__ranks_give_fixed(t);
    return CNN_OK;
}

static cnn_status find_gradients(cnn_trainer *t, cnn_status status,
                                 const cnn_batch *batch, cnn__found *all)
{
    if (status == CNN_OK)
        status = check_portions(t, batch);
    if (t->ranks->joins) /* before the passes, in which all take part */
        CNN__TRY(cnn__ranks_meet(
            t->ranks, t,
            (cnn__head){.call = CNN__CALL_STEP, .status = status}));
    if (status == CNN_OK)
        status = run_portions(t, batch);
    if (t->ranks->joins) /* of all, who agreed */
        CNN__TRY(status);
    status = cnn__ranks_meet(
        t->ranks, t, (cnn__head){.call = CNN__CALL_STEP, .status = status});
    CNN__TRY(status);
    *all = add_found(t->ranks);
    if (cnn__ranks_steps_alone(t->ranks))
        return CNN_OK;
    cnn__ranks_average_fixed(t);
    CNN__TRY(add_gradients(t, all));
    return cnn__net_check_gradients(t->net);
}

static cnn_status update(cnn_trainer *t)
{
    const cnn__ranks *r = t->ranks;
    const int32_t B = t->o.batch, last = r->first + r->count;
    const int32_t N =
        cnn__portion_begin(r, B, last) - cnn__portion_begin(r, B, last - 1);
    const cnn_status status =
        cnn__net_finish(t->net, t->optim, t->o.clip_norm, N);

    return cnn__ranks_steps_alone(r) ? cnn__ranks_moved(t, status) : status;
}

static cnn_status learn(cnn_trainer *t, cnn_status status,
                        const cnn_batch *batch, cnn_metrics *out)
{
    cnn__ranks *r = t->ranks;
    const cnn__over_ranks over = cnn__ranks_over(t);
    const size_t fixed = r->follows ? t->net->params.fixed_count : 0;
    cnn__found all;

    r->lost = CNN_OK;
    if (fixed > 0)
        memcpy(r->before, t->net->params.fixed, fixed * sizeof(float));
    cnn__run_count(&t->net->pass.run, 1);
    t->net->pass.run.over = r->joins ? &over : NULL;
    status = find_gradients(t, status, batch, &all);
    t->net->pass.run.over = NULL;
    cnn__run_count(&t->net->pass.run, -(status != CNN_OK));
    if (status != CNN_OK && fixed > 0) /* of ranks that had none */
        memcpy(t->net->params.fixed, r->before, fixed * sizeof(float));
    CNN__TRY(status);
    CNN__TRY(update(t));
    *out = (cnn_metrics){cnn__found_loss(t->net, &all), all.count, all.correct};
    return CNN_OK;
}

/* As in a step of one process, and for the same reason (cnn__net_learn()). */
cnn_status cnn__ranks_learn(cnn_trainer *t, cnn_status status,
                            const cnn_batch *batch, cnn_metrics *out)
{
    const cnn__float_mode mode = cnn__float_mode_get();

    cnn__float_mode_set(cnn__float_mode_flushing(mode));
    status = learn(t, status, batch, out);
    cnn__float_mode_set(mode);
    return status;
}

/* ----------------------------------------------------------- evaluations ---
 */

/* Of this rank's part of the dataset, which may be empty. */
static cnn_status evaluate_part(cnn_trainer *t, const cnn_dataset *dataset,
                                cnn__found *found)
{
    *found = (cnn__found){0};
    CNN__TRY(cnn__walk_check(t->net, dataset, found, "trainer_validate"));
    const int64_t count = cnn_dataset_count(dataset), size = t->ranks->o.size;
    const int64_t first = count * t->ranks->o.rank / size;
    const int64_t end = count * (t->ranks->o.rank + 1) / size;

    if (first == end)
        return CNN_OK;
    cnn_dataset *part = cnn_dataset_slice(dataset, first, end - first);
    if (part == NULL)
        return cnn_last_status();
    const cnn_status status = cnn__evaluate(t->net, part, NULL, found);
    cnn_dataset_free(part);
    return status;
}

cnn_status cnn__ranks_evaluate(cnn_trainer *t, const cnn_dataset *dataset,
                               cnn_metrics *out)
{
    cnn__ranks *r = t->ranks;
    cnn__found *mine = found_of(r->mine);
    const cnn_status status = evaluate_part(t, dataset, mine);
    const cnn__head head = {.call = CNN__CALL_VALIDATE,
                            .status = status,
                            .amount = cnn_dataset_count(dataset)};

    for (int32_t p = 1; p < r->count; p++)
        mine[p] = (cnn__found){0};
    CNN__TRY(cnn__ranks_meet(r, t, head));
    const cnn__found all = add_found(r);
    *out = (cnn_metrics){cnn__found_loss(t->net, &all), all.count, all.correct};
    return CNN_OK;
}

/* ------------------------------------------------------------------ runs ---
 */

cnn_status cnn__ranks_agree(const cnn_trainer *t, int32_t *end, int32_t *rank)
{
    cnn__ranks *r = t->ranks;

    CNN__TRY(
        cnn__ranks_meet(r, t, (cnn__head){.call = CNN__CALL_RUN, .end = *end}));
    *end = CNN_STOPPED_NONE;
    for (int32_t i = r->o.size - 1; i >= 0; i--) {
        const int32_t other = cnn__ranks_head(r, i)->end;

        if (other != CNN_STOPPED_NONE) {
            *end = other;
            *rank = i;
        }
    }
    return CNN_OK;
}
