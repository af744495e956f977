/* Nets with branches at work: odd graphs, frozen layers, what is at the top. */
#include <string.h>

#include "cnn/graph.h"
#include "cnn/parts.h"
#include "cnn/session.h"
#include "math/gemm.h"
#include "net/net_impl.h"
#include "support/graphs.h"

enum { N = 3 };

static int32_t join(cnn_net *net, int32_t kind, int32_t a, int32_t b)
{
    return cnn_net_join(net, kind, 2, (const int32_t[]){a, b});
}

static cnn_layer *conv(int32_t filters)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};

    return cnn_conv2d_create(filters, 3, 3, &same);
}

/* ---------------------------------------------------------- odd graphs --- */

/* The input, joined with itself, is all: there is nothing to learn. */
static void only_a_join(void **state)
{
    const cnn_shape in = {2, 1, 2};
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const float twice[] = {2, 4, 6, 8, 10, 12, 14, 16};
    const float beside[] = {1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8};
    const float dy[] = {1, 2, 3, 4, 10, 20, 30, 40, 5, 6, 7, 8, 50, 60, 70, 80};
    const float split[] = {11, 22, 33, 44, 55, 66, 77, 88};

    (void)state;
    for (int32_t kind = CNN_JOIN_ADD; kind <= CNN_JOIN_CONCAT; kind++) {
        cnn_net *net = cnn_net_create();
        const bool adds = kind == CNN_JOIN_ADD;
        const size_t Y = adds ? 8 : 16;
        float y[16], dx[8];

        assert_int_equal(join(net, kind, CNN_NET_INPUT, CNN_NET_INPUT), 0);
        build(net, &in, 2, 1);
        net->pass.poison = true;
        assert_int_equal(cnn_net_predict(net, 2, x, y), CNN_OK);
        assert_same_bits(y, adds ? twice : beside, Y);
        cnn_session *session = cnn_session_create(net, 2);
        memset(y, 0, sizeof(y));
        assert_int_equal(cnn_session_predict(session, 2, x, y), CNN_OK);
        assert_same_bits(y, adds ? twice : beside, Y);
        cnn_session_free(session);
        assert_int_equal(cnn_net_forward(net, CNN_TRAIN, 2, x), CNN_OK);
        assert_int_equal(cnn_net_backward(net, 2, x, dy), CNN_OK);
        assert_int_equal(cnn_net_backward_input(net, 2, x, adds ? x : dy, dx),
                         CNN_OK);
        assert_same_bits(dx, adds ? twice : split, 8);
        cnn_net_free(net);
    }
}

/* 1x1x2: x0 = x + x + x; x1 = tanh(x0); y = (x1 + x) + x0, all by hand. */
static void the_input_in_several_joins(void **state)
{
    const float x[] = {0.25f, -0.5f}, dy[] = {1.0f, -2.0f};
    cnn_net *net = cnn_net_create();
    float t[2], three[2], y[2], dx[2];

    (void)state;
    cnn_net_join(net, CNN_JOIN_ADD, 3, (const int32_t[]){-1, -1, -1});
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_join(net, CNN_JOIN_ADD, 3, (const int32_t[]){1, -1, 0});
    build(net, &(cnn_shape){1, 1, 2}, 1, 1);
    assert_int_equal(cnn_net_predict_layer(net, 0, 1, x, three), CNN_OK);
    assert_int_equal(cnn_net_predict_layer(net, 1, 1, x, t), CNN_OK);
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, 1, x), CNN_OK);
    assert_int_equal(cnn_net_backward_input(net, 1, x, dy, dx), CNN_OK);
    for (int i = 0; i < 2; i++) {
        y[i] = t[i] + x[i] + three[i];
        assert_true(three[i] == 3.0f * x[i]);
        /* dy goes to x, to x0, and to tanh; x0 goes to x three times. */
        const float slope = dy[i] + 3.0f * (dy[i] + dy[i] * (1 - t[i] * t[i]));
        assert_near(&dx[i], &slope, 1, 0.0, 0x1p-21);
    }
    assert_same_bits(cnn_net_output(net), y, 2);
    cnn_net_free(net);
}

/* ------------------------------------------------------------- the top --- */

/* A softmax, or a sigmoid, on top is part of its loss: one step changes the
 * parameters by the bits of the net that ends below it. */
static void folded_on_top(void **state)
{
    const size_t X = cnn__shape_size(&graph_shape);
    float *x = uniform(N * X, 1);
    int32_t labels[N];

    (void)state;
    fill_labels(labels, N, GRAPH_CLASSES, 2);
    for (uint64_t seed = 0; seed < 40; seed++) {
        const bool softmax = seed % 2 == 0;
        cnn_net *net = random_graph(seed, false);
        cnn_net *bare = random_graph(seed, false);
        cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
        cnn_metrics m, n;

        cnn_net_add(net, softmax ? cnn_softmax_create()
                                 : cnn_activation_create(CNN_SIGMOID, NULL));
        for (int i = 0; i < 2 && !softmax; i++)
            cnn_net_set_loss(i ? net : bare, CNN_LOSS_BINARY_CROSS_ENTROPY,
                             CNN_REDUCE_MEAN);
        build(net, &graph_shape, N, 7);
        build(bare, &graph_shape, N, 7);
        net->pass.poison = true;
        assert_int_equal(cnn_net_train_step(net, optim, N, x, labels, &m),
                         CNN_OK);
        assert_int_equal(cnn_net_train_step(bare, optim, N, x, labels, &n),
                         CNN_OK);
        assert_true(m.loss == n.loss);
        assert_same_bits(cnn_net_params(net), cnn_net_params(bare),
                         cnn_net_param_count(bare));
        cnn_optim_free(optim);
        cnn_net_free(net);
        cnn_net_free(bare);
    }
    test_free(x);
}

/* -------------------------------------------------------------- frozen --- */

/* Layers 0 (conv), 1 (batch normalisation, then tanh 2) and 3 (conv) are side
 * by side on a stem 0; 4 joins 2 and 3, and 5 is the top. */
static cnn_net *two_branches(int32_t kind)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, conv(4));
    cnn_net_append(net, 0, cnn_batchnorm_create(NULL));
    cnn_net_append(net, 1, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_append(net, 0, conv(4));
    join(net, kind, 2, 3);
    cnn_net_add(net, cnn_dense_create(GRAPH_CLASSES, NULL));
    build(net, &graph_shape, N, 7);
    net->pass.poison = true;
    return net;
}

static void step(cnn_net *net, const float *x)
{
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    int32_t labels[N];

    fill_labels(labels, N, GRAPH_CLASSES, 2);
    assert_int_equal(cnn_net_train_step(net, optim, N, x, labels, NULL),
                     CNN_OK);
    cnn_optim_free(optim);
}

static void assert_same_params(cnn_net *net, cnn_net *other, int32_t layer)
{
    cnn_layer *got = cnn_net_layer(net, layer);
    cnn_layer *want = cnn_net_layer(other, layer);

    assert_same_bits(cnn_layer_params(got), cnn_layer_params(want),
                     cnn_layer_param_count(want));
}

static bool has_grads(cnn_net *net, int32_t layer)
{
    cnn_layer *l = cnn_net_layer(net, layer);

    for (size_t i = 0; i < cnn_layer_param_count(l); i++)
        if (cnn_layer_grads(l)[i] != 0.0f)
            return true;
    return false;
}

/* With its parameters frozen, one branch still takes part in the passes: all
 * others learn what they learn in the net that learns everywhere. */
static void a_frozen_branch(void **state)
{
    const size_t X = cnn__shape_size(&graph_shape);
    float *x = uniform(N * X, 1);

    (void)state;
    for (int32_t kind = CNN_JOIN_ADD; kind <= CNN_JOIN_CONCAT; kind++)
        for (int32_t frozen = 0; frozen < 4; frozen++) {
            const int32_t layer = (const int32_t[]){0, 1, 3, 5}[frozen];
            cnn_net *net = two_branches(kind), *all = two_branches(kind);
            cnn_net *before = two_branches(kind);

            cnn_layer_set_frozen(cnn_net_layer(net, layer), CNN_FROZEN_PARAMS);
            step(net, x);
            step(all, x);
            for (int32_t i = 0; i < 6; i++)
                assert_same_params(net, i == layer ? before : all, i);
            assert_true(has_grads(all, layer));
            assert_same_bits(net->params.fixed, all->params.fixed, 8);
            cnn_net_free(before);
            cnn_net_free(net);
            cnn_net_free(all);
        }
    test_free(x);
}

/* Frozen altogether, normalisation runs as when predicting, and its branch is a
 * function of the stem like any other. Slopes say that the gradients are. */
static void gradients_past_frozen_layers(void **state)
{
    const size_t X = cnn__shape_size(&graph_shape);
    float *x = uniform(N * X, 1);
    int32_t labels[N];

    (void)state;
    fill_labels(labels, N, GRAPH_CLASSES, 2);
    for (int32_t frozen = CNN_LEARNING; frozen <= CNN_FROZEN_PARAMS; frozen++)
        for (int32_t n = 0; n < 2 * 6; n++) {
            const int32_t layer = n / 2, kind = CNN_JOIN_ADD + n % 2;
            const cnn_batch batch = {.struct_size = sizeof(batch),
                                     .count = N,
                                     .x = x,
                                     .labels = labels};
            cnn_gradcheck_result r = {.struct_size = sizeof(r)};
            cnn_net *net = two_branches(kind);

            cnn_layer_set_frozen(cnn_net_layer(net, layer), frozen);
            assert_int_equal(cnn_net_gradcheck(net, &batch, NULL, &r), CNN_OK);
            if (!(r.error < 1e-3))
                fail_msg("frozen %d: layer %d is off by %g", layer, r.layer,
                         r.error);
            cnn_net_free(net);
        }
    test_free(x);
}

/* Below all that learns, backward does nothing: not even where it would have to
 * add up. The stem's gradients, filled by hand, stay. */
static void spared_below(void **state)
{
    const size_t X = cnn__shape_size(&graph_shape);
    cnn_net *net = two_branches(CNN_JOIN_ADD);
    float *x = uniform(N * X, 1), *dy = uniform(N * GRAPH_CLASSES, 2);
    float *dx = uniform(N * X, 3);

    (void)state;
    for (int32_t i = 0; i < 4; i++)
        cnn_layer_set_frozen(cnn_net_layer(net, i), CNN_FROZEN);
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, N, x), CNN_OK);
    assert_int_equal(cnn_net_backward(net, N, x, dy), CNN_OK);
    assert_true(net->pass.back.nodes[5].wanted);
    for (int32_t i = 0; i < 5; i++)
        assert_false(net->pass.back.nodes[i].wanted);
    assert_true(has_grads(net, 5));
    /* One branch that learns is enough, and the other is still spared. */
    cnn_layer_set_frozen(cnn_net_layer(net, 3), CNN_LEARNING);
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, N, x), CNN_OK);
    assert_int_equal(cnn_net_backward(net, N, x, dy), CNN_OK);
    for (int32_t i = 0; i < 6; i++)
        assert_int_equal(net->pass.back.nodes[i].wanted, i >= 3);
    assert_true(has_grads(net, 3));
    /* And so is the wish for the gradient of the input, down to there. */
    assert_int_equal(cnn_net_backward_input(net, N, x, dy, dx), CNN_OK);
    for (int32_t i = 0; i < 6; i++)
        assert_true(net->pass.back.nodes[i].wanted);
    cnn_net_free(net);
    test_free(x);
    test_free(dy);
    test_free(dx);
}

/* ------------------------------------------------------------- looking --- */

/* Each layer's output, asked for alone, is what the layers before it give: a
 * pass of another net that ends there, and shows what is hidden. */
static void each_node(void **state)
{
    const size_t X = cnn__shape_size(&graph_shape);
    float *x = uniform((N + 2) * X, 1);

    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        cnn_net *net = random_graph(seed, false);
        cnn_net *shown = random_graph(seed, false);

        build(net, &graph_shape, N, seed);
        build(shown, &graph_shape, N, seed);
        assert_int_equal(cnn_net_watch(shown, 1), CNN_OK);
        for (int32_t i = 0; i < cnn_net_layer_count(net); i++) {
            const size_t Y = cnn__shape_size(&net->layers[i]->out);
            float *y = uniform((N + 2) * Y, 1);

            assert_int_equal(cnn_net_predict_layer(net, i, N + 2, x, y),
                             CNN_OK);
            cnn__gemm_enter();
            cnn__pass_forward(&shown->pass, i + 1, 0, N, x);
            assert_same_bits(y, shown->pass.y[i], N * Y);
            cnn__pass_forward(&shown->pass, i + 1, 0, 2, x + N * X);
            assert_same_bits(y + N * Y, shown->pass.y[i], 2 * Y);
            cnn__gemm_leave();
            test_free(y);
        }
        cnn_net_free(net);
        cnn_net_free(shown);
    }
    test_free(x);
}

/* ------------------------------------------------------------- threads --- */

/* A batch of several chunks: y, dx and all gradients, one behind the other. */
static float *pass_with(int32_t threads, uint64_t seed, size_t *size)
{
    enum { MANY = 64 };
    const size_t X = MANY * cnn__shape_size(&graph_shape);
    const size_t Y = MANY * GRAPH_CLASSES;
    cnn_net *net = random_graph(seed, false);
    float *x = uniform(X, 1), *dy = uniform(Y, 2);

    assert_int_equal(cnn_set_num_threads(threads), CNN_OK);
    build(net, &graph_shape, MANY, seed);
    const size_t P = cnn_net_param_count(net);
    float *all = test_malloc((X + Y + P) * sizeof(float));
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, MANY, x), CNN_OK);
    memcpy(all + X, cnn_net_output(net), Y * sizeof(float));
    assert_int_equal(cnn_net_backward_input(net, MANY, x, dy, all), CNN_OK);
    memcpy(all + X + Y, cnn_net_grads(net), P * sizeof(float));
    *size = X + Y + P;
    test_free(x);
    test_free(dy);
    cnn_net_free(net);
    return all;
}

static void threads_agree(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        size_t size;
        float *want = pass_with(1, seed, &size);

        for (int32_t threads = 2; threads <= 4; threads++) {
            float *got = pass_with(threads, seed, &size);

            assert_same_bits(got, want, size);
            test_free(got);
        }
        test_free(want);
    }
    cnn_set_num_threads(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_join),
        cmocka_unit_test(the_input_in_several_joins),
        cmocka_unit_test(folded_on_top),
        cmocka_unit_test(a_frozen_branch),
        cmocka_unit_test(gradients_past_frozen_layers),
        cmocka_unit_test(spared_below),
        cmocka_unit_test(each_node),
        cmocka_unit_test(threads_agree),
    };

    return cmocka_run_group_tests_name("graph runs", tests, NULL, NULL);
}
