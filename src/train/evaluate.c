/* Loss, correct guesses and confusion matrix over a dataset. */
#include <math.h>
#include <string.h>

#include "cnn/trainer.h"
#include "math/gemm.h"
#include "net/net_impl.h"
#include "train/loss.h"
#include "train/step.h"

/* The arrays of one batch. */
typedef struct batch {
    float *x;
    int64_t *index;
    int32_t *labels;
} batch;

static batch lay_out(cnn__arena *arena, const cnn_net *net)
{
    const size_t N = (size_t)net->max_batch;

    return (batch){
        cnn__arena_floats(arena, cnn__size_mul(N, cnn__shape_size(&net->in))),
        cnn__arena_take(arena, N, sizeof(int64_t)),
        cnn__arena_take(arena, N, sizeof(int32_t)),
    };
}

/* The index of the largest output; -1 if one is NaN. All are NaN if the largest
 * input of a softmax that belongs to the loss is infinite. */
static int32_t guess_of(const cnn_net *net, const float *y, size_t K)
{
    const int32_t best = cnn__guess(net->loss, y, K);
    const bool folded = cnn__scored_layers(net) < net->count;

    return folded && best >= 0 && !isfinite(y[best]) ? -1 : best;
}

/* Adds the results of a batch to `sum`. */
static void score(const cnn_net *net, const cnn__outcome *o, cnn_metrics *sum,
                  int64_t *confusion)
{
    const cnn__criterion criterion = cnn__net_criterion(net);

    sum->loss += cnn__loss(&criterion, o, 1.0f, NULL);
    sum->count += o->N;
    for (int32_t n = 0; n < o->N; n++) {
        const int32_t guess = guess_of(net, o->y + (size_t)n * o->K, o->K);

        sum->correct += guess == o->labels[n];
        if (confusion != NULL && guess >= 0)
            confusion[(size_t)o->labels[n] * o->K + (size_t)guess]++;
    }
}

/* Lists the samples of the batch that begins with `first`, and returns their
 * number. */
static int32_t list_batch(const cnn_net *net, const cnn_dataset *dataset,
                          const batch *b, int64_t first)
{
    const int64_t rest = cnn_dataset_count(dataset) - first;
    const int32_t N = rest < net->max_batch ? (int32_t)rest : net->max_batch;

    for (int32_t n = 0; n < N; n++)
        b->index[n] = first + n;
    return N;
}

/* Checked each time: the caller may have written to the labels since they were
 * wrapped. */
static cnn_status check_all_labels(const cnn_net *net,
                                   const cnn_dataset *dataset, const batch *b)
{
    for (int64_t first = 0; first < cnn_dataset_count(dataset);
         first += net->max_batch) {
        const int32_t N = list_batch(net, dataset, b, first);

        CNN__TRY(cnn_dataset_read(dataset, N, b->index, NULL, b->labels));
        CNN__TRY(
            cnn__check_labels(b->labels, first, N, cnn__shape_size(&net->out)));
    }
    return CNN_OK;
}

/* Runs the batch that begins with sample `first`. */
static cnn_status run_batch(cnn_net *net, const cnn_dataset *dataset,
                            const batch *b, int64_t first, cnn__outcome *o)
{
    const int32_t end = cnn__scored_layers(net);

    *o = (cnn__outcome){.N = list_batch(net, dataset, b, first),
                        .K = cnn__shape_size(&net->out),
                        .y = cnn__scored(net, b->x),
                        .labels = b->labels};
    CNN__TRY(cnn_dataset_read(dataset, o->N, b->index, b->x, b->labels));
    cnn__pass_forward(&net->pass, end, 0, o->N, b->x);
    return CNN_OK;
}

static cnn_status run_all(cnn_net *net, const cnn_dataset *dataset,
                          const batch *b, cnn_metrics *sum, int64_t *confusion)
{
    const size_t K = cnn__shape_size(&net->out);
    cnn_status status = CNN_OK;

    if (confusion != NULL)
        memset(confusion, 0, K * K * sizeof(*confusion));
    net->ran = 0;
    net->trained = 0;
    cnn__gemm_enter();
    for (int64_t first = 0;
         status == CNN_OK && first < cnn_dataset_count(dataset);
         first += net->max_batch) {
        cnn__outcome outcome;

        status = run_batch(net, dataset, b, first, &outcome);
        if (status == CNN_OK)
            score(net, &outcome, sum, confusion);
    }
    cnn__gemm_leave();
    return status;
}

cnn_status cnn_net_evaluate(cnn_net *net, const cnn_dataset *dataset,
                            cnn_metrics *out, int64_t *confusion)
{
    cnn__arena arena = {0};
    cnn_metrics sum = {0};

    CNN__TRY(cnn__net_check_built(net));
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, "net_evaluate");
    if (out == NULL)
        return cnn__fail(CNN_EINVAL, "net_evaluate: out is NULL");
    CNN__TRY(cnn__check_dataset(net, dataset));
    lay_out(&arena, net);
    void *memory = cnn__alloc(arena.used);
    if (memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = memory};
    const batch b = lay_out(&arena, net);
    cnn_status status = check_all_labels(net, dataset, &b);
    if (status == CNN_OK)
        status = run_all(net, dataset, &b, &sum, confusion);
    cnn__free(memory);
    if (status != CNN_OK)
        return status;
    if (net->reduction == CNN_REDUCE_MEAN)
        sum.loss /= (double)sum.count;
    *out = sum;
    return CNN_OK;
}
