/* Nets that are copied and taken apart. */
#include "cnn/parts.h"

#include <string.h>

#include "support/model_bytes.h"
#include "support/own_layer.h"
#include "support/training.h"

/* ------------------------------------------------------------ copies --- */

/* Both have the same file, and give the same for the same. */
static void assert_equal_nets(cnn_net *a, cnn_net *b)
{
    model_bytes m, n;

    model_of(&m, a);
    model_of(&n, b);
    assert_int_equal(m.size, n.size);
    assert_memory_equal(m.data, n.data, m.size);
    model_free(&m);
    model_free(&n);
}

static void check_copy(cnn_net *net, const cnn_shape *in)
{
    build(net, in, 3, 7);
    fill_uniform(cnn_net_params(net), cnn_net_param_count(net), 1);
    cnn_net_set_metadata(net, "key", "value");
    cnn_net_set_metadata(net, "another", "");
    cnn_net_set_loss(net, CNN_LOSS_MSE, CNN_REDUCE_SUM);
    cnn_layer_set_frozen(cnn_net_layer(net, 1), CNN_FROZEN_PARAMS);
    cnn_net *copy = cnn_net_copy(net, 5);
    assert_non_null(copy);
    assert_int_equal(cnn_net_max_batch(copy), 5);
    assert_int_equal(cnn_net_seed(copy), 7);
    assert_int_equal(cnn_layer_frozen(cnn_net_layer(copy, 1)),
                     CNN_FROZEN_PARAMS);
    assert_int_equal(cnn_layer_frozen(cnn_net_layer(copy, 0)), CNN_LEARNING);
    assert_equal_nets(net, copy);
    /* It shares nothing. */
    float *before = copy_params(copy);
    fill_uniform(cnn_net_params(net), cnn_net_param_count(net), 2);
    assert_same_bits(cnn_net_params(copy), before, cnn_net_param_count(copy));
    cnn_net_free(net);
    assert_same_bits(cnn_net_params(copy), before, cnn_net_param_count(copy));
    cnn_net_free(copy);
    test_free(before);
}

static cnn_net *own_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, own_layer(0.5f, CNN_BY_SAMPLES, NULL));
    cnn_net_add(net, cnn_dense_create(3, NULL));
    return net;
}

static void equal(void **state)
{
    (void)state;
    check_copy(conv_net(true), &conv_net_shape);
    check_copy(rich_net(), &tiny_shape);
    check_copy(classic_net(), &classic_shape);
    check_copy(own_net(), &tiny_shape);
}

/* Running statistics are no parameters, and there all the same. */
static void statistics_too(void **state)
{
    training t = {.net = rich_net()};

    (void)state;
    training_open(&t, 1);
    training_run(&t, 5);
    cnn_net *copy = cnn_net_copy(t.net, TINY_BATCH);
    assert_equal_nets(t.net, copy);
    cnn_net_free(copy);
    training_close(&t);
}

/* A copy is trained like the original, from the same parameters on. */
static void learns_the_same(void **state)
{
    cnn_net *net = conv_net(true);
    cnn_optim *sgd = cnn_sgd_create(0.05f, NULL);
    float *x = uniform(4 * CONV_NET_INPUT, 1);
    const cnn_loss_options smooth = {.struct_size = sizeof(smooth),
                                     .label_smoothing = 0.2f};
    int32_t labels[4];

    (void)state;
    fill_labels(labels, 4, CONV_NET_CLASSES, 2);
    cnn_net_set_loss_options(net, &smooth);
    build(net, &conv_net_shape, 4, 7);
    cnn_net *copy = cnn_net_copy(net, 4);
    for (int i = 0; i < 3; i++) {
        cnn_metrics a, b;

        assert_int_equal(cnn_net_train_step(net, sgd, 4, x, labels, &a),
                         CNN_OK);
        assert_int_equal(cnn_net_train_step(copy, sgd, 4, x, labels, &b),
                         CNN_OK);
        assert_true(a.loss == b.loss);
    }
    assert_same_bits(cnn_net_params(net), cnn_net_params(copy),
                     CONV_NET_PARAMS);
    cnn_net_free(copy);
    cnn_net_free(net);
    cnn_optim_free(sgd);
    test_free(x);
}

/* What only says how to compute is a setting as well. */
static void settings_of_no_file(void **state)
{
    const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                  .algorithm = CNN_ALGORITHM_IM2COL};
    cnn_layer *layer = cnn_conv2d_create(2, 3, 3, &o);
    double algorithm = 0;

    (void)state;
    assert_int_equal(cnn_layer_build(layer, &tiny_shape, 1, 1), CNN_OK);
    cnn_layer *copy = cnn_layer_copy(layer);
    assert_int_equal(cnn_layer_setting(copy, "algorithm", &algorithm), CNN_OK);
    assert_true(algorithm == CNN_ALGORITHM_IM2COL);
    assert_int_equal(cnn_layer_build(copy, &tiny_shape, 1, 2), CNN_OK);
    assert_same_bits(cnn_layer_params(copy), cnn_layer_params(layer),
                     cnn_layer_param_count(layer));
    cnn_layer_free(copy);
    cnn_layer_free(layer);
}

/* ------------------------------------------------------------- parts --- */

/* The lower layers of one net under a new head. */
static void another_head(void **state)
{
    cnn_net *net = conv_net(true);
    float *x = uniform(2 * CONV_NET_INPUT, 1), a[32], b[32];

    (void)state;
    build(net, &conv_net_shape, 2, 7);
    cnn_net *part = cnn_net_take(net, 0, 8);
    assert_non_null(part);
    assert_int_equal(cnn_net_built(part), 0);
    assert_int_equal(cnn_net_layer_count(part), 8);
    cnn_net_add(part, cnn_dense_create(3, NULL));
    build(part, &conv_net_shape, 2, 9);
    const size_t shared = cnn_net_param_count(part) - (16 * 3 + 3);
    assert_same_bits(cnn_net_params(part), cnn_net_params(net), shared);
    assert_int_equal(cnn_net_predict_layer(net, 7, 2, x, a), CNN_OK);
    assert_int_equal(cnn_net_predict_layer(part, 7, 2, x, b), CNN_OK);
    assert_same_bits(a, b, 32);
    cnn_net_free(part);
    cnn_net_free(net);
    test_free(x);
}

/* Upper layers, and one in the middle of others. */
static void another_place(void **state)
{
    cnn_net *net = conv_net(false);

    (void)state;
    build(net, &conv_net_shape, 2, 7);
    const cnn_layer *dense = cnn_net_const_layer(net, 8);
    cnn_net *part = cnn_net_take(net, 8, 1);
    build(part, &(cnn_shape){16, 1, 1}, 2, 9);
    assert_same_bits(cnn_net_params(part), cnn_layer_const_params(dense),
                     cnn_net_param_count(part));
    cnn_net_free(part);

    part = cnn_net_create();
    cnn_net_add(part, cnn_dense_create(16, NULL));
    cnn_net_add(part, cnn_layer_copy(dense));
    build(part, &conv_net_shape, 1, 1);
    assert_same_bits(cnn_layer_params(cnn_net_layer(part, 1)),
                     cnn_layer_const_params(dense),
                     cnn_layer_param_count(dense));
    cnn_net_free(part);
    cnn_net_free(net);
}

/* Convolutions fit larger images, what is dense does not: after the refusal the
 * net is as it was. */
static void another_input(void **state)
{
    cnn_net *net = conv_net(false);

    (void)state;
    build(net, &conv_net_shape, 2, 7);
    cnn_net *all = cnn_net_take(net, 0, 9), *part = cnn_net_take(net, 0, 6);
    build(part, &(cnn_shape){1, 20, 20}, 2, 9);
    assert_same_bits(cnn_net_params(part), cnn_net_params(net),
                     cnn_net_param_count(part));
    assert_failed(cnn_net_build(all, &(cnn_shape){1, 20, 20}, 2, 9), CNN_ESHAPE,
                  "layer 6 (dense): the parameters that it keeps are for "
                  "inputs of 6x2x2, the input is 6x4x4");
    build(all, &conv_net_shape, 2, 9);
    assert_same_bits(cnn_net_params(all), cnn_net_params(net), CONV_NET_PARAMS);
    cnn_net_free(part);
    cnn_net_free(all);
    cnn_net_free(net);
}

static void exchanged(void **state)
{
    cnn_net *a = rich_net(), *b = rich_net(), *other = tiny_net();

    (void)state;
    build(a, &tiny_shape, 2, 1);
    build(b, &tiny_shape, 4, 2);
    build(other, &tiny_shape, 4, 2);
    assert_int_equal(cnn_net_copy_params(a, b), CNN_OK);
    assert_equal_nets(a, b);
    assert_int_equal(cnn_net_copy_params(a, a), CNN_OK);
    assert_equal_nets(a, b);
    assert_failed(cnn_net_copy_params(a, other), CNN_ESHAPE,
                  "net_copy_params: 6 layers, the other net has 4");
    cnn_net_free(other);
    other = cnn_net_create();
    cnn_net_add(other, cnn_conv2d_create(5, 3, 3, NULL));
    for (int i = 0; i < 5; i++)
        cnn_net_add(other, cnn_softmax_create());
    build(other, &tiny_shape, 1, 1);
    assert_failed(cnn_net_copy_params(a, other), CNN_ESHAPE,
                  "weight of layer 0 (conv2d) is 4 x 1 x 3 x 3, in the other "
                  "net weight is 5 x 1 x 3 x 3");
    assert_equal_nets(a, b);
    cnn_net_free(other);
    cnn_net_free(a);
    cnn_net_free(b);
}

/* ------------------------------------------------------------ refused --- */

static void refused(void **state)
{
    cnn_net *net = tiny_net();

    (void)state;
    assert_null(cnn_net_copy(net, 1));
    assert_error(CNN_ESTATE, "the net is not built");
    assert_null(cnn_net_take(net, 0, 1));
    assert_error(CNN_ESTATE, "the net is not built");
    assert_null(cnn_layer_copy(cnn_net_layer(net, 0)));
    assert_error(CNN_ESTATE, "layer_copy: the conv2d layer is not built");
    assert_null(cnn_layer_copy(cnn_net_layer(net, 99)));
    build(net, &tiny_shape, 1, 1);
    assert_null(cnn_net_copy(net, 0));
    assert_error(CNN_EINVAL, "max_batch 0");
    const int32_t bad[][2] = {{-1, 1}, {0, 0},         {0, 5},
                              {4, 1},  {3, INT32_MAX}, {INT32_MAX, 1}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(cnn_net_take(net, bad[i][0], bad[i][1]));
        assert_error(CNN_EINVAL, "but the net has 4");
    }
    assert_int_equal(cnn_net_copy_params(net, NULL), CNN_EINVAL);
    cnn_net_free(net);
}

static void *no_copy(void *user)
{
    (void)user;
    return NULL;
}

static void no_release(void *user)
{
    (void)user;
}

static void own_layers(void **state)
{
    cnn_layer_methods m = own_methods(0);
    own o = {1.0f, NULL};
    int32_t freed = 0;

    (void)state;
    m.release = no_release;
    for (int k = 0; k < 2; k++) {
        cnn_net *net = cnn_net_create();

        m.copy = k == 0 ? NULL : no_copy;
        cnn_net_add(net, cnn_layer_create_custom(&m, &o));
        build(net, &tiny_shape, 1, 1);
        assert_null(cnn_net_copy(net, 1));
        assert_error(k == 0 ? CNN_EUNSUPPORTED : CNN_ENOMEM,
                     k == 0 ? "layer 0: the custom layer sample_norm has a "
                              "release and no copy"
                            : "the custom layer sample_norm gave no copy");
        cnn_net_free(net);
    }
    /* Without both, user data are shared; with both, freed once each. */
    m.copy = NULL;
    m.release = NULL;
    cnn_layer *layer = cnn_layer_create_custom(&m, &o);
    assert_int_equal(cnn_layer_build(layer, &tiny_shape, 1, 1), CNN_OK);
    cnn_layer_free(cnn_layer_copy(layer));
    cnn_layer_free(layer);
    layer = own_layer(1.0f, 0, &freed);
    assert_int_equal(cnn_layer_build(layer, &tiny_shape, 1, 1), CNN_OK);
    cnn_layer_free(cnn_layer_copy(layer));
    cnn_layer_free(layer);
    assert_int_equal(freed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal),
        cmocka_unit_test(statistics_too),
        cmocka_unit_test(learns_the_same),
        cmocka_unit_test(settings_of_no_file),
        cmocka_unit_test(another_head),
        cmocka_unit_test(another_place),
        cmocka_unit_test(another_input),
        cmocka_unit_test(exchanged),
        cmocka_unit_test(refused),
        cmocka_unit_test(own_layers),
    };

    return cmocka_run_group_tests_name("net_copy", tests, NULL, NULL);
}
