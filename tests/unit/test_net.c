/* Describing and building a net: order, ownership, errors that stick. */
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "support/nets.h"

static cnn_layer *relu(void)
{
    return cnn_activation_create(CNN_RELU, NULL);
}

/* conv 3x3 SAME, ReLU, max pool 2x2, conv 7x7: needs an input of 14x14. */
static cnn_net *picky_net(void)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(2, 3, 3, &same));
    cnn_net_add(net, relu());
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_conv2d_create(2, 7, 7, NULL));
    return net;
}

static void assert_runs(cnn_net *net)
{
    cnn_shape in, out;

    assert_int_equal(cnn_net_in_shape(net, &in), CNN_OK);
    assert_int_equal(cnn_net_out_shape(net, &out), CNN_OK);
    float *x = uniform((size_t)(in.c * in.h * in.w), 1);
    float *y = uniform((size_t)(out.c * out.h * out.w), 2);
    assert_int_equal(cnn_net_predict(net, 1, x, y), CNN_OK);
    test_free(x);
    test_free(y);
}

static void assert_shape(const cnn_shape *s, int32_t c, int32_t h, int32_t w)
{
    assert_int_equal(s->c, c);
    assert_int_equal(s->h, h);
    assert_int_equal(s->w, w);
}

/* --------------------------------------------------------------- order --- */

static void before_build(void **state)
{
    cnn_net *net = cnn_net_create();
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    const float x[1] = {0};
    float y[1];
    cnn_shape shape;

    (void)state;
    assert_int_equal(cnn_net_layer_count(net), 0);
    assert_null(cnn_net_layer(net, 0));
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 1, 1}, 1, 1), CNN_ESTATE,
                  "no layers");
    assert_int_equal(cnn_net_add(net, cnn_dense_create(1, NULL)), CNN_OK);
    assert_int_equal(cnn_net_layer_count(net), 1);
    assert_int_equal(cnn_net_max_batch(net), 0);
    assert_int_equal(cnn_net_param_count(net), 0);
    assert_null(cnn_net_params(net));
    assert_null(cnn_net_grads(net));
    assert_null(cnn_net_output(net));
    assert_failed(cnn_net_in_shape(net, &shape), CNN_ESTATE, "not built");
    assert_failed(cnn_net_out_shape(net, &shape), CNN_ESTATE, "not built");
    assert_failed(cnn_net_predict(net, 1, x, y), CNN_ESTATE, "not built");
    assert_failed(cnn_net_forward(net, 0, 1, x), CNN_ESTATE, "not built");
    assert_failed(cnn_net_backward(net, 1, x, y), CNN_ESTATE, "not built");
    assert_failed(cnn_net_update(net, optim), CNN_ESTATE, "not built");
    assert_failed(cnn_net_zero_grad(net), CNN_ESTATE, "not built");
    assert_failed(
        cnn_net_train_step(net, optim, 1, x, (const int32_t[]){0}, NULL),
        CNN_ESTATE, "not built");
    assert_null(cnn_session_create(net, 1));
    assert_error(CNN_ESTATE, "not built");
    cnn_optim_free(optim);
    cnn_net_free(net);
}

static void after_build(void **state)
{
    cnn_net *net = conv_net(true);

    (void)state;
    build(net, &conv_net_shape, 2, 1);
    float *params = copy_params(net);
    assert_failed(cnn_net_build(net, &conv_net_shape, 2, 2), CNN_ESTATE,
                  "built already");
    assert_failed(cnn_net_add(net, relu()), CNN_ESTATE, "built already");
    assert_failed(cnn_layer_build(cnn_net_layer(net, 1), &conv_net_shape, 1, 1),
                  CNN_ESTATE, "owned by a net");
    assert_int_equal(cnn_net_layer_count(net), 10);
    assert_same_bits(cnn_net_params(net), params, CONV_NET_PARAMS);
    assert_runs(net);
    test_free(params);
    cnn_net_free(net);
}

static void null_arguments(void **state)
{
    cnn_net *net = conv_net(true);
    cnn_shape shape;

    (void)state;
    cnn_net_free(NULL);
    assert_failed(cnn_net_add(NULL, relu()), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_set_loss(NULL, 0, 0), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_build(NULL, &conv_net_shape, 1, 1), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_net_build(net, NULL, 1, 1), CNN_EINVAL, "in is NULL");
    assert_failed(cnn_net_in_shape(NULL, &shape), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_out_shape(NULL, &shape), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_zero_grad(NULL), CNN_EINVAL, "net is NULL");
    assert_int_equal(cnn_net_layer_count(NULL), 0);
    assert_int_equal(cnn_net_max_batch(NULL), 0);
    assert_int_equal(cnn_net_loss(NULL), CNN_LOSS_SOFTMAX_CROSS_ENTROPY);
    assert_int_equal(cnn_net_reduction(NULL), CNN_REDUCE_MEAN);
    assert_int_equal(cnn_net_param_count(NULL), 0);
    assert_null(cnn_net_layer(NULL, 0));
    assert_null(cnn_net_params(NULL));
    assert_null(cnn_net_grads(NULL));
    assert_null(cnn_net_output(NULL));
    build(net, &conv_net_shape, 1, 1);
    assert_failed(cnn_net_in_shape(net, NULL), CNN_EINVAL, "in is NULL");
    assert_failed(cnn_net_out_shape(net, NULL), CNN_EINVAL, "out is NULL");
    cnn_net_free(net);
}

/* -------------------------------------------------- errors that stick ---- */

static void failed_create_sticks(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    assert_int_equal(cnn_net_add(net, cnn_dense_create(3, NULL)), CNN_OK);
    assert_failed(cnn_net_add(net, cnn_conv2d_create(0, 3, 3, NULL)),
                  CNN_EINVAL, "conv2d: filters 0, expected at least 1");
    /* Neither what succeeds nor what fails after it takes its place. */
    assert_int_equal(cnn_net_add(net, relu()), CNN_OK);
    assert_failed(cnn_net_add(net, cnn_dense_create(-7, NULL)), CNN_EINVAL,
                  "dense: units -7");
    for (int i = 0; i < 2; i++)
        assert_failed(cnn_net_build(net, &(cnn_shape){1, 4, 4}, 1, 1),
                      CNN_EINVAL, "conv2d: filters 0, expected at least 1");
    cnn_net_free(net);
}

/* In a thread of its own, in which nothing has failed yet. */
static void *add_plain_null(void *net)
{
    assert_failed(cnn_net_add(net, NULL), CNN_EINVAL, "layer is NULL");
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 1, 1}, 1, 1), CNN_EINVAL,
                  "layer is NULL");
    return net;
}

static void plain_null_sticks(void **state)
{
    cnn_net *net = cnn_net_create();
    pthread_t thread;
    void *result;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, add_plain_null, net), 0);
    pthread_join(thread, &result);
    assert_ptr_equal(result, net);
    cnn_net_free(net);
}

/* ----------------------------------------------------------- ownership --- */

static void layer_added_twice(void **state)
{
    cnn_net *net = cnn_net_create();
    cnn_layer *layer = relu();

    (void)state;
    assert_int_equal(cnn_net_add(net, layer), CNN_OK);
    assert_failed(cnn_net_add(net, layer), CNN_ESTATE, "owned by a net");
    assert_int_equal(cnn_net_layer_count(net), 1);
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 1, 1}, 1, 1), CNN_ESTATE,
                  "owned by a net");
    cnn_net_free(net); /* frees the layer once, as the sanitizers would see */
}

static void layer_of_another_net(void **state)
{
    cnn_net *first = cnn_net_create(), *second = cnn_net_create();
    cnn_layer *layer = relu();

    (void)state;
    cnn_net_add(first, layer);
    assert_failed(cnn_net_add(second, layer), CNN_ESTATE, "owned by a net");
    assert_failed(cnn_net_add(NULL, layer), CNN_EINVAL, "net is NULL");
    assert_int_equal(cnn_net_layer_count(second), 0);
    cnn_net_free(second);
    build(first, &(cnn_shape){1, 2, 2}, 1, 1);
    assert_ptr_equal(cnn_net_layer(first, 0), layer);
    assert_runs(first);
    cnn_net_free(first);
}

static void layer_built_by_hand(void **state)
{
    cnn_net *net = cnn_net_create();
    cnn_layer *layer = cnn_dense_create(2, NULL);

    (void)state;
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){3, 1, 1}, 1, 1),
                     CNN_OK);
    assert_failed(cnn_net_add(net, layer), CNN_ESTATE, "built already");
    assert_failed(cnn_net_build(net, &(cnn_shape){3, 1, 1}, 1, 1), CNN_ESTATE,
                  "built already");
    cnn_net_free(net);
}

/* ------------------------------------------------------ errors of build -- */

static void texts_name_the_layer(void **state)
{
    cnn_net *net = picky_net();
    cnn_net *pool = conv_net(false);

    (void)state;
    assert_int_equal(cnn_net_build(net, &(cnn_shape){1, 8, 8}, 1, 1),
                     CNN_ESHAPE);
    assert_string_equal(cnn_last_error(),
                        "layer 3 (conv2d): kernel 7x7 does not fit input 4x4 "
                        "with VALID padding");
    assert_failed(cnn_net_build(pool, &(cnn_shape){1, 6, 6}, 1, 1), CNN_ESHAPE,
                  "layer 5 (maxpool2d): window 2x2 does not fit input 1x1");
    cnn_net_free(net);
    cnn_net_free(pool);
}

static void failed_build_changes_nothing(void **state)
{
    cnn_net *net = picky_net();
    cnn_shape shape;

    (void)state;
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 8, 8}, 1, 1), CNN_ESHAPE,
                  "layer 3");
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 0, 8}, 1, 1), CNN_EINVAL,
                  "input 1x0x8");
    assert_failed(cnn_net_build(net, &(cnn_shape){-1, 8, 8}, 1, 1), CNN_EINVAL,
                  "input -1x8x8");
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 14, 14}, 0, 1), CNN_EINVAL,
                  "max_batch 0");
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 14, 14}, -3, 1),
                  CNN_EINVAL, "max_batch -3");
    assert_failed(cnn_net_out_shape(net, &shape), CNN_ESTATE, "not built");
    assert_int_equal(cnn_net_param_count(net), 0);
    assert_int_equal(cnn_layer_param_count(cnn_net_layer(net, 0)), 0);
    assert_int_equal(cnn_net_add(net, relu()), CNN_OK);
    build(net, &(cnn_shape){3, 16, 15}, 2, 1);
    assert_int_equal(cnn_net_out_shape(net, &shape), CNN_OK);
    assert_shape(&shape, 2, 2, 1);
    assert_runs(net);
    cnn_net_free(net);
}

/* Sizes past what can be addressed; none of them may reach malloc(). */
static void sizes_overflow(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    cnn_net_add(net, cnn_dense_create(INT_MAX, NULL));
    assert_failed(cnn_net_build(net, &(cnn_shape){1 << 16, 1 << 15, 1}, 1, 1),
                  CNN_EOVERFLOW, "input 65536x32768x1");
    assert_failed(
        cnn_net_build(net, &(cnn_shape){INT_MAX, INT_MAX, INT_MAX}, 1, 1),
        CNN_EOVERFLOW, "input");
    /* 2^31 x 2^31 weights. */
    assert_failed(cnn_net_build(net, &(cnn_shape){INT_MAX, 1, 1}, 1, 1),
                  CNN_EOVERFLOW, "");
    /* 2^31 samples of 2^31 outputs. */
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 1, 1}, INT_MAX, 1),
                  CNN_EOVERFLOW, "");
    cnn_net_free(net);

    net = cnn_net_create();
    cnn_net_add(net, cnn_conv2d_create(1 << 20, 1, 1, NULL));
    assert_failed(cnn_net_build(net, &(cnn_shape){1, 64, 64}, 1, 1),
                  CNN_EOVERFLOW, "layer 0 (conv2d): output 1048576x64x64");
    build(net, &(cnn_shape){1, 1, 1}, 1, 1);
    assert_int_equal(cnn_net_param_count(net), 2 << 20);
    cnn_net_free(net);
}

/* ------------------------------------------------------------- looking --- */

static void parameters_are_contiguous(void **state)
{
    cnn_net *net = lenet5_relu();
    const size_t counts[] = {156, 0, 0, 2416, 0, 0, 94200, 0, 1210, 0};
    cnn_shape in;
    size_t at = 0;

    (void)state;
    build(net, &lenet5_shape, 3, 1);
    assert_int_equal(cnn_net_max_batch(net), 3);
    assert_int_equal(cnn_net_param_count(net), 97982);
    assert_int_equal(cnn_net_layer_count(net), 10);
    assert_null(cnn_net_layer(net, -1));
    assert_null(cnn_net_layer(net, 10));
    for (int32_t i = 0; i < 10; i++) {
        cnn_layer *layer = cnn_net_layer(net, i);

        assert_int_equal(cnn_layer_param_count(layer), counts[i]);
        assert_ptr_equal(cnn_layer_params(layer),
                         counts[i] > 0 ? cnn_net_params(net) + at : NULL);
        assert_ptr_equal(cnn_layer_grads(layer),
                         counts[i] > 0 ? cnn_net_grads(net) + at : NULL);
        at += counts[i];
    }
    assert_string_equal(cnn_layer_kind(cnn_net_layer(net, 6)), "dense");
    assert_int_equal(cnn_layer_in_shape(cnn_net_layer(net, 6), &in), CNN_OK);
    assert_shape(&in, 16, 7, 7);
    for (size_t i = 0; i < 97982; i++)
        assert_true(cnn_net_grads(net)[i] == 0.0f);
    cnn_net_free(net);
}

static void seeds(void **state)
{
    cnn_net *net[3];
    float *params[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        net[i] = cnn_net_create();
        cnn_net_add(net[i], cnn_dense_create(4, NULL));
        cnn_net_add(net[i], cnn_dense_create(4, NULL));
        build(net[i], &(cnn_shape){4, 1, 1}, 1, i == 2 ? 8 : 7);
        params[i] = cnn_net_params(net[i]);
    }
    assert_same_bits(params[0], params[1], 40);
    assert_memory_not_equal(params[0], params[2], 16 * sizeof(float));
    /* Layers of one net draw from streams of their own. */
    assert_memory_not_equal(params[0], params[0] + 20, 16 * sizeof(float));
    for (int i = 0; i < 3; i++)
        cnn_net_free(net[i]);
}

/* More layers than the first array of them holds. */
static void many_layers(void **state)
{
    const float x[3] = {-1, 2, 3}, want[3] = {0, 2, 3};
    cnn_net *net = cnn_net_create();
    float y[3];

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(cnn_net_add(net, relu()), CNN_OK);
    assert_int_equal(cnn_net_layer_count(net), 100);
    build(net, &(cnn_shape){3, 1, 1}, 1, 1);
    assert_int_equal(cnn_net_predict(net, 1, x, y), CNN_OK);
    assert_same_bits(y, want, 3);
    assert_null(cnn_net_params(net));
    assert_int_equal(cnn_net_zero_grad(net), CNN_OK);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_build),
        cmocka_unit_test(after_build),
        cmocka_unit_test(null_arguments),
        cmocka_unit_test(failed_create_sticks),
        cmocka_unit_test(plain_null_sticks),
        cmocka_unit_test(layer_added_twice),
        cmocka_unit_test(layer_of_another_net),
        cmocka_unit_test(layer_built_by_hand),
        cmocka_unit_test(texts_name_the_layer),
        cmocka_unit_test(failed_build_changes_nothing),
        cmocka_unit_test(sizes_overflow),
        cmocka_unit_test(parameters_are_contiguous),
        cmocka_unit_test(seeds),
        cmocka_unit_test(many_layers),
    };

    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
