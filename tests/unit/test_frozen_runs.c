/* How a frozen layer runs: in training as it does when predicting, so that what
 * is learned above it fits what it will give. */
#include <math.h>
#include <string.h>

#include "support/gradcheck.h"
#include "support/nets.h"

enum { N = 6, SIDE = 6, CLASSES = 4, BATCHNORM = 1, DROPOUT = 3, TOP = 4 };

static const cnn_shape shape = {1, SIDE, SIDE};

/* A trained base with its own statistics, and a top that is not. */
static cnn_net *with_base(void)
{
    cnn_net *net = cnn_net_create();
    cnn_optim *optim = cnn_sgd_create(0.05f, NULL);
    float *x = uniform(N * SIDE * SIDE, 2);
    int32_t labels[N];

    cnn_net_add(net, cnn_conv2d_create(3, 3, 3, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_dropout_create(0.5f));
    cnn_net_add(net, cnn_dense_create(CLASSES, NULL));
    build(net, &shape, N, 1);
    fill_labels(labels, N, CLASSES, 3);
    for (int t = 0; t < 10; t++)
        assert_int_equal(cnn_net_train_step(net, optim, N, x, labels, NULL),
                         CNN_OK);
    cnn_optim_free(optim);
    test_free(x);
    return net;
}

static void freeze_base(cnn_net *net, int32_t how)
{
    for (int32_t i = 0; i < TOP; i++)
        assert_int_equal(cnn_layer_set_frozen(cnn_net_layer(net, i), how),
                         CNN_OK);
}

/* Means and variances of the batch normalisation. */
static void statistics(cnn_net *net, float out[6])
{
    for (int32_t t = 2; t < 4; t++) {
        cnn_tensor tensor = {.struct_size = sizeof(tensor)};

        assert_int_equal(
            cnn_layer_tensor(cnn_net_layer(net, BATCHNORM), t, &tensor),
            CNN_OK);
        memcpy(out + 3 * (t - 2), tensor.data, 3 * sizeof(float));
    }
}

/* Other images than those that the base has seen, and much brighter. */
static float *bright_images(void)
{
    float *x = uniform(N * SIDE * SIDE, 7);

    for (int i = 0; i < N * SIDE * SIDE; i++)
        x[i] = 5.0f * x[i] + 3.0f;
    return x;
}

/* The loss of a step is that of the same images when predicting; the base and
 * its statistics stay, also where gradients pass through them. */
static void trains_as_it_predicts(void **state)
{
    cnn_net *net = with_base();
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    float *x = bright_images();
    float y[N * CLASSES], before[6], after[6];
    int32_t labels[N];
    cnn_metrics step, evaluated;

    (void)state;
    fill_labels(labels, N, CLASSES, 5);
    cnn_dataset *data = cnn_dataset_wrap_f32(&shape, N, x, labels, NULL);
    for (int pass = 0; pass < 2; pass++) {
        freeze_base(net, CNN_FROZEN);
        if (pass == 1) /* the convolution learns below it */
            cnn_layer_set_frozen(cnn_net_layer(net, 0), CNN_LEARNING);
        statistics(net, before);
        for (int t = 0; t < 5; t++) {
            assert_int_equal(cnn_net_predict(net, N, x, y), CNN_OK);
            assert_int_equal(cnn_net_forward(net, CNN_TRAIN, N, x), CNN_OK);
            assert_same_bits(cnn_net_output(net), y, N * CLASSES);
            assert_int_equal(cnn_net_evaluate(net, data, &evaluated, NULL),
                             CNN_OK);
            assert_int_equal(
                cnn_net_train_step(net, optim, N, x, labels, &step), CNN_OK);
            assert_true(step.loss == evaluated.loss);
            assert_int_equal(step.correct, evaluated.correct);
        }
        statistics(net, after);
        assert_same_bits(after, before, 6);
    }
    cnn_dataset_free(data);
    cnn_optim_free(optim);
    cnn_net_free(net);
    test_free(x);
}

/* CNN_FROZEN_PARAMS: all but the parameters is as if it learned, also below the
 * lowest layer that does. */
static void parameters_alone(void **state)
{
    cnn_net *net = with_base(), *twin = with_base();
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    float *x = bright_images(),
          *gamma = cnn_layer_params(cnn_net_layer(net, BATCHNORM));
    float before[6], want[6], got[6], gammas[6];
    int32_t labels[N];
    cnn_metrics m, of_twin;

    (void)state;
    fill_labels(labels, N, CLASSES, 5);
    statistics(net, before);
    memcpy(gammas, gamma, sizeof(gammas));
    freeze_base(net, CNN_FROZEN_PARAMS);
    assert_int_equal(cnn_net_train_step(net, optim, N, x, labels, &m), CNN_OK);
    assert_int_equal(cnn_net_train_step(twin, optim, N, x, labels, &of_twin),
                     CNN_OK);
    assert_true(m.loss == of_twin.loss);
    statistics(net, got);
    statistics(twin, want);
    assert_same_bits(got, want, 6);
    assert_true(memcmp(got, before, sizeof(got)) != 0);
    assert_same_bits(gamma, gammas, 6);
    cnn_optim_free(optim);
    cnn_net_free(net);
    cnn_net_free(twin);
    test_free(x);
}

/* Frozen, mean and variance are constants, and so are the gradients'. */
static void gradients_of_batchnorm(void **state)
{
    static const float means[] = {0.5f, -0.25f}, variances[] = {2.0f, 0.5f};
    cnn_tensor mean = {.struct_size = sizeof(mean)};
    cnn_tensor variance = {.struct_size = sizeof(variance)};
    rig r;

    (void)state;
    rig_open(&r, cnn_batchnorm_create(NULL), &(cnn_shape){2, 3, 4}, 5);
    cnn_layer_tensor(r.layer, 2, &mean);
    cnn_layer_tensor(r.layer, 3, &variance);
    memcpy(mean.data, means, sizeof(means));
    memcpy(variance.data, variances, sizeof(variances));
    cnn_layer_set_frozen(r.layer, CNN_FROZEN);
    gradcheck_fill(&r, 4);
    gradcheck(&r, 2, "frozen batchnorm");
    rig_assert_threads_agree(&r);
    assert_same_bits(mean.data, means, 2);
    assert_same_bits(variance.data, variances, 2);
    rig_close(&r);
}

static void dropout_passes_all(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_dropout_create(0.9f), &(cnn_shape){2, 3, 4}, 5);
    rig_fill_uniform(&r, 1);
    cnn_layer_set_frozen(r.layer, CNN_FROZEN);
    rig_forward(&r);
    rig_backward(&r);
    assert_same_bits(r.y, r.x, r.X);
    assert_same_bits(r.dx, r.dy, r.X);
    cnn_layer_set_frozen(r.layer, CNN_FROZEN_PARAMS);
    rig_forward(&r);
    assert_true(memcmp(r.y, r.x, r.X * sizeof(float)) != 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trains_as_it_predicts),
        cmocka_unit_test(parameters_alone),
        cmocka_unit_test(gradients_of_batchnorm),
        cmocka_unit_test(dropout_passes_all),
    };

    return cmocka_run_group_tests_name("frozen runs", tests, NULL, NULL);
}
