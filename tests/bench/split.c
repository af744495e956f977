#include "bench/split.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/split_parts.h"
#include "layers/layer_impl.h"

const char *const split_names[PARTS] = {
    [IM2COL] = "im2col",     [SGEMM] = "sgemm",
    [COL2IM] = "col2im",     [DIRECT] = "direct",
    [WINOGRAD] = "winograd", [CONVOLUTION] = "convolution",
    [DENSE] = "dense",       [ELEMENTWISE] = "elementwise",
    [POOLING] = "pooling",   [LOSS] = "loss",
    [UPDATE] = "update",     [OTHER] = "other",
    [WAITING] = "waiting",
};

/* ------------------------------------------------------------- parts --- */

#define NOWHERE PARTS /* a worker between two chunks */

static atomic_bool counting;
static atomic_llong spent[PARTS + 1]; /* nanoseconds of all threads */
static _Thread_local int now_at = NOWHERE;
static _Thread_local int64_t since;

static void move_to(int part)
{
    const int64_t now = (int64_t)(1e9 * bench_now());

    if (now_at != NOWHERE)
        atomic_fetch_add(&spent[now_at], now - since);
    now_at = part;
    since = now;
}

int split_now(void)
{
    return now_at;
}

int split_enter(int part)
{
    const int before = now_at;

    if (atomic_load(&counting))
        move_to(part);
    return before;
}

void split_leave(int before)
{
    if (atomic_load(&counting))
        move_to(before);
}

/* ------------------------------------------------------------ layers --- */

/* Stands in for the operations of a layer. */
typedef struct probe {
    cnn__layer_ops ops;
    const cnn__layer_ops *real;
    int part;
    double forward, backward;
} probe;

static int part_of(const char *kind)
{
    static const struct {
        const char *kind;
        int part;
    } parts[] = {
        {"conv2d", CONVOLUTION},     {"dense", DENSE},
        {"activation", ELEMENTWISE}, {"softmax", ELEMENTWISE},
        {"rbf", ELEMENTWISE},        {"maxpool2d", POOLING},
        {"avgpool2d", POOLING},      {"subsample2d", POOLING},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strcmp(parts[i].kind, kind) == 0)
            return parts[i].part;
    return OTHER;
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    probe *p = (probe *)layer->ops;
    const double start = bench_now();
    const int before = split_enter(p->part);

    p->real->forward(layer, run, x, y);
    split_leave(before);
    p->forward += bench_now() - start;
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    probe *p = (probe *)layer->ops;
    const double start = bench_now();
    const int before = split_enter(p->part);

    p->real->backward(layer, run, x, y, dy, dx);
    split_leave(before);
    p->backward += bench_now() - start;
}

/* Fused to another layer, and in any thread: these count for the part, and in
 * the time of that layer. */
static void forward_samples(const cnn_layer *layer, int32_t n, const float *x,
                            float *y)
{
    const probe *p = (const probe *)layer->ops;
    const int before = split_enter(p->part);

    p->real->samples->forward(layer, n, x, y);
    split_leave(before);
}

static void backward_samples(const cnn_layer *layer, int32_t n, const float *x,
                             const float *y, const float *dy, float *dx)
{
    const probe *p = (const probe *)layer->ops;
    const int before = split_enter(p->part);

    p->real->samples->backward(layer, n, x, y, dy, dx);
    split_leave(before);
}

static const cnn__sample_ops samples = {forward_samples, backward_samples};

static void forward_floats(const cnn_layer *layer, size_t n, const float *x,
                           float *y)
{
    const probe *p = (const probe *)layer->ops;
    const int before = split_enter(p->part);

    p->real->pointwise->forward(layer, n, x, y);
    split_leave(before);
}

static void backward_floats(const cnn_layer *layer, size_t n, const float *y,
                            const float *dy, float *dx)
{
    const probe *p = (const probe *)layer->ops;
    const int before = split_enter(p->part);

    p->real->pointwise->backward(layer, n, y, dy, dx);
    split_leave(before);
}

static bool bounds(const cnn_layer *layer, float *low, float *high)
{
    return ((const probe *)layer->ops)
        ->real->pointwise->bounds(layer, low, high);
}

static const cnn__pointwise_ops pointwise = {forward_floats, backward_floats,
                                             bounds};

static bool argmax_fits(const cnn_layer *layer)
{
    return ((const probe *)layer->ops)->real->argmax->fits(layer);
}

static void forward_argmax(const cnn_layer *layer, int32_t n, const float *x,
                           float *y, uint8_t *argmax)
{
    const probe *p = (const probe *)layer->ops;
    const int before = split_enter(p->part);

    p->real->argmax->forward(layer, n, x, y, argmax);
    split_leave(before);
}

static void backward_argmax(const cnn_layer *layer, int32_t n,
                            const uint8_t *argmax, const float *dy, float *dx)
{
    const probe *p = (const probe *)layer->ops;
    const int before = split_enter(p->part);

    p->real->argmax->backward(layer, n, argmax, dy, dx);
    split_leave(before);
}

static const cnn__argmax_ops argmax = {argmax_fits, forward_argmax,
                                       backward_argmax};

/* What may be missing stays so: it tells what a layer can do. */
static void attach_fused(cnn__layer_ops *ops)
{
    ops->samples = ops->samples != NULL ? &samples : NULL;
    ops->pointwise = ops->pointwise != NULL ? &pointwise : NULL;
    ops->argmax = ops->argmax != NULL ? &argmax : NULL;
}

static probe *attach(cnn_net *net, int count)
{
    probe *probes = bench_alloc((size_t)count * sizeof(*probes));

    for (int i = 0; i < count; i++) {
        cnn_layer *layer = cnn_net_layer(net, i);
        probe *p = &probes[i];

        p->real = layer->ops;
        p->part = part_of(layer->ops->kind);
        p->ops = *layer->ops;
        p->ops.forward = forward;
        p->ops.backward = backward;
        attach_fused(&p->ops);
        layer->ops = &p->ops;
    }
    return probes;
}

static void detach(cnn_net *net, probe *probes, int count)
{
    for (int i = 0; i < count; i++)
        cnn_net_layer(net, i)->ops = probes[i].real;
    free(probes);
}

/* ----------------------------------------------------------- measure --- */

/* One call, from the moment that all counts are zero. */
static split count_once(timed_call call, void *data, probe *probes, int layers)
{
    split s = {.layers = layers};

    for (int i = 0; i <= PARTS; i++)
        atomic_store(&spent[i], 0);
    for (int i = 0; i < layers; i++)
        probes[i].forward = probes[i].backward = 0.0;
    const double start = bench_now();
    atomic_store(&counting, true);
    const int before = split_enter(OTHER);
    call(data);
    split_leave(before);
    atomic_store(&counting, false);
    s.wall = bench_now() - start;
    for (int i = 0; i < PARTS; i++)
        s.parts[i] = 1e-9 * (double)atomic_load(&spent[i]);
    for (int i = 0; i < layers; i++) {
        s.layer[i].kind = probes[i].real->kind;
        s.layer[i].forward = probes[i].forward;
        s.layer[i].backward = probes[i].backward;
    }
    return s;
}

split split_measure(cnn_net *net, timed_call call, void *data, int rounds,
                    int threads)
{
    const int all = cnn_net_layer_count(net);
    const int layers = all < SPLIT_LAYERS ? all : SPLIT_LAYERS;
    probe *probes = attach(net, layers);
    split best = {0};

    call(data);
    for (int i = 0; i < rounds; i++) {
        const split s = count_once(call, data, probes, layers);

        if (i == 0 || s.wall < best.wall)
            best = s;
    }
    detach(net, probes, layers);
    /* What a thread does not work it waits, wherever. */
    best.parts[WAITING] = threads * best.wall;
    for (int i = 0; i < WAITING; i++)
        best.parts[WAITING] -= best.parts[i];
    return best;
}
