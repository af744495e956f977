/* Loss, correct guesses and confusion matrix over a dataset. */
#include <math.h>
#include <string.h>

#include "cnn/trainer.h"
#include "data/dataset_impl.h"
#include "math/gemm.h"
#include "net/net_impl.h"
#include "train/loss.h"
#include "train/rows.h"
#include "train/step.h"

/* The index of the largest output; -1 if one is NaN. All are NaN if the largest
 * input of a softmax that belongs to the loss is infinite. */
static int32_t guess_of(const cnn_net *net, const float *y, size_t K)
{
    const int32_t best = cnn__guess(net->loss, y, K);
    const bool folded = cnn__scored_layers(net) < net->count;

    return folded && best >= 0 && !isfinite(y[best]) ? -1 : best;
}

/* Adds the guesses about a batch with labels. */
static void count_guesses(const cnn_net *net, const cnn__outcome *o,
                          cnn_metrics *sum, int64_t *confusion)
{
    for (int32_t n = 0; n < o->N; n++) {
        const int32_t guess = guess_of(net, o->y + (size_t)n * o->K, o->K);

        sum->correct += guess == o->labels[n];
        if (confusion != NULL && guess >= 0)
            confusion[(size_t)o->labels[n] * o->K + (size_t)guess]++;
    }
}

/* An evaluation under way. */
typedef struct evaluation {
    cnn_net *net;
    const cnn_dataset *dataset;
    cnn__rows rows;
    cnn_metrics sum;
    double weight;      /* of all samples so far */
    int64_t *confusion; /* NULL: not wanted */
} evaluation;

/* Lists the samples of the batch that begins with `first`, and returns their
 * number. */
static int32_t list_batch(const evaluation *e, int64_t first)
{
    const int32_t most = e->net->max_batch;
    const int64_t rest = cnn_dataset_count(e->dataset) - first;
    const int32_t N = rest < most ? (int32_t)rest : most;

    for (int32_t n = 0; n < N; n++)
        e->rows.index[n] = first + n;
    return N;
}

/* Checked each time: the caller may have written to the labels since they were
 * wrapped. */
static cnn_status check_all_labels(const evaluation *e)
{
    const size_t outputs = cnn__shape_size(&e->net->out);

    for (int64_t first = 0; first < cnn_dataset_count(e->dataset);
         first += e->net->max_batch) {
        const int32_t N = list_batch(e, first);

        CNN__TRY(cnn_dataset_read(e->dataset, N, e->rows.index, NULL,
                                  e->rows.labels));
        CNN__TRY(cnn__check_labels(e->rows.labels, first, N, outputs));
    }
    return CNN_OK;
}

/* Adds the results of the batch that begins with sample `first`. */
static cnn_status run_batch(evaluation *e, int64_t first)
{
    const cnn__criterion criterion = cnn__net_criterion(e->net);
    const int32_t N = list_batch(e, first);
    cnn_batch b;

    CNN__TRY(cnn__rows_read(&e->rows, e->dataset, N, &b));
    CNN__TRY(cnn__check_batch_of(e->net, &b));
    cnn__pass_forward(&e->net->pass, cnn__scored_layers(e->net), 0, N, b.x);
    const cnn__outcome o = {.N = N,
                            .K = cnn__shape_size(&e->net->out),
                            .y = cnn__scored(e->net, b.x),
                            .labels = b.labels,
                            .targets = b.targets,
                            .weights = b.weights};
    e->sum.loss += cnn__loss(&criterion, &o, 1.0f, NULL);
    e->sum.count += N;
    e->weight += cnn__total_weight(b.weights, N);
    if (b.labels != NULL)
        count_guesses(e->net, &o, &e->sum, e->confusion);
    else
        e->sum.correct += cnn__hits(&criterion, &o);
    return CNN_OK;
}

static cnn_status run_all(evaluation *e)
{
    const size_t K = cnn__shape_size(&e->net->out);
    cnn_status status = CNN_OK;

    if (e->rows.labels != NULL)
        CNN__TRY(check_all_labels(e));
    if (e->confusion != NULL)
        memset(e->confusion, 0, K * K * sizeof(*e->confusion));
    e->net->ran = 0;
    e->net->trained = 0;
    cnn__gemm_enter();
    for (int64_t first = 0;
         status == CNN_OK && first < cnn_dataset_count(e->dataset);
         first += e->net->max_batch)
        status = run_batch(e, first);
    cnn__gemm_leave();
    return status;
}

static cnn_status check_arguments(const cnn_net *net,
                                  const cnn_dataset *dataset,
                                  const cnn_metrics *out,
                                  const int64_t *confusion)
{
    CNN__TRY(cnn__net_check_built(net));
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, "net_evaluate");
    if (out == NULL)
        return cnn__fail(CNN_EINVAL, "net_evaluate: out is NULL");
    CNN__TRY(cnn__check_loss(net));
    CNN__TRY(cnn__check_dataset(net, dataset));
    if (confusion != NULL && cnn__dataset_target_floats(dataset) > 0)
        return cnn__fail(CNN_EINVAL, "net_evaluate: a confusion matrix is of "
                                     "labels, the dataset has targets");
    return CNN_OK;
}

cnn_status cnn_net_evaluate(cnn_net *net, const cnn_dataset *dataset,
                            cnn_metrics *out, int64_t *confusion)
{
    cnn__arena arena = {0};

    CNN__TRY(check_arguments(net, dataset, out, confusion));
    cnn__rows_lay_out(dataset, (size_t)net->max_batch, &arena);
    void *memory = cnn__alloc(arena.used);
    if (memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = memory};
    evaluation e = {
        .net = net,
        .dataset = dataset,
        .rows = cnn__rows_lay_out(dataset, (size_t)net->max_batch, &arena),
        .confusion = confusion};
    const cnn_status status = run_all(&e);
    cnn__free(memory);
    if (status != CNN_OK)
        return status;
    if (net->reduction == CNN_REDUCE_MEAN && e.weight > 0.0)
        e.sum.loss /= e.weight;
    *out = e.sum;
    return CNN_OK;
}
