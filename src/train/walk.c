#include "train/walk.h"

#include <math.h>

#include "data/dataset_impl.h"
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
    return cnn__check_dataset(net, dataset);
}

/* Lists the samples of the batch that begins with `first`, and returns their
 * number. */
static int32_t list_batch(const cnn__walk *w, int64_t first)
{
    const int32_t most = w->net->max_batch;
    const int64_t rest = cnn_dataset_count(w->dataset) - first;
    const int32_t N = rest < most ? (int32_t)rest : most;

    for (int32_t n = 0; n < N; n++)
        w->rows.index[n] = first + n;
    return N;
}

/* Checked each time: the caller may have written to the labels since they were
 * wrapped. */
static cnn_status check_all_labels(const cnn__walk *w)
{
    const size_t outputs = cnn__shape_size(&w->net->out);

    for (int64_t first = 0; first < cnn_dataset_count(w->dataset);
         first += w->net->max_batch) {
        const int32_t N = list_batch(w, first);

        CNN__TRY(cnn_dataset_read(w->dataset, N, w->rows.index, NULL,
                                  w->rows.labels));
        CNN__TRY(cnn__check_labels(w->rows.labels, first, N, outputs));
    }
    return CNN_OK;
}

cnn_status cnn__walk_open(cnn__walk *walk, cnn_net *net,
                          const cnn_dataset *dataset)
{
    const size_t N = (size_t)net->max_batch;
    cnn__arena arena = {0};

    cnn__rows_lay_out(dataset, N, &arena);
    void *memory = cnn__alloc(arena.used);
    if (memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = memory};
    *walk = (cnn__walk){.net = net,
                        .dataset = dataset,
                        .rows = cnn__rows_lay_out(dataset, N, &arena),
                        .memory = memory};
    const cnn_status status =
        walk->rows.labels != NULL ? check_all_labels(walk) : CNN_OK;
    if (status != CNN_OK)
        cnn__walk_close(walk);
    return status;
}

void cnn__walk_close(cnn__walk *walk)
{
    cnn__free(walk->memory);
}

/* The batch that begins with sample `first`. */
static cnn_status run_batch(cnn__walk *w, int64_t first, cnn__walk_fn *visit,
                            void *data)
{
    const cnn__criterion criterion = cnn__net_criterion(w->net);
    const int32_t N = list_batch(w, first);
    cnn_batch b;

    CNN__TRY(cnn__rows_read(&w->rows, w->dataset, N, &b));
    CNN__TRY(cnn__check_batch_of(w->net, &b));
    cnn__pass_forward(&w->net->pass, cnn__scored_layers(w->net), 0, N, b.x);
    const cnn__outcome o = cnn__net_outcome(w->net, &b);
    w->loss += cnn__loss(&criterion, &o, 1.0f, NULL);
    w->weight += cnn__total_weight(b.weights, N);
    visit(data, w->net, &o);
    return CNN_OK;
}

cnn_status cnn__walk_run(cnn__walk *walk, cnn__walk_fn *visit, void *data)
{
    cnn_net *net = walk->net;
    cnn_status status = CNN_OK;

    net->ran = 0;
    net->trained = 0;
    cnn__gemm_enter();
    for (int64_t first = 0;
         status == CNN_OK && first < cnn_dataset_count(walk->dataset);
         first += net->max_batch)
        status = run_batch(walk, first, visit, data);
    cnn__gemm_leave();
    return status;
}

double cnn__walk_loss(const cnn__walk *walk)
{
    return walk->net->reduction == CNN_REDUCE_MEAN && walk->weight > 0.0
               ? walk->loss / walk->weight
               : walk->loss;
}
