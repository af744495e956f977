/* Layers that do not learn: their parameters. How they run is looked at in
 * test_frozen_runs.c. */
#include <string.h>

#include "support/nets.h"

enum { N = 3, SIDE = 6, CLASSES = 4 };

static const cnn_shape shape = {1, SIDE, SIDE};

/* Layers that learn: 0 (conv), 1 (batchnorm), 3 (subsample2d), 4 (dense). */
static cnn_net *four_layers(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(3, 3, 3, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_subsample2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(CLASSES, NULL));
    build(net, &shape, N, 1);
    return net;
}

enum { LAYERS = 5 };

/* A net with one or more frozen layers beside one without, an optimiser with a
 * memory, and a batch. */
typedef struct fixture {
    cnn_net *net, *twin;
    cnn_optim *optim;
    float *x;
    int32_t labels[N];
} fixture;

static int set_up(void **state)
{
    fixture *f = test_calloc(1, sizeof(*f));

    f->net = four_layers();
    f->twin = four_layers();
    f->optim = cnn_adam_create(0.01f, NULL);
    f->x = uniform(N * SIDE * SIDE, 2);
    fill_labels(f->labels, N, CLASSES, 3);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    cnn_net_free(f->net);
    cnn_net_free(f->twin);
    cnn_optim_free(f->optim);
    test_free(f->x);
    test_free(f);
    return 0;
}

static void step(const fixture *f, cnn_net *net)
{
    assert_int_equal(
        cnn_net_train_step(net, f->optim, N, f->x, f->labels, NULL), CNN_OK);
}

static void freeze(cnn_net *net, int32_t layer, int32_t frozen)
{
    assert_int_equal(cnn_layer_set_frozen(cnn_net_layer(net, layer), frozen),
                     CNN_OK);
}

/* Whether all bits of a layer's parameters, or gradients, are as in `other`. */
static int same(cnn_net *net, cnn_net *other, int32_t i,
                float *(*of)(cnn_layer *))
{
    cnn_layer *layer = cnn_net_layer(net, i);

    return memcmp(of(layer), of(cnn_net_layer(other, i)),
                  cnn_layer_param_count(layer) * sizeof(float)) == 0;
}

/* The frozen layer alone stands still, wherever it is. */
static void keeps_its_bits(void **state)
{
    fixture *f = *state;

    for (int32_t frozen = 0; frozen < LAYERS; frozen++) {
        cnn_net *net = four_layers(), *fresh = four_layers();

        freeze(net, frozen, 1);
        for (int t = 0; t < 3; t++)
            step(f, net);
        for (int32_t i = 0; i < LAYERS; i++)
            if (cnn_layer_param_count(cnn_net_layer(net, i)) > 0)
                assert_int_equal(same(net, fresh, i, cnn_layer_params),
                                 i == frozen);
        cnn_net_free(net);
        cnn_net_free(fresh);
    }
}

/* The other layers' gradients do not notice; a frozen layer in the middle
 * passes on what comes down. */
static void others_learn_the_same(void **state)
{
    fixture *f = *state;

    freeze(f->net, 3, 1);
    step(f, f->net);
    step(f, f->twin);
    for (int32_t i = 0; i < LAYERS; i++)
        if (i != 2 && i != 3) {
            assert_true(same(f->net, f->twin, i, cnn_layer_grads));
            assert_true(same(f->net, f->twin, i, cnn_layer_params));
        }
}

static void assert_no_gradients(cnn_net *net, int32_t i)
{
    cnn_layer *layer = cnn_net_layer(net, i);

    for (size_t k = 0; k < cnn_layer_param_count(layer); k++)
        assert_true(cnn_layer_grads(layer)[k] == 0.0f);
}

/* Below the lowest layer that learns nothing is computed: no gradients, and
 * the running statistics of batchnorm do not follow. */
static void lower_passes_are_skipped(void **state)
{
    fixture *f = *state;
    float before[N * CLASSES], after[N * CLASSES];

    for (int32_t i = 0; i < 4; i++)
        freeze(f->net, i, 1);
    freeze(f->twin, 1, 1); /* so that the passes forward are the same */
    cnn_layer *dense = cnn_net_layer(f->net, 4);
    float *weights = copy_params(f->net);
    cnn_net_predict(f->net, N, f->x, before);
    step(f, f->net);
    step(f, f->twin);
    assert_true(same(f->net, f->twin, 4, cnn_layer_grads));
    assert_true(same(f->net, f->twin, 4, cnn_layer_params));
    for (int32_t i = 0; i < 4; i++)
        assert_no_gradients(f->net, i);
    /* With the dense layer set back, all is as it was. */
    assert_int_equal(cnn_layer_set_frozen(dense, 1), CNN_OK);
    memcpy(cnn_net_params(f->net), weights,
           cnn_net_param_count(f->net) * sizeof(float));
    cnn_net_predict(f->net, N, f->x, after);
    assert_same_bits(after, before, N * CLASSES);
    test_free(weights);
}

static void all_frozen(void **state)
{
    fixture *f = *state;
    cnn_metrics m, first;

    for (int32_t i = 0; i < LAYERS; i++)
        freeze(f->net, i, 1);
    for (int t = 0; t < 3; t++) {
        assert_int_equal(
            cnn_net_train_step(f->net, f->optim, N, f->x, f->labels, &m),
            CNN_OK);
        if (t == 0)
            first = m;
        assert_memory_equal(&m, &first, sizeof(m));
    }
    assert_same_bits(cnn_net_params(f->net), cnn_net_params(f->twin),
                     cnn_net_param_count(f->net));
}

/* Released, a layer begins as if training had just begun for it: with Adam's
 * memory fresh, its first step is the rate. */
static void released(void **state)
{
    fixture *f = *state;
    cnn_layer *dense = cnn_net_layer(f->net, 4);

    freeze(f->net, 4, 1);
    for (int t = 0; t < 3; t++)
        step(f, f->net);
    freeze(f->net, 4, 0);
    const float before = cnn_layer_params(dense)[0];
    step(f, f->net);
    const float moved = cnn_layer_params(dense)[0] - before;
    const float want = cnn_layer_grads(dense)[0] > 0.0f ? -0.01f : 0.01f;
    /* Beside 1e-8, and with the parameter rounded. */
    assert_near(&moved, &want, 1, 0x1p-23, 1e-4);
}

/* cnn_layer_update() does not move it either, and cnn_net_backward() is spared
 * too. */
static void by_hand(void **state)
{
    fixture *f = *state;
    cnn_layer *dense = cnn_net_layer(f->net, 4);
    float *before = copy_params(f->net), *dy = uniform(N * CLASSES, 5);

    for (int32_t i = 0; i < LAYERS; i++)
        freeze(f->net, i, i != 3);
    cnn_net_zero_grad(f->net);
    cnn_net_forward(f->net, CNN_TRAIN, N, f->x);
    assert_int_equal(cnn_net_backward(f->net, N, f->x, dy), CNN_OK);
    assert_no_gradients(f->net, 0);
    assert_no_gradients(f->net, 1);
    assert_true(cnn_layer_grads(cnn_net_layer(f->net, 3))[0] != 0.0f);
    cnn_layer_grads(dense)[0] = 1.0f;
    assert_int_equal(cnn_layer_update(dense, f->optim), CNN_OK);
    assert_same_bits(cnn_net_params(f->net), before,
                     cnn_net_param_count(f->net));
    test_free(before);
    test_free(dy);
}

static void errors(void **state)
{
    cnn_layer *layer = cnn_dense_create(1, NULL);

    (void)state;
    assert_failed(cnn_layer_set_frozen(layer, 3), CNN_EINVAL,
                  "layer_set_frozen: 3, expected 0 to 2");
    assert_failed(cnn_layer_set_frozen(layer, -1), CNN_EINVAL,
                  "-1, expected 0 to 2");
    assert_failed(cnn_layer_set_frozen(NULL, 1), CNN_EINVAL, "layer is NULL");
    assert_int_equal(cnn_layer_frozen(NULL), CNN_LEARNING);
    assert_int_equal(cnn_layer_frozen(layer), CNN_LEARNING);
    /* Before the build is fine too. */
    for (int32_t frozen = CNN_FROZEN_PARAMS; frozen >= CNN_LEARNING; frozen--) {
        assert_int_equal(cnn_layer_set_frozen(layer, frozen), CNN_OK);
        assert_int_equal(cnn_layer_frozen(layer), frozen);
    }
    cnn_layer_free(layer);
}

#define WITH_NETS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_NETS(keeps_its_bits),
        WITH_NETS(others_learn_the_same),
        WITH_NETS(lower_passes_are_skipped),
        WITH_NETS(all_frozen),
        WITH_NETS(released),
        WITH_NETS(by_hand),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("frozen", tests, NULL, NULL);
}
