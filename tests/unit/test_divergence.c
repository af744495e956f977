/* Numbers that are not finite: reported, the layer named, nothing spoilt. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/nets.h"

enum { N = 4, SEEDS = 20 };

/* One step; if it diverges, the parameters keep their bits, unless it is the
 * update that makes one infinite. */
static cnn_status step(cnn_net *net, cnn_optim *optim, const float *x,
                       const int32_t *labels)
{
    float *before = copy_params(net);
    cnn_metrics m = {-1.0, -1, -1};
    const cnn_status status = cnn_net_train_step(net, optim, N, x, labels, &m);

    if (status == CNN_OK) {
        assert_true(isfinite(m.loss));
    } else {
        const bool updated = strstr(cnn_last_error(), "the update made");

        assert_failed(status, CNN_EDIVERGED,
                      updated ? "of layer " : "is not finite");
        if (!updated)
            assert_same_bits(cnn_net_params(net), before,
                             cnn_net_param_count(net));
        assert_true(m.loss == -1.0 && m.count == -1 && m.correct == -1);
    }
    test_free(before);
    return status;
}

static bool all_finite(cnn_net *net)
{
    const float *p = cnn_net_params(net);

    for (size_t i = 0; i < cnn_net_param_count(net); i++)
        if (!isfinite(p[i]))
            return false;
    return true;
}

/* A step so large that the next ones overflow. A ReLU net may also end with all
 * units dead, at a loss that is finite for ever. */
static void huge_learning_rate(void **state)
{
    int diverged = 0;

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        cnn_net *net = conv_net(true);
        cnn_optim *optim = cnn_sgd_create(1e6f, NULL);
        float *x = uniform(N * CONV_NET_INPUT, seed);
        int32_t labels[N];
        cnn_status status = CNN_OK;

        fill_labels(labels, N, CONV_NET_CLASSES, seed);
        build(net, &conv_net_shape, N, seed);
        cnn_net_set_loss(net, (int32_t)(seed % 2), CNN_REDUCE_SUM);
        if (seed % 2 == CNN_LOSS_MSE) {
            cnn_net_free(net);
            net = dense_net(CONV_NET_INPUT, CONV_NET_CLASSES, N);
            cnn_net_set_loss(net, CNN_LOSS_MSE, CNN_REDUCE_SUM);
        }
        for (int t = 0; t < 30; t++) {
            const cnn_status now = step(net, optim, x, labels);

            /* There is no way back from there. */
            assert_true(status == CNN_OK || now == CNN_EDIVERGED);
            status = now;
        }
        diverged += status == CNN_EDIVERGED;
        test_free(x);
        cnn_optim_free(optim);
        cnn_net_free(net);
    }
    print_message("    %d of %d diverged\n", diverged, SEEDS);
    assert_in_range(diverged, SEEDS / 2, SEEDS);
}

/* One bad pixel in one sample; then the step without it works as ever. */
static void bad_input(float value)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        cnn_net *net = conv_net(true);
        cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
        float *x = uniform(N * CONV_NET_INPUT, seed);
        float *pixel = &x[(seed * 31 + 17) % (N * CONV_NET_INPUT)];
        const float good = *pixel;
        int32_t labels[N];

        fill_labels(labels, N, CONV_NET_CLASSES, seed);
        build(net, &conv_net_shape, N, seed);
        assert_int_equal(step(net, optim, x, labels), CNN_OK);
        *pixel = value;
        assert_int_equal(step(net, optim, x, labels), CNN_EDIVERGED);
        assert_error(CNN_EDIVERGED, "layer 0 (conv2d) is the first");
        *pixel = good;
        assert_int_equal(step(net, optim, x, labels), CNN_OK);
        test_free(x);
        cnn_optim_free(optim);
        cnn_net_free(net);
    }
}

static void input_with_nan(void **state)
{
    (void)state;
    bad_input(NAN);
}

static void input_with_infinity(void **state)
{
    (void)state;
    bad_input(INFINITY);
    bad_input(-INFINITY);
}

/* A parameter goes bad: the first layer that it reaches is named. */
static void layer_is_named(void **state)
{
    const int32_t layers[] = {0, 3, 6, 8};
    const char *const texts[] = {"layer 0 (conv2d)", "layer 3 (conv2d)",
                                 "layer 6 (dense)", "layer 8 (dense)"};
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    float *x = uniform(N * CONV_NET_INPUT, 1);
    int32_t labels[N];

    (void)state;
    fill_labels(labels, N, CONV_NET_CLASSES, 1);
    for (int32_t loss = 0; loss < 2; loss++)
        for (int i = 0; i < 4; i++) {
            cnn_net *net = conv_net(true);

            build(net, &conv_net_shape, N, 1);
            cnn_net_set_loss(net, loss, CNN_REDUCE_MEAN);
            cnn_layer_params(cnn_net_layer(net, layers[i]))[0] = NAN;
            assert_int_equal(step(net, optim, x, labels), CNN_EDIVERGED);
            assert_error(CNN_EDIVERGED, texts[i]);
            cnn_net_free(net);
        }
    cnn_optim_free(optim);
    test_free(x);
}

/* The layer below, in whose memory the activation works, is not to blame. */
static void activation_is_named(void **state)
{
    const float x[] = {1.0f};
    cnn_net *net = cnn_net_create();
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);

    (void)state;
    cnn_net_add(net, cnn_dense_create(2, NULL));
    cnn_net_add(net, cnn_activation_create(
                         CNN_LEAKY_RELU,
                         &(cnn_activation_options){
                             .struct_size = sizeof(cnn_activation_options),
                             .alpha = 1e30f}));
    build(net, &(cnn_shape){1, 1, 1}, 1, 1);
    cnn_net_set_loss(net, CNN_LOSS_MSE, CNN_REDUCE_MEAN);
    cnn_net_params(net)[0] = -1e20f;
    assert_failed(
        cnn_net_train_step(net, optim, 1, x, (const int32_t[]){0}, NULL),
        CNN_EDIVERGED, "layer 1 (activation) is the first");
    cnn_optim_free(optim);
    cnn_net_free(net);
}

/* A sigmoid swallows an infinite input: the loss is finite, the gradient of the
 * weights is 0 times infinity. */
static void infinite_input_behind_a_sigmoid(void **state)
{
    const float x[] = {INFINITY, 1.0f};
    const int32_t label = 0;
    cnn_net *net = cnn_net_create();
    cnn_optim *sgd = cnn_sgd_create(0.1f, NULL);

    (void)state;
    cnn_net_add(net, cnn_dense_create(3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_SIGMOID, NULL));
    cnn_net_add(net, cnn_dense_create(2, NULL));
    build(net, &(cnn_shape){2, 1, 1}, 1, 1);
    float *before = copy_params(net);
    assert_failed(cnn_net_train_step(net, sgd, 1, x, &label, NULL),
                  CNN_EDIVERGED, "the gradient of layer 0 (dense)");
    assert_same_bits(cnn_net_params(net), before, cnn_net_param_count(net));
    test_free(before);
    cnn_optim_free(sgd);
    cnn_net_free(net);
}

/* A step is reported that leaves a parameter which is no finite number, and
 * not only the one after it. */
static void parameters_after_the_update(void **state)
{
    cnn_optim *optims[] = {cnn_adam_create(3e38f, NULL),
                           cnn_rmsprop_create(3e38f, NULL)};
    const int32_t labels[N] = {0, 1, 2, 3};

    (void)state;
    for (int i = 0; i < 2; i++) {
        cnn_net *net = conv_net(true);
        float *x = uniform(N * CONV_NET_INPUT, 1);
        cnn_metrics m = {-1.0, -1, -1};
        cnn_status status = CNN_OK;

        build(net, &conv_net_shape, N, 1);
        for (int t = 0; t < 30 && status == CNN_OK; t++) {
            status = cnn_net_train_step(net, optims[i], N, x, labels, NULL);
            if (status == CNN_OK)
                assert_true(all_finite(net));
        }
        assert_false(all_finite(net));
        assert_failed(status, CNN_EDIVERGED, "the update made parameter ");
        assert_failed(cnn_net_train_step(net, optims[i], N, x, labels, &m),
                      CNN_EDIVERGED, "the loss is");
        assert_true(m.loss == -1.0);
        test_free(x);
        cnn_optim_free(optims[i]);
        cnn_net_free(net);
    }
}

/* By hand, and of several layers the lowest. The parameter is named. */
static void update_by_hand(void **state)
{
    cnn_net *net = conv_net(true);
    cnn_optim *optim = cnn_sgd_create(2.0f, NULL);

    (void)state;
    build(net, &conv_net_shape, N, 1);
    cnn_net_zero_grad(net);
    cnn_layer_grads(cnn_net_layer(net, 8))[1] = -3e38f;
    cnn_layer_grads(cnn_net_layer(net, 3))[5] = 3e38f;
    assert_failed(cnn_net_update(net, optim), CNN_EDIVERGED,
                  "the update made parameter 5 of layer 3 (conv2d) -inf");
    cnn_layer *last = cnn_net_layer(net, 8);
    assert_true(isinf(cnn_layer_params(last)[1]));
    assert_failed(cnn_layer_update(last, optim), CNN_EDIVERGED,
                  "parameter 1 of layer 8 (dense) ");
    /* Finite ones may be too large to be added up. */
    for (int i = 0; i < 50; i++) {
        cnn_layer_params(last)[i] = 3e38f;
        cnn_layer_grads(last)[i] = 0.0f;
    }
    assert_int_equal(cnn_layer_update(last, optim), CNN_OK);
    cnn_optim_free(optim);
    cnn_net_free(net);
}

/* A gradient whose square is no float would leave its parameter where it is for
 * ever: it is reported as well. */
static void squares(void **state)
{
    cnn_optim *optims[] = {cnn_adam_create(0.01f, NULL),
                           cnn_rmsprop_create(0.01f, NULL)};

    (void)state;
    for (int i = 0; i < 2; i++) {
        cnn_net *net = dense_net(3, 2, N);

        cnn_net_zero_grad(net);
        cnn_net_grads(net)[4] = 1e25f;
        assert_failed(cnn_net_update(net, optims[i]), CNN_EDIVERGED,
                      "the update made the squares of parameter 4 of layer 0 "
                      "(dense) inf");
        assert_true(all_finite(net));
        cnn_optim_free(optims[i]);
        cnn_net_free(net);
    }
}

/* Statistics of a batch that are no floats do not become the running ones. */
static void running_statistics(void **state)
{
    const float x[] = {3e38f, -3e38f, 1.0f, 2.0f};
    const float dy[4] = {0};
    cnn_layer *layer = cnn_batchnorm_create(NULL);
    cnn_tensor mean = {.struct_size = sizeof(mean)};
    cnn_tensor variance = {.struct_size = sizeof(variance)};
    float y[4];

    (void)state;
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){1, 1, 1}, N, 1),
                     CNN_OK);
    assert_int_equal(cnn_layer_forward(layer, CNN_TRAIN, N, x, y), CNN_OK);
    assert_int_equal(cnn_layer_backward(layer, N, x, y, dy, NULL), CNN_OK);
    assert_int_equal(cnn_layer_tensor(layer, 2, &mean), CNN_OK);
    assert_int_equal(cnn_layer_tensor(layer, 3, &variance), CNN_OK);
    assert_true(isfinite(mean.data[0]));
    assert_true(variance.data[0] == 1.0f);
    cnn_layer_free(layer);
}

/* A step that is given up for its gradient does not count: what is dropped in
 * the next one is what it would have been. */
static void infinite_gradient_does_not_count(void **state)
{
    const float bad[] = {INFINITY, 1.0f}, good[] = {0.5f, -0.25f};
    const int32_t label = 1;
    cnn_optim *sgd = cnn_sgd_create(0.1f, NULL);
    cnn_net *nets[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        nets[i] = cnn_net_create();
        cnn_net_add(nets[i], cnn_dense_create(64, NULL));
        cnn_net_add(nets[i], cnn_activation_create(CNN_SIGMOID, NULL));
        cnn_net_add(nets[i], cnn_dropout_create(0.5f));
        cnn_net_add(nets[i], cnn_dense_create(2, NULL));
        build(nets[i], &(cnn_shape){2, 1, 1}, 1, 1);
    }
    assert_int_equal(cnn_net_train_step(nets[0], sgd, 1, bad, &label, NULL),
                     CNN_EDIVERGED);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            cnn_net_train_step(nets[i], sgd, 1, good, &label, NULL), CNN_OK);
    assert_same_bits(cnn_net_params(nets[0]), cnn_net_params(nets[1]),
                     cnn_net_param_count(nets[0]));
    cnn_net_free(nets[0]);
    cnn_net_free(nets[1]);
    cnn_optim_free(sgd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(huge_learning_rate),
        cmocka_unit_test(input_with_nan),
        cmocka_unit_test(input_with_infinity),
        cmocka_unit_test(layer_is_named),
        cmocka_unit_test(activation_is_named),
        cmocka_unit_test(infinite_input_behind_a_sigmoid),
        cmocka_unit_test(infinite_gradient_does_not_count),
        cmocka_unit_test(parameters_after_the_update),
        cmocka_unit_test(update_by_hand),
        cmocka_unit_test(squares),
        cmocka_unit_test(running_statistics),
    };

    return cmocka_run_group_tests_name("divergence", tests, NULL, NULL);
}
