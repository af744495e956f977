/* Nets with branches against their layers run one by one, each into arrays of
 * its own: the same bits, though the net shares memory, works in place, fuses
 * layers, and gradients are written over. What is dead is overwritten with NaN.
 */
#include <string.h>

#include "cnn/graph.h"
#include "math/gemm.h"
#include "net/net_impl.h"
#include "support/graphs.h"

enum { N = 3, GRAPHS = 300, MOST = 40 };

/* The same pass, layer by layer. */
typedef struct by_hand {
    const cnn_net *net;
    const float *x;
    float *dx;
    float *y[MOST], *dy[MOST]; /* dy is NULL before the first */
    bool reached;              /* dx has a gradient */
} by_hand;

static size_t floats(const cnn_layer *layer)
{
    return N * cnn__shape_size(&layer->out);
}

static const float *input(const by_hand *h, int32_t from)
{
    return from >= 0 ? h->y[from] : h->x;
}

static void forward(by_hand *h, const cnn__run *run)
{
    for (int32_t i = 0; i < h->net->count; i++) {
        const cnn_layer *layer = h->net->layers[i];
        const float *x[4 * MOST];

        for (int32_t k = 0; k < layer->from_count; k++)
            x[k] = input(h, layer->from[k]);
        h->y[i] = test_malloc(floats(layer) * sizeof(float));
        if (layer->ops->join != NULL)
            layer->ops->join->forward(layer, run, x, h->y[i]);
        else
            layer->ops->forward(layer, run, x[0], h->y[i]);
    }
}

/* Adds a gradient to what higher layers gave. */
static void flow(by_hand *h, int32_t from, const float *dx)
{
    const size_t n = from >= 0 ? floats(h->net->layers[from])
                               : N * cnn__shape_size(&h->net->in);
    float *to = from >= 0 ? h->dy[from] : h->reached ? h->dx : NULL;

    if (to == NULL) {
        to = from >= 0 ? test_malloc(n * sizeof(float)) : h->dx;
        memcpy(to, dx, n * sizeof(float));
    } else
        for (size_t i = 0; i < n; i++)
            to[i] += dx[i];
    if (from >= 0)
        h->dy[from] = to;
    else
        h->reached = true;
}

static void backward(by_hand *h, const cnn__run *run, const float *dy)
{
    static float dx[1 << 16];

    h->dy[h->net->count - 1] = memcpy(
        test_malloc(floats(h->net->layers[h->net->count - 1]) * sizeof(float)),
        dy, N * GRAPH_CLASSES * sizeof(float));
    for (int32_t i = h->net->count - 1; i >= 0; i--) {
        const cnn_layer *layer = h->net->layers[i];

        for (int32_t k = 0; k < layer->from_count; k++) {
            const bool join = layer->ops->join != NULL;

            if (join && layer->ops->join->backward != NULL)
                layer->ops->join->backward(layer, run, k, h->dy[i], dx);
            else if (!join)
                layer->ops->backward(layer, run, input(h, layer->from[0]),
                                     h->y[i], h->dy[i], dx);
            flow(h, layer->from[k],
                 join && layer->ops->join->backward == NULL ? h->dy[i] : dx);
        }
    }
}

static void close_hand(by_hand *h)
{
    for (int32_t i = 0; i < h->net->count; i++) {
        test_free(h->y[i]);
        if (h->dy[i] != NULL)
            test_free(h->dy[i]);
    }
}

static cnn_net *open_net(uint64_t seed)
{
    cnn_net *net = random_graph(seed, false);

    build(net, &graph_shape, N, seed);
    assert_in_range(net->count, 3, MOST);
    net->pass.poison = true;
    return net;
}

/* A training pass there and back. */
static void training(void **state)
{
    const size_t X = N * cnn__shape_size(&graph_shape);
    int32_t joins = 0;

    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        cnn_net *net = open_net(seed), *twin = open_net(seed);
        float *x = uniform(X, seed), *dy = uniform(N * GRAPH_CLASSES, seed + 1);
        float *dx = uniform(X, 0), *hand_dx = uniform(X, 0);
        by_hand h = {.net = twin, .x = x, .dx = hand_dx};

        assert_int_equal(cnn_net_forward(net, CNN_TRAIN, N, x), CNN_OK);
        assert_int_equal(cnn_net_backward_input(net, N, x, dy, dx), CNN_OK);
        cnn__run run = twin->pass.run;
        cnn__run_count(&run, 1);
        run.batch = N;
        run.flags = CNN_TRAIN;
        cnn__gemm_enter();
        forward(&h, &run);
        backward(&h, &run, dy);
        cnn__gemm_leave();
        assert_same_bits(cnn_net_output(net), h.y[net->count - 1],
                         N * GRAPH_CLASSES);
        assert_same_bits(net->params.grad, twin->params.grad,
                         net->params.count);
        assert_same_bits(net->params.fixed, twin->params.fixed,
                         net->params.fixed_count);
        assert_same_bits(dx, hand_dx, X);
        for (int32_t i = 0; i < net->count; i++)
            joins += net->layers[i]->ops->join != NULL;
        close_hand(&h);
        test_free(x);
        test_free(dy);
        test_free(dx);
        test_free(hand_dx);
        cnn_net_free(net);
        cnn_net_free(twin);
    }
    assert_true(joins > GRAPHS);
}

/* The outputs of a session, whose arrays share memory. */
static void inference(void **state)
{
    const size_t X = cnn__shape_size(&graph_shape);

    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        cnn_net *net = open_net(seed);
        cnn__pass pass = {0};
        cnn__arena arena = {0};
        float *x = uniform(2 * N * X, seed);
        float want[2 * N * GRAPH_CLASSES], got[2 * N * GRAPH_CLASSES];

        assert_int_equal(
            cnn__pass_start(&pass, net->layers, net->count, N, false), CNN_OK);
        cnn__pass_plan(&pass, N, false, 1, &arena);
        arena = (cnn__arena){.base = cnn__alloc(arena.used)};
        cnn__pass_plan(&pass, N, false, 1, &arena);
        pass.poison = true;
        assert_int_equal(cnn_net_predict(net, 2 * N, x, want), CNN_OK);
        cnn__pass_predict(&pass, N, 2 * N, x, got);
        assert_same_bits(got, want, 2 * N * GRAPH_CLASSES);
        cnn__pass_free(&pass);
        cnn__free(arena.base);
        test_free(x);
        cnn_net_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training),
        cmocka_unit_test(inference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
