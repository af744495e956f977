/* Optimisers: steps by hand, options, and the memory beside the parameters.
 * golden/test_golden_optim.c follows them over 20 steps. */
#include <math.h>
#include <string.h>

#include "support/nets.h"

#define SGD(...) \
    (&(cnn_sgd_options){.struct_size = sizeof(cnn_sgd_options), __VA_ARGS__})
#define ADAM(...) \
    (&(cnn_adam_options){.struct_size = sizeof(cnn_adam_options), __VA_ARGS__})
#define RMSPROP(...)                                                    \
    (&(cnn_rmsprop_options){.struct_size = sizeof(cnn_rmsprop_options), \
                            __VA_ARGS__})

/* A layer with `n` parameters, all 1. */
static cnn_layer *layer_of(int32_t n)
{
    cnn_layer *layer = cnn_dense_create(
        1, &(cnn_dense_options){.struct_size = sizeof(cnn_dense_options),
                                .flags = CNN_NO_BIAS,
                                .weight_init = CNN_INIT_CONSTANT,
                                .weight_scale = 1.0f});

    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){n, 1, 1}, 1, 1),
                     CNN_OK);
    return layer;
}

/* Updates the first parameter with gradient g and returns it. */
static double step(cnn_layer *layer, cnn_optim *optim, float g)
{
    cnn_layer_grads(layer)[0] = g;
    assert_int_equal(cnn_layer_update(layer, optim), CNN_OK);
    return (double)cnn_layer_params(layer)[0];
}

/* Two steps from 1 with gradients 0.5 and -0.25. */
static void assert_steps(cnn_optim *optim, double first, double second)
{
    cnn_layer *layer = layer_of(1);

    assert_non_null(optim);
    /* Some 8 roundings of numbers of about 1. */
    assert_true(fabs(step(layer, optim, 0.5f) - first) <= 5e-7);
    assert_true(fabs(step(layer, optim, -0.25f) - second) <= 5e-7);
    cnn_layer_free(layer);
    cnn_optim_free(optim);
}

static void sgd_by_hand(void **state)
{
    (void)state;
    assert_steps(cnn_sgd_create(0.1f, NULL), 0.95, 0.975);
    /* b = 0.5, then 0.9 * 0.5 - 0.25 = 0.2 */
    assert_steps(cnn_sgd_create(0.1f, SGD(.momentum = 0.9f)), 0.95, 0.93);
    /* 0.5 + 0.9 * 0.5 = 0.95, then -0.25 + 0.9 * 0.2 = -0.07 */
    assert_steps(cnn_sgd_create(0.1f, SGD(.momentum = 0.9f, .nesterov = 1)),
                 0.905, 0.912);
    /* g = 0.5 + 0.2 * 1 = 0.7, then -0.25 + 0.2 * 0.93 = -0.064 */
    assert_steps(cnn_sgd_create(0.1f, SGD(.weight_decay = 0.2f)), 0.93, 0.9364);
    assert_steps(cnn_sgd_create(0.0f, SGD(.momentum = 0.9f)), 1.0, 1.0);
}

static void adam_by_hand(void **state)
{
    /* The moments after two steps with b1 = b2 = 0.9, bias corrected. */
    const double m2 = (0.9 * 0.05 - 0.1 * 0.25) / (1 - 0.81);
    const double v2 = (0.9 * 0.025 + 0.1 * 0.0625) / (1 - 0.81);
    const double second = 0.1 * m2 / (sqrt(v2) + 1e-8);

    (void)state;
    /* The first step is lr, whatever the gradient. */
    assert_steps(cnn_adam_create(0.1f, ADAM(.beta2 = 0.9f)), 0.9, 0.9 - second);
    /* AdamW: p times 1 - 0.1 * 0.5 before each step. */
    assert_steps(cnn_adam_create(0.1f, ADAM(.beta2 = 0.9f, .weight_decay = 0.5f,
                                            .decoupled = 1)),
                 0.85, 0.85 * 0.95 - second);
    /* A large eps damps it: 0.1 * 0.5 / (0.5 + 0.5) at first. */
    assert_steps(cnn_adam_create(0.1f, ADAM(.beta2 = 0.9f, .eps = 0.5f)), 0.95,
                 0.95 - 0.1 * m2 / (sqrt(v2) + 0.5));
}

/* Zeros mean the defaults that the header names. */
static void defaults(void **state)
{
    (void)state;
    const double m2 = (0.9 * 0.05 - 0.1 * 0.25) / (1 - 0.81);
    const double v2 = (0.999 * 0.00025 + 0.001 * 0.0625) / (1 - 0.998001);
    const double adam = 0.9 - 0.1 * m2 / (sqrt(v2) + 1e-8);
    /* RMSprop: v = 0.025, then 0.9 * 0.025 + 0.1 * 0.0625. */
    const double first = 1.0 - 0.1 * 0.5 / sqrt(0.025);
    const double second = first + 0.1 * 0.25 / sqrt(0.02875);

    assert_steps(cnn_adam_create(0.1f, NULL), 0.9, adam);
    assert_steps(cnn_adam_create(0.1f, ADAM(.decoupled = 1)), 0.9, adam);
    assert_steps(cnn_rmsprop_create(0.1f, NULL), first, second);
    assert_steps(cnn_rmsprop_create(0.1f, RMSPROP(.eps = 0.0f)), first, second);
}

static void rmsprop_by_hand(void **state)
{
    /* decay 0.5: v = 0.125, then 0.09375; eps 0.5. */
    const double u1 = 0.5 / (sqrt(0.125) + 0.5);
    const double u2 = -0.25 / (sqrt(0.09375) + 0.5);

    (void)state;
    assert_steps(cnn_rmsprop_create(0.1f, RMSPROP(.decay = 0.5f, .eps = 0.5f)),
                 1.0 - 0.1 * u1, 1.0 - 0.1 * u1 - 0.1 * u2);
    assert_steps(cnn_rmsprop_create(0.1f, RMSPROP(.decay = 0.5f, .eps = 0.5f,
                                                  .momentum = 0.5f)),
                 1.0 - 0.1 * u1, 1.0 - 0.1 * u1 - 0.1 * (0.5 * u1 + u2));
}

/* ---------------------------------------------------------- bad options -- */

#define assert_refused(create, part)      \
    do {                                  \
        assert_null(create);              \
        assert_error(CNN_EINVAL, (part)); \
    } while (0)

static void bad_options(void **state)
{
    const float bad[] = {-0.1f, -INFINITY, NAN, INFINITY};

    (void)state;
    for (int i = 0; i < 4; i++) {
        const float b = bad[i];

        assert_refused(cnn_sgd_create(b, NULL), "learning rate");
        assert_refused(cnn_adam_create(b, NULL), "learning rate");
        assert_refused(cnn_rmsprop_create(b, NULL), "learning rate");
        assert_refused(cnn_sgd_create(1, SGD(.momentum = b)), "sgd: momentum");
        assert_refused(cnn_sgd_create(1, SGD(.weight_decay = b)),
                       "sgd: weight_decay");
        assert_refused(cnn_adam_create(1, ADAM(.beta1 = b)), "adam: beta1");
        assert_refused(cnn_adam_create(1, ADAM(.beta2 = b)), "adam: beta2");
        assert_refused(cnn_adam_create(1, ADAM(.eps = b)), "adam: eps");
        assert_refused(cnn_adam_create(1, ADAM(.weight_decay = b)),
                       "adam: weight_decay");
        assert_refused(cnn_rmsprop_create(1, RMSPROP(.decay = b)),
                       "rmsprop: decay");
        assert_refused(cnn_rmsprop_create(1, RMSPROP(.eps = b)),
                       "rmsprop: eps");
        assert_refused(cnn_rmsprop_create(1, RMSPROP(.momentum = b)),
                       "rmsprop: momentum");
    }
    assert_refused(cnn_sgd_create(1, SGD(.momentum = 1)), "sgd: momentum 1");
    assert_refused(cnn_sgd_create(1, SGD(.momentum = 0.5f, .nesterov = 2)),
                   "nesterov 2, expected 0 or 1");
    assert_refused(cnn_sgd_create(1, SGD(.nesterov = 1)),
                   "nesterov needs momentum");
    assert_refused(cnn_adam_create(1, ADAM(.beta1 = 1)), "adam: beta1 1");
    assert_refused(cnn_adam_create(1, ADAM(.beta2 = 1)), "adam: beta2 1");
    assert_refused(cnn_adam_create(1, ADAM(.decoupled = -1)),
                   "decoupled -1, expected 0 or 1");
    assert_refused(cnn_rmsprop_create(1, RMSPROP(.decay = 1)),
                   "rmsprop: decay 1");
    assert_refused(cnn_rmsprop_create(1, RMSPROP(.momentum = 1)),
                   "rmsprop: momentum 1");
    assert_refused(cnn_sgd_create(1, &(cnn_sgd_options){0}), "struct_size");
    assert_refused(cnn_adam_create(1, &(cnn_adam_options){0}), "struct_size");
    assert_refused(cnn_rmsprop_create(1, &(cnn_rmsprop_options){0}),
                   "struct_size");
}

/* Structs of older and newer callers. */
static void struct_sizes(void **state)
{
    struct {
        cnn_sgd_options known;
        float unknown;
    } newer = {{sizeof(newer), 0.9f, 0, 0.0f}, 0.0f};
    /* Ends before weight_decay, which is therefore not read. */
    const cnn_sgd_options older = {offsetof(cnn_sgd_options, weight_decay),
                                   0.9f, 0, NAN};

    (void)state;
    assert_steps(cnn_sgd_create(0.1f, &older), 0.95, 0.93);
    assert_steps(cnn_sgd_create(0.1f, &newer.known), 0.95, 0.93);
    newer.unknown = 1.0f;
    assert_null(cnn_sgd_create(0.1f, &newer.known));
    assert_error(CNN_EUNSUPPORTED, "field at byte 16");
}

/* -------------------------------------------------------------- memory --- */

static void set_lr(void **state)
{
    cnn_optim *optim = cnn_sgd_create(0.1f, SGD(.momentum = 0.5f));
    cnn_layer *layer = layer_of(1);

    (void)state;
    assert_true(cnn_optim_lr(optim) == 0.1f);
    step(layer, optim, 0.5f);
    assert_int_equal(cnn_optim_set_lr(optim, 1.0f), CNN_OK);
    /* The momentum of 0.5 is still there: 0.95 - 1 * (0.25 + 0.5). */
    assert_true(fabs(step(layer, optim, 0.5f) - 0.2) <= 5e-7);
    assert_failed(cnn_optim_set_lr(optim, -1.0f), CNN_EINVAL, "rate -1");
    assert_failed(cnn_optim_set_lr(optim, NAN), CNN_EINVAL, "rate nan");
    assert_failed(cnn_optim_set_lr(optim, INFINITY), CNN_EINVAL, "rate inf");
    assert_failed(cnn_optim_set_lr(NULL, 1.0f), CNN_EINVAL, "optim is NULL");
    assert_true(cnn_optim_lr(optim) == 1.0f);
    assert_true(cnn_optim_lr(NULL) == 0.0f);
    assert_int_equal(cnn_optim_set_lr(optim, 0.0f), CNN_OK);
    cnn_layer_free(layer);
    cnn_optim_free(optim);
    cnn_optim_free(NULL);
}

/* Another kind starts afresh; another optimiser of the same kind goes on. */
static void memory_restarts_with_the_kind(void **state)
{
    cnn_optim *sgd = cnn_sgd_create(0.1f, SGD(.momentum = 0.9f));
    cnn_optim *same = cnn_sgd_create(0.1f, SGD(.momentum = 0.9f));
    cnn_optim *adam = cnn_adam_create(0.1f, NULL);
    cnn_layer *layer = layer_of(1);

    (void)state;
    step(layer, sgd, 0.5f);
    assert_true(fabs(step(layer, same, 0.0f) - 0.905) <= 5e-7);
    /* First steps of Adam are lr in size, of SGD lr g. */
    assert_true(fabs(step(layer, adam, 3.0f) - 0.805) <= 5e-7);
    step(layer, adam, 3.0f);
    const double before = (double)cnn_layer_params(layer)[0];
    assert_true(fabs(step(layer, sgd, 0.5f) - (before - 0.05)) <= 5e-7);
    assert_true(fabs(step(layer, adam, -7.0f) - (before + 0.05)) <= 5e-7);
    cnn_layer_free(layer);
    cnn_optim_free(sgd);
    cnn_optim_free(same);
    cnn_optim_free(adam);
}

/* What is remembered lives beside the parameters, not in the optimiser. */
static void one_optimiser_for_two(void **state)
{
    cnn_optim *adam = cnn_adam_create(0.1f, NULL);
    cnn_layer *one = layer_of(1), *two = layer_of(1);

    (void)state;
    for (int t = 0; t < 5; t++)
        step(one, adam, 0.5f);
    /* The first step of `two`, with its own count of steps and moments. */
    assert_true(fabs(step(two, adam, -0.01f) - 1.1) <= 5e-7);
    cnn_layer_free(one);
    cnn_layer_free(two);
    cnn_optim_free(adam);
}

/* More parameters than are updated at a time, on several threads: each one
 * follows its own gradient. */
static void many_parameters(void **state)
{
    enum { COUNT = 50001 };
    cnn_optim *optims[] = {cnn_sgd_create(0.1f, SGD(.momentum = 0.9f)),
                           cnn_adam_create(0.1f, NULL),
                           cnn_rmsprop_create(0.1f, RMSPROP(.momentum = 0.9f))};

    (void)state;
    cnn_set_num_threads(3);
    for (int i = 0; i < 3; i++) {
        cnn_layer *many = layer_of(COUNT), *few = layer_of(7);

        for (int t = 0; t < 3; t++) {
            fill_uniform(cnn_layer_grads(few), 7, (uint64_t)t);
            for (int k = 0; k < COUNT; k++)
                cnn_layer_grads(many)[k] = cnn_layer_grads(few)[k % 7];
            assert_int_equal(cnn_layer_update(few, optims[i]), CNN_OK);
            assert_int_equal(cnn_layer_update(many, optims[i]), CNN_OK);
        }
        for (int k = 0; k < COUNT; k++)
            assert_same_bits(&cnn_layer_params(many)[k],
                             &cnn_layer_params(few)[k % 7], 1);
        cnn_layer_free(many);
        cnn_layer_free(few);
        cnn_optim_free(optims[i]);
    }
    cnn_set_num_threads(1);
}

static void bad_updates(void **state)
{
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    cnn_layer *layer = cnn_activation_create(CNN_RELU, NULL);
    cnn_net *net = dense_net(1, 1, 1);

    (void)state;
    assert_failed(cnn_layer_update(NULL, optim), CNN_EINVAL, "layer is NULL");
    assert_failed(cnn_layer_update(layer, NULL), CNN_EINVAL, "optim is NULL");
    assert_failed(cnn_layer_update(layer, optim), CNN_ESTATE, "not built");
    assert_failed(cnn_net_update(NULL, optim), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_update(net, NULL), CNN_EINVAL, "optim is NULL");
    /* A layer without parameters has nothing to update. */
    cnn_layer_build(layer, &(cnn_shape){1, 1, 1}, 1, 1);
    assert_int_equal(cnn_layer_update(layer, optim), CNN_OK);
    cnn_net_free(net);
    cnn_layer_free(layer);
    cnn_optim_free(optim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_by_hand),
        cmocka_unit_test(adam_by_hand),
        cmocka_unit_test(rmsprop_by_hand),
        cmocka_unit_test(defaults),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(struct_sizes),
        cmocka_unit_test(set_lr),
        cmocka_unit_test(memory_restarts_with_the_kind),
        cmocka_unit_test(one_optimiser_for_two),
        cmocka_unit_test(many_parameters),
        cmocka_unit_test(bad_updates),
    };

    return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
