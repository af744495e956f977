/* cnn_net_backward_input(): the gradient with respect to a net's input. */
#include <math.h>
#include <string.h>

#include "support/nets.h"

enum { N = 3, X = CONV_NET_INPUT, K = CONV_NET_CLASSES };

/* Forward, backward; what is called with it holds dx afterwards. */
static void run(cnn_net *net, const float *x, const float *dy, float *dx)
{
    assert_int_equal(cnn_net_zero_grad(net), CNN_OK);
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, N, x), CNN_OK);
    assert_int_equal(cnn_net_backward_input(net, N, x, dy, dx), CNN_OK);
}

/* ------------------------------------------------ finite differences --- */

/* Smooth everywhere, with what is fused to a convolution. */
static cnn_net *smooth_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(4, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_avgpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_dense_create(7, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_SIGMOID, NULL));
    cnn_net_add(net, cnn_dense_create(K, NULL));
    cnn_net_add(net, cnn_softmax_create());
    build(net, &conv_net_shape, N, 5);
    return net;
}

static double loss(cnn_net *net, const float *x, const float *dy)
{
    double sum = 0.0;

    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, N, x), CNN_OK);
    for (int i = 0; i < N * K; i++)
        sum += (double)cnn_net_output(net)[i] * (double)dy[i];
    return sum;
}

/* Four points, as in test_net_gradients.c, where the step and the tolerance of
 * a whole net come from; a single input moves the outputs less than a
 * parameter does, so its slope is rounded more: 4e-4 of all slopes together,
 * 8e-5 seen. */
static void finite_differences(void **state)
{
    const float step = 0x1p-5f;
    cnn_net *net = smooth_net();
    float *x = uniform(N * X, 1), *dy = uniform(N * K, 2);
    float *dx = uniform(N * X, 3);
    double off = 0.0, size = 0.0;

    (void)state;
    for (int i = 0; i < N * K; i++)
        dy[i] *= 64.0f;
    run(net, x, dy, dx);
    for (int i = 0; i < N * X; i++) {
        const float before = x[i];
        double at[4];

        for (int k = 0; k < 4; k++) {
            const float moved[] = {-2, -1, 1, 2};
            x[i] = before + moved[k] * step;
            at[k] = loss(net, x, dy);
        }
        x[i] = before;
        const double slope =
            (8.0 * (at[2] - at[1]) - (at[3] - at[0])) / (12.0 * (double)step);
        off += (slope - (double)dx[i]) * (slope - (double)dx[i]);
        size += slope * slope;
    }
    assert_true(size > 0.0);
    if (!(sqrt(off / size) < 4e-4))
        fail_msg("dx is off by %g of its length", sqrt(off / size));
    test_free(x);
    test_free(dy);
    test_free(dx);
    cnn_net_free(net);
}

/* ------------------------------------------------------ two in series --- */

static cnn_layer *layer_of(int32_t i)
{
    switch (i) {
    case 0:
        return cnn_conv2d_create(4, 3, 3, NULL);
    case 1:
    case 4:
        return cnn_activation_create(CNN_RELU, NULL);
    case 2:
    case 5:
        return cnn_maxpool2d_create(2, 2, NULL);
    case 3:
        return cnn_conv2d_create(6, 2, 2, NULL);
    case 6:
        return cnn_batchnorm_create(NULL);
    case 7:
        return cnn_dense_create(K, NULL);
    default:
        return cnn_softmax_create();
    }
}

enum { LAYERS = 9 };

/* Layers first .. end - 1, for inputs of that shape. */
static cnn_net *part(int32_t first, int32_t end, const cnn_shape *in)
{
    cnn_net *net = cnn_net_create();

    for (int32_t i = first; i < end; i++)
        cnn_net_add(net, layer_of(i));
    build(net, in, N, 1);
    return net;
}

/* One net has been run on x; the same cut in two before layer `cut` gives the
 * same bits. */
static void cut_at(int32_t cut, cnn_net *whole, const float *x, const float *dy,
                   const float *dx)
{
    cnn_net *low = part(0, cut, &conv_net_shape);
    cnn_shape middle;

    assert_int_equal(cnn_net_out_shape(low, &middle), CNN_OK);
    cnn_net *high = part(cut, LAYERS, &middle);
    const size_t P = cnn_net_param_count(low), Q = cnn_net_param_count(high);
    const size_t M = (size_t)middle.c * (size_t)middle.h * (size_t)middle.w;
    float *between = uniform(N * M, 1), *slope = uniform(N * M, 2);
    float *got = uniform(N * X, 3);

    assert_int_equal(P + Q, cnn_net_param_count(whole));
    if (P > 0)
        memcpy(cnn_net_params(low), cnn_net_params(whole), P * sizeof(float));
    if (Q > 0)
        memcpy(cnn_net_params(high), cnn_net_params(whole) + P,
               Q * sizeof(float));
    assert_int_equal(cnn_net_zero_grad(low), CNN_OK);
    assert_int_equal(cnn_net_forward(low, CNN_TRAIN, N, x), CNN_OK);
    memcpy(between, cnn_net_output(low), N * M * sizeof(float));
    run(high, between, dy, slope);
    assert_int_equal(cnn_net_backward_input(low, N, x, slope, got), CNN_OK);
    assert_same_bits(got, dx, N * X);
    if (P > 0)
        assert_same_bits(cnn_net_grads(low), cnn_net_grads(whole), P);
    if (Q > 0)
        assert_same_bits(cnn_net_grads(high), cnn_net_grads(whole) + P, Q);
    test_free(between);
    test_free(slope);
    test_free(got);
    cnn_net_free(low);
    cnn_net_free(high);
}

/* Every kind is the first of its net once, and fused ones are cut apart. */
static void two_in_series(void **state)
{
    cnn_net *whole = part(0, LAYERS, &conv_net_shape);
    float *x = uniform(N * X, 1), *dy = uniform(N * K, 2);
    float *dx = uniform(N * X, 3);

    (void)state;
    run(whole, x, dy, dx);
    for (int32_t cut = 1; cut < LAYERS; cut++)
        cut_at(cut, whole, x, dy, dx);
    test_free(x);
    test_free(dy);
    test_free(dx);
    cnn_net_free(whole);
}

/* ------------------------------------------- threads, frozen, errors --- */

static void same_bits_over_threads(void **state)
{
    float *x = uniform(N * X, 1), *dy = uniform(N * K, 2);
    float *dx[4];

    (void)state;
    for (int32_t threads = 1; threads <= 4; threads++) {
        dx[threads - 1] = uniform(N * X, 3);
        assert_int_equal(cnn_set_num_threads(threads), CNN_OK);
        cnn_net *net = part(0, LAYERS, &conv_net_shape);
        run(net, x, dy, dx[threads - 1]);
        assert_same_bits(dx[threads - 1], dx[0], N * X);
        cnn_net_free(net);
    }
    assert_int_equal(cnn_set_num_threads(1), CNN_OK);
    for (int i = 0; i < 4; i++)
        test_free(dx[i]);
    test_free(x);
    test_free(dy);
}

/* dx is what it is whoever learns; and gradients of parameters are those of
 * cnn_net_backward(), added. */
static void frozen_or_not(void **state)
{
    cnn_net *net = conv_net(true);
    float *x = uniform(N * X, 1), *dy = uniform(N * K, 2);
    float *dx = uniform(N * X, 3), *frozen = uniform(N * X, 4);

    (void)state;
    build(net, &conv_net_shape, N, 1);
    run(net, x, dy, dx);
    const size_t P = cnn_net_param_count(net);
    float *grads = test_malloc(P * sizeof(float));
    memcpy(grads, cnn_net_grads(net), P * sizeof(float));
    cnn_net_zero_grad(net);
    assert_int_equal(cnn_net_backward(net, N, x, dy), CNN_OK);
    assert_same_bits(cnn_net_grads(net), grads, P);
    assert_int_equal(cnn_net_backward_input(net, N, x, dy, dx), CNN_OK);
    for (size_t i = 0; i < P; i++)
        assert_true(fabsf(cnn_net_grads(net)[i] - 2 * grads[i]) <=
                    1e-5f * (1 + fabsf(grads[i])));
    for (int32_t i = 0; i < cnn_net_layer_count(net); i++)
        cnn_layer_set_frozen(cnn_net_layer(net, i), CNN_FROZEN);
    run(net, x, dy, frozen);
    assert_same_bits(frozen, dx, N * X);
    test_free(grads);
    test_free(x);
    test_free(dy);
    test_free(dx);
    test_free(frozen);
    cnn_net_free(net);
}

static void errors(void **state)
{
    cnn_net *net = conv_net(true);
    float *x = uniform(N * X, 1), *dy = uniform(N * K, 2);
    float *dx = uniform(N * X, 3);

    (void)state;
    assert_failed(cnn_net_backward_input(NULL, N, x, dy, dx), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_net_backward_input(net, N, x, dy, dx), CNN_ESTATE,
                  "not built");
    build(net, &conv_net_shape, N, 1);
    assert_failed(cnn_net_backward_input(net, N, x, dy, dx), CNN_ESTATE,
                  "CNN_TRAIN");
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, N, x), CNN_OK);
    assert_failed(cnn_net_backward_input(net, N - 1, x, dy, dx), CNN_EINVAL,
                  "batch 2, but the forward pass had 3");
    assert_failed(cnn_net_backward_input(net, N, NULL, dy, dx), CNN_EINVAL,
                  "x is NULL");
    assert_failed(cnn_net_backward_input(net, N, x, NULL, dx), CNN_EINVAL,
                  "dy is NULL");
    assert_failed(cnn_net_backward_input(net, N, x, dy, NULL), CNN_EINVAL,
                  "dx is NULL");
    test_free(x);
    test_free(dy);
    test_free(dx);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finite_differences),
        cmocka_unit_test(two_in_series),
        cmocka_unit_test(same_bits_over_threads),
        cmocka_unit_test(frozen_or_not),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("net_input_gradient", tests, NULL, NULL);
}
