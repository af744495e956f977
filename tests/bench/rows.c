#include "bench/rows.h"

#include <stdlib.h>

typedef struct work {
    cnn_net *net;
    cnn_optim *optim;
    int32_t batch;
    float *x, *y;
    int32_t *labels;
} work;

static void step(void *data)
{
    work *w = data;

    if (cnn_net_train_step(w->net, w->optim, w->batch, w->x, w->labels, NULL) !=
        CNN_OK)
        bench_fail("step");
}

static void forward(void *data)
{
    work *w = data;

    if (cnn_net_predict(w->net, w->batch, w->x, w->y) != CNN_OK)
        bench_fail("predict");
}

void row_measure(row *r, int rounds, bool splits)
{
    const int32_t N = r->size.batch;
    cnn_shape out;

    if (cnn_set_num_threads(r->threads) != CNN_OK)
        bench_fail("threads");
    /* A rate of zero is as much work as any other, and the weights stay. */
    work w = {.net = network_build(r->network, &r->size),
              .optim = cnn_sgd_create(0.0f, NULL),
              .batch = N};
    if (w.optim == NULL || cnn_net_out_shape(w.net, &out) != CNN_OK)
        bench_fail("optimiser");
    w.x = network_images(w.net, N);
    w.y = bench_alloc((size_t)N * (size_t)out.c * sizeof(float));
    w.labels = network_labels(w.net, N);
    r->forward_flop = N * network_forward_flop(w.net);
    r->step_flop = N * network_step_flop(w.net);
    r->step = times_measure(step, &w, rounds);
    r->forward = times_measure(forward, &w, rounds);
    if (splits)
        r->split = split_measure(w.net, step, &w, rounds, r->threads);
    free(w.labels);
    free(w.y);
    free(w.x);
    cnn_optim_free(w.optim);
    cnn_net_free(w.net);
}

double row_share(const row *r, double flop, const times *t, double peak)
{
    return flop / t->min / (1e9 * peak * r->threads);
}
