/* CNN_ZERO: a zero in a field of options whose zero means something else. */
#include <math.h>
#include <stdlib.h>

#include "cnn/cnn.h"
#include "support/near.h"
#include "train/schedule.h"

/* Options of that type with those fields. */
#define WITH(type, ...) (&(type){.struct_size = sizeof(type), __VA_ARGS__})

/* Within the rounding of a handful of operations near 1. */
static void assert_close(float got, double want)
{
    assert_true(fabs((double)got - want) < 1e-6);
}

static void assert_said(const cnn_layer *layer, const char *name)
{
    double value = 1.0;

    assert_int_equal(cnn_layer_setting(layer, name, &value), CNN_OK);
    assert_true(value == 0.0 && signbit(value));
}

/* ---------------------------------------------------------- optimisers --- */

/* Two parameters, 1 and 1, after steps with those gradients. */
static void step(cnn_optim *optim, int steps, const float g[2], float p[2])
{
    cnn_layer *layer =
        cnn_dense_create(1, WITH(cnn_dense_options, .flags = CNN_NO_BIAS));

    assert_non_null(optim);
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){2, 1, 1}, 1, 1),
                     CNN_OK);
    for (int i = 0; i < 2; i++) {
        cnn_layer_params(layer)[i] = 1.0f;
        cnn_layer_grads(layer)[i] = g[i];
    }
    for (int i = 0; i < steps; i++)
        assert_int_equal(cnn_layer_update(layer, optim), CNN_OK);
    for (int i = 0; i < 2; i++)
        p[i] = cnn_layer_params(layer)[i];
    cnn_layer_free(layer);
    cnn_optim_free(optim);
}

/* Without memory and eps a step is lr times the sign of the gradient, and these
 * numbers are exact. */
static void nothing_remembered(void **state)
{
    const float g[] = {4.0f, -0.5f};
    float p[2];

    (void)state;
    step(cnn_adam_create(0.25f, WITH(cnn_adam_options, .beta1 = CNN_ZERO,
                                     .beta2 = CNN_ZERO, .eps = CNN_ZERO)),
         3, g, p);
    assert_true(p[0] == 0.25f && p[1] == 1.75f);
    step(cnn_rmsprop_create(0.25f, WITH(cnn_rmsprop_options, .decay = CNN_ZERO,
                                        .eps = CNN_ZERO)),
         3, g, p);
    assert_true(p[0] == 0.25f && p[1] == 1.75f);
}

/* Each alone, the others at their defaults; two steps of 0.1 with gradients
 * that stay. Adam's averages are then the gradient itself, so what is left of
 * eps is the difference: g / (|g| + eps). RMSprop has v = (1 - d^t) g^2. The
 * rounding of a handful of operations near 1 is below 1e-6. */
static void one_at_a_time(void **state)
{
    const float g[] = {1e-8f, -2.0f};
    float p[2];

    (void)state;
    step(cnn_adam_create(0.1f, NULL), 2, g, p);
    assert_close(p[0], 1.0 - 2 * 0.1 * 0.5);
    step(cnn_adam_create(0.1f, WITH(cnn_adam_options, .eps = CNN_ZERO)), 2, g,
         p);
    assert_close(p[0], 1.0 - 2 * 0.1);
    assert_close(p[1], 1.0 + 2 * 0.1);
    step(cnn_rmsprop_create(0.1f, WITH(cnn_rmsprop_options, .decay = CNN_ZERO)),
         2, g, p);
    assert_close(p[0], 1.0 - 2 * 0.1 * 0.5);
    assert_close(p[1], 1.0 + 2 * 0.1);
    step(cnn_rmsprop_create(0.1f, WITH(cnn_rmsprop_options, .eps = CNN_ZERO)),
         2, g, p);
    const double both = 0.1 / sqrt(0.1) + 0.1 / sqrt(0.19);
    assert_close(p[0], 1.0 - both);
    assert_close(p[1], 1.0 + both);
}

/* The gradient turns round in the second step. With beta1 = 0 only the last
 * counts, over the root of the mean square; with beta2 = 0 the mean of both,
 * (0.09 - 0.1) g / 0.19, over the size of the last. */
static void betas(void **state)
{
    const struct {
        cnn_adam_options o;
        double second;
    } cases[] = {
        {{.struct_size = sizeof(cnn_adam_options), .beta1 = CNN_ZERO}, 0.1},
        {{.struct_size = sizeof(cnn_adam_options), .beta2 = CNN_ZERO},
         0.1 * (0.1 - 0.09) / 0.19},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cnn_optim *adam = cnn_adam_create(0.1f, &cases[i].o);
        cnn_layer *layer =
            cnn_dense_create(1, WITH(cnn_dense_options, .flags = CNN_NO_BIAS));

        cnn_layer_build(layer, &(cnn_shape){1, 1, 1}, 1, 1);
        float *p = cnn_layer_params(layer);
        p[0] = 1.0f;
        cnn_layer_grads(layer)[0] = 2.0f;
        assert_int_equal(cnn_layer_update(layer, adam), CNN_OK);
        assert_close(p[0], 0.9);
        cnn_layer_grads(layer)[0] = -2.0f;
        assert_int_equal(cnn_layer_update(layer, adam), CNN_OK);
        assert_close(p[0], 0.9 + cases[i].second);
        cnn_layer_free(layer);
        cnn_optim_free(adam);
    }
}

/* A parameter that never had a gradient: 0 / 0. */
static void no_gradient_and_no_eps(void **state)
{
    cnn_optim *adam =
        cnn_adam_create(0.1f, WITH(cnn_adam_options, .eps = CNN_ZERO));
    cnn_layer *layer = cnn_dense_create(1, NULL);

    (void)state;
    cnn_layer_build(layer, &(cnn_shape){1, 1, 1}, 1, 1);
    assert_failed(cnn_layer_update(layer, adam), CNN_EDIVERGED,
                  "the update made parameter 0");
    cnn_layer_free(layer);
    cnn_optim_free(adam);
}

/* ----------------------------------------------------------- schedules --- */

static float rate(int32_t kind, float factor, int64_t step)
{
    float lr = -1.0f;

    assert_int_equal(cnn_schedule_lr(WITH(cnn_schedule_options, .kind = kind,
                                          .steps = 4, .factor = factor),
                                     0.5f, step, &lr),
                     CNN_OK);
    return lr;
}

static void a_rate_that_ends(void **state)
{
    const int32_t kinds[] = {CNN_SCHEDULE_STEP, CNN_SCHEDULE_EXPONENTIAL,
                             CNN_SCHEDULE_COSINE};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(rate(kinds[i], CNN_ZERO, 0) == 0.5f);
        /* Every power is a zero without a sign. */
        for (int64_t t = 4; t < 20; t++) {
            const float lr = rate(kinds[i], CNN_ZERO, t);
            assert_true(lr == 0.0f && !signbit(lr));
        }
    }
    assert_true(rate(CNN_SCHEDULE_STEP, CNN_ZERO, 3) == 0.5f);
    assert_true(rate(CNN_SCHEDULE_EXPONENTIAL, CNN_ZERO, 1) == 0.0f);
    assert_close(rate(CNN_SCHEDULE_STEP, 0.0f, 4), 0.05);
}

/* The first epoch is the best, the second no better. */
static void a_plateau_that_ends(void **state)
{
    cnn__schedule s;

    (void)state;
    assert_int_equal(cnn__schedule_start(&s, 0.5f,
                                         WITH(cnn_schedule_options,
                                              .kind = CNN_SCHEDULE_PLATEAU,
                                              .steps = 1, .factor = CNN_ZERO)),
                     CNN_OK);
    cnn__schedule_follow(&s, 1.0, 1.0, 1);
    assert_true(cnn__schedule_lr(&s, 1) == 0.5f);
    cnn__schedule_follow(&s, 1.0, 1.0, 1);
    const float lr = cnn__schedule_lr(&s, 2);
    assert_true(lr == 0.0f && !signbit(lr));
}

/* -------------------------------------------------------------- layers --- */

/* All settings that may be zero, in a net that computes with each. */
static cnn_net *zeros(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net,
                cnn_conv2d_create(
                    2, 1, 1,
                    WITH(cnn_conv2d_options, .weight_init = CNN_INIT_CONSTANT,
                         .weight_scale = 1.0f, .bias_init = CNN_INIT_UNIFORM,
                         .bias_scale = CNN_ZERO)));
    cnn_net_add(net, cnn_batchnorm_create(
                         WITH(cnn_batchnorm_options, .momentum = CNN_ZERO)));
    cnn_net_add(
        net, cnn_activation_create(CNN_LEAKY_RELU, WITH(cnn_activation_options,
                                                        .alpha = CNN_ZERO)));
    cnn_net_add(net, cnn_activation_create(CNN_ELU, WITH(cnn_activation_options,
                                                         .alpha = CNN_ZERO)));
    cnn_net_add(net, cnn_dense_create(2, WITH(cnn_dense_options,
                                              .weight_init = CNN_INIT_NORMAL,
                                              .weight_scale = CNN_ZERO)));
    assert_int_equal(cnn_net_build(net, &(cnn_shape){1, 2, 2}, 2, 1), CNN_OK);
    return net;
}

static void assert_zeros(cnn_net *net)
{
    assert_said(cnn_net_layer(net, 0), "bias_scale");
    assert_said(cnn_net_layer(net, 1), "momentum");
    assert_said(cnn_net_layer(net, 2), "alpha");
    assert_said(cnn_net_layer(net, 3), "alpha");
    assert_said(cnn_net_layer(net, 4), "weight_scale");
}

/* The parameters are zeros, leaky ReLU and ELU are ReLU, and the
 * running statistics stay where they began while the net learns. */
static void computes_with_zeros(void **state)
{
    const float x[] = {1, -2, 3, -4, 5, -6, 7, -8};
    const int32_t labels[] = {0, 1};
    cnn_net *net = zeros();
    cnn_optim *sgd = cnn_sgd_create(0.1f, NULL);
    cnn_tensor t = {.struct_size = sizeof(t)};

    (void)state;
    assert_zeros(net);
    const float *bias = cnn_layer_params(cnn_net_layer(net, 0)) + 2;
    const float *weights = cnn_layer_params(cnn_net_layer(net, 4));
    for (int i = 0; i < 2; i++)
        assert_true(bias[i] == 0.0f);
    for (int i = 0; i < 16; i++)
        assert_true(weights[i] == 0.0f);
    for (int32_t i = 2; i < 4; i++) {
        cnn_layer *layer = cnn_net_layer(net, i);
        float y[8];

        assert_int_equal(cnn_layer_forward(layer, 0, 1, x, y), CNN_OK);
        for (int k = 0; k < 8; k++)
            assert_true(y[k] == (x[k] > 0.0f ? x[k] : 0.0f));
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(cnn_net_train_step(net, sgd, 2, x, labels, NULL),
                         CNN_OK);
    for (int32_t i = 2; i < 4; i++) {
        cnn_layer_tensor(cnn_net_layer(net, 1), i, &t);
        for (int c = 0; c < 2; c++)
            assert_true(t.data[c] == (i == 2 ? 0.0f : 1.0f));
    }
    cnn_optim_free(sgd);
    cnn_net_free(net);
}

/* A file keeps which zeros were said. */
static void files_keep_zeros(void **state)
{
    cnn_net *net = zeros();
    size_t size = 0;

    (void)state;
    assert_int_equal(cnn_net_save_memory(net, NULL, 0, &size), CNN_OK);
    void *file = malloc(size);
    assert_non_null(file);
    assert_int_equal(cnn_net_save_memory(net, file, size, &size), CNN_OK);
    cnn_net *loaded = cnn_net_load_memory(file, size, 2);
    assert_non_null(loaded);
    assert_zeros(loaded);
    free(file);
    cnn_net_free(loaded);
    cnn_net_free(net);
}

/* ------------------------------------------------------------- refused --- */

static void where_zero_is_not_possible(void **state)
{
    const float x[] = {1, 2};
    const int32_t labels[] = {0, 1};
    const cnn_shape one = {1, 1, 1};
    cnn_net *net = cnn_net_create();
    cnn_optim *sgd = cnn_sgd_create(0.1f, NULL);
    cnn_dataset *data = cnn_dataset_wrap_f32(&one, 2, x, labels, NULL);

    (void)state;
    assert_null(
        cnn_batchnorm_create(WITH(cnn_batchnorm_options, .epsilon = CNN_ZERO)));
    assert_error(CNN_EINVAL, "batchnorm: epsilon 0, expected above 0");
    assert_null(cnn_dataset_wrap_f32(
        &one, 2, x, labels, WITH(cnn_dataset_options, .scale = CNN_ZERO)));
    assert_error(CNN_EINVAL, "dataset: scale 0");
    cnn_net_add(net, cnn_dense_create(2, NULL));
    assert_int_equal(cnn_net_build(net, &one, 1, 1), CNN_OK);
    assert_null(cnn_trainer_create(
        net, sgd, data, WITH(cnn_trainer_options, .clip_norm = CNN_ZERO)));
    assert_error(CNN_EINVAL, "trainer: clip_norm 0");
    cnn_trainer *trainer = cnn_trainer_create(net, sgd, data, NULL);
    assert_failed(cnn_trainer_set_augmentation(
                      trainer, WITH(cnn_augment_options, .elastic = 1.0f,
                                    .elastic_sigma = CNN_ZERO)),
                  CNN_EINVAL, "augmentation: elastic_sigma 0");
    cnn_trainer_free(trainer);
    cnn_dataset_free(data);
    cnn_optim_free(sgd);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_remembered),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(betas),
        cmocka_unit_test(no_gradient_and_no_eps),
        cmocka_unit_test(a_rate_that_ends),
        cmocka_unit_test(a_plateau_that_ends),
        cmocka_unit_test(computes_with_zeros),
        cmocka_unit_test(files_keep_zeros),
        cmocka_unit_test(where_zero_is_not_possible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
