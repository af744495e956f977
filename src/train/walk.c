#include "train/walk.h"

#include <math.h>

#include "data/callback.h"
#include "math/gemm.h"
#include "train/step.h"

/* ------------------------------------------------------------ guesses --- */

bool cnn__walk_of_classes(const cnn_net *net, const cnn_dataset *dataset)
{
    return cnn__dataset_target_floats(dataset) == 0 ||
           net->loss == CNN_LOSS_SOFTMAX_CROSS_ENTROPY;
}

int32_t cnn__walk_class(const cnn_net *net, const cnn__outcome *o, int32_t n)
{
    return o->labels != NULL
               ? o->labels[n]
               : cnn__guess(net->loss, o->targets + (size_t)n * o->K, o->K);
}

/* All outputs are NaN if the largest input of a softmax that belongs to the
 * loss is infinite. */
int32_t cnn__walk_guess(const cnn_net *net, const cnn__outcome *o, int32_t n)
{
    const float *y = o->y + (size_t)n * o->K;
    const int32_t best = cnn__guess(net->loss, y, o->K);
    const bool folded = cnn__scored_layers(net) < net->count;

    return folded && best >= 0 && !isfinite(y[best]) ? -1 : best;
}

/* ------------------------------------------------------------ walking --- */

cnn_status cnn__walk_check(const cnn_net *net, const cnn_dataset *dataset,
                           const void *out, const char *caller)
{
    CNN__TRY(cnn__net_check_built(net));
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, caller);
    if (out == NULL)
        return cnn__fail(CNN_EINVAL, "%s: out is NULL", caller);
    CNN__TRY(cnn__check_loss(net));
    CNN__TRY(cnn__callback_check(dataset));
    return cnn__check_dataset(net, dataset);
}

/* Lists the samples of the next batch. */
static int32_t list_batch(void *walk, int64_t *index, bool *more)
{
    cnn__walk *w = walk;
    const int32_t most = w->net->max_batch;
    const int64_t rest = cnn_dataset_count(w->dataset) - w->listed;
    const int32_t N = rest < most ? (int32_t)rest : most;

    for (int32_t n = 0; n < N; n++)
        index[n] = w->listed++;
    *more = N < rest;
    return N;
}

/* Checked each time: the caller may have written to the labels since they were
 * wrapped. A reader's are checked when they are read, and targets are no
 * labels. */
static cnn_status check_all_labels(const cnn__walk *w)
{
    const cnn_dataset *d = w->dataset;

    if (d->labels == NULL || cnn__dataset_target_floats(d) > 0)
        return CNN_OK;
    return cnn__check_labels(d->labels, 0, (int32_t)d->count,
                             cnn__shape_size(&w->net->out));
}

cnn_status cnn__walk_open(cnn__walk *walk, cnn_net *net,
                          const cnn_dataset *dataset)
{
    const size_t N = (size_t)net->max_batch;
    const int32_t ahead = cnn__feed_default(dataset);
    cnn__arena arena = {0};

    *walk = (cnn__walk){
        .net = net,
        .dataset = dataset,
        .feed = {.dataset = dataset, .list = list_batch, .owner = walk}};
    CNN__TRY(check_all_labels(walk));
    cnn__feed_lay_out(&walk->feed, N, ahead, &arena);
    walk->memory = cnn__alloc(arena.used);
    if (walk->memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = walk->memory};
    cnn__feed_lay_out(&walk->feed, N, ahead, &arena);
    return CNN_OK;
}

void cnn__walk_close(cnn__walk *walk)
{
    cnn__feed_end(&walk->feed);
    cnn__free(walk->memory);
}

/* Runs the net on the next batch, and returns its size in `count`. */
static cnn_status run_batch(cnn__walk *w, cnn__walk_fn *visit, void *data,
                            int32_t *count)
{
    const cnn__criterion criterion = cnn__net_criterion(w->net);
    cnn__fed *fed;

    CNN__TRY(cnn__feed_next(&w->feed, &fed));
    const cnn_batch *b = &fed->batch;
    *count = b->count;
    CNN__TRY(cnn__check_batch_of(w->net, b));
    cnn__pass_forward(&w->net->pass, cnn__scored_layers(w->net), 0, b->count,
                      b->x);
    const cnn__outcome o = cnn__net_outcome(w->net, b);
    w->loss += cnn__loss(&criterion, &o, 1.0f, NULL);
    w->weight += cnn__total_weight(b->weights, b->count);
    visit(data, w->net, &o);
    cnn__feed_done(&w->feed);
    return CNN_OK;
}

cnn_status cnn__walk_run(cnn__walk *walk, cnn__walk_fn *visit, void *data)
{
    const int64_t all = cnn_dataset_count(walk->dataset);
    cnn_net *net = walk->net;
    cnn_status status = CNN_OK;
    int32_t count = 0;

    net->ran = 0;
    net->trained = 0;
    cnn__gemm_enter();
    for (int64_t done = 0; status == CNN_OK && done < all; done += count)
        status = run_batch(walk, visit, data, &count);
    cnn__gemm_leave();
    return status;
}

double cnn__walk_loss(const cnn__walk *walk)
{
    return cnn__found_loss(
        walk->net, &(cnn__found){.loss = walk->loss, .weight = walk->weight});
}
