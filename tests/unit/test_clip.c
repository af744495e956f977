/* Shortening gradients. golden/test_golden_train.c compares it with PyTorch. */
#include <math.h>
#include <string.h>

#include "support/training.h"

static double length_of(const float *x, size_t n)
{
    double square = 0.0;

    for (size_t i = 0; i < n; i++)
        square += (double)x[i] * (double)x[i];
    return sqrt(square);
}

/* (3 4 0) has the length 5. */
static void by_hand(void **state)
{
    const float long_one[] = {3, 4, 0};
    cnn_net *net = dense_net(2, 1, 1);
    float *grads = cnn_net_grads(net);
    double norm = 0.0;

    (void)state;
    memcpy(grads, long_one, sizeof(long_one));
    assert_int_equal(cnn_net_clip_grads(net, 1.0f, &norm), CNN_OK);
    assert_true(norm == 5.0);
    /* 1 / (5 + 1e-6) is a ten-millionth below 0.2. */
    assert_near(grads, (const float[]){0.6f, 0.8f, 0}, 3, 0, 4e-7);
    assert_true(grads[0] < 0.6f);
    /* Once more the 1e-6 takes a millionth, as in PyTorch. */
    assert_int_equal(cnn_net_clip_grads(net, 1.0f, NULL), CNN_OK);
    assert_near(grads, (const float[]){0.6f, 0.8f, 0}, 3, 0, 14e-7);
    /* A little longer is longer. */
    memcpy(grads, long_one, sizeof(long_one));
    assert_int_equal(cnn_net_clip_grads(net, 4.5f, NULL), CNN_OK);
    assert_near(grads, (const float[]){2.7f, 3.6f, 0}, 3, 0, 4e-7);
    cnn_net_free(net);
}

static void short_ones_stay(void **state)
{
    const float x[] = {3, 4, 0}, most[] = {5.1f, 1e30f, INFINITY};
    cnn_net *net = dense_net(2, 1, 1);
    double norm = -1.0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        memcpy(cnn_net_grads(net), x, sizeof(x));
        assert_int_equal(cnn_net_clip_grads(net, most[i], NULL), CNN_OK);
        assert_same_bits(cnn_net_grads(net), x, 3);
    }
    memset(cnn_net_grads(net), 0, sizeof(x));
    assert_int_equal(cnn_net_clip_grads(net, 1e-30f, &norm), CNN_OK);
    assert_true(norm == 0.0);
    assert_near(cnn_net_grads(net), (const float[]){0, 0, 0}, 3, 0, 0);
    cnn_net_free(net);
}

/* All layers are one vector: the direction stays. */
static void over_all_layers(void **state)
{
    cnn_net *net = conv_net(true);
    float before[CONV_NET_PARAMS];
    double norm;

    (void)state;
    build(net, &conv_net_shape, 1, 1);
    fill_uniform(cnn_net_grads(net), CONV_NET_PARAMS, 3);
    memcpy(before, cnn_net_grads(net), sizeof(before));
    const double length = length_of(before, CONV_NET_PARAMS);
    assert_int_equal(cnn_net_clip_grads(net, 2.0f, &norm), CNN_OK);
    assert_true(fabs(norm - length) <= 1e-12 * length);
    for (int i = 0; i < CONV_NET_PARAMS; i++)
        before[i] *= (float)(2.0 / (length + 1e-6));
    assert_same_bits(cnn_net_grads(net), before, CONV_NET_PARAMS);
    cnn_net_free(net);
}

/* Squares of 1e25 are beyond float; the length of such a vector is not. */
static void huge_gradients(void **state)
{
    cnn_net *net = dense_net(2, 1, 1);
    double norm;

    (void)state;
    memcpy(cnn_net_grads(net), (const float[]){3e25f, 0, 4e25f},
           3 * sizeof(float));
    assert_int_equal(cnn_net_clip_grads(net, 10.0f, &norm), CNN_OK);
    assert_true(fabs(norm - 5e25) <= 1e-6 * 5e25);
    assert_near(cnn_net_grads(net), (const float[]){6, 0, 8}, 3, 0, 4e-7);
    cnn_net_free(net);
}

static void errors(void **state)
{
    const float bad[] = {0.0f, -1.0f, NAN};
    cnn_net *net = dense_net(2, 1, 1), *raw = tiny_net();
    double norm = 7.0;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_failed(cnn_net_clip_grads(net, bad[i], &norm), CNN_EINVAL,
                      "expected above 0");
    assert_failed(cnn_net_clip_grads(net, -2.5f, &norm), CNN_EINVAL,
                  "net_clip_grads: max_norm -2.5");
    assert_failed(cnn_net_clip_grads(NULL, 1.0f, &norm), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_net_clip_grads(raw, 1.0f, &norm), CNN_ESTATE,
                  "not built");
    assert_true(norm == 7.0);
    cnn_net_free(net);
    cnn_net_free(raw);
}

/* ------------------------------------------------------- with a trainer --- */

/* With a rate of 1 a step of plain SGD is its gradient. */
static void trainer_clips(void **state)
{
    training clipped = {.optim = cnn_sgd_create(1.0f, NULL),
                        .options.clip_norm = 0.01f};
    training whole = {.optim = cnn_sgd_create(1.0f, NULL)};
    float from[TINY_PARAMS], step[TINY_PARAMS];

    (void)state;
    training_open(&clipped, 1);
    training_open(&whole, 1);
    memcpy(from, cnn_net_params(whole.net), sizeof(from));
    training_run(&clipped, 1);
    training_run(&whole, 1);
    const double length = length_of(cnn_net_grads(whole.net), TINY_PARAMS);
    assert_true(length > 0.1);
    for (int i = 0; i < TINY_PARAMS; i++)
        step[i] = from[i] - cnn_net_params(clipped.net)[i];
    /* Parameters of up to 1 are rounded. */
    assert_true(fabs(length_of(step, TINY_PARAMS) - 0.01) <= 1e-6);
    for (int i = 0; i < TINY_PARAMS; i++)
        from[i] = (float)((double)cnn_net_grads(whole.net)[i] * 0.01 / length);
    assert_near(step, from, TINY_PARAMS, 0x1p-24, 2e-6);
    training_close(&clipped);
    training_close(&whole);
}

static void trainer_leaves_short_ones(void **state)
{
    training clipped = {.options.clip_norm = 1e6f}, whole = {0};

    (void)state;
    training_open(&clipped, 1);
    training_open(&whole, 1);
    training_run(&clipped, 10);
    training_run(&whole, 10);
    assert_same_training(&clipped, &whole);
    training_close(&clipped);
    training_close(&whole);
}

static void trainer_errors(void **state)
{
    const float bad[] = {-1.0f, INFINITY, NAN};
    training t = {0};

    (void)state;
    training_open(&t, 1);
    for (int i = 0; i < 3; i++) {
        const cnn_trainer_options o = {.struct_size = sizeof(o),
                                       .clip_norm = bad[i]};

        assert_null(cnn_trainer_create(t.net, t.optim, t.dataset, &o));
        assert_error(CNN_EINVAL, "expected a finite number of at least 0");
    }
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(short_ones_stay),
        cmocka_unit_test(over_all_layers),
        cmocka_unit_test(huge_gradients),
        cmocka_unit_test(errors),
        cmocka_unit_test(trainer_clips),
        cmocka_unit_test(trainer_leaves_short_ones),
        cmocka_unit_test(trainer_errors),
    };

    return cmocka_run_group_tests_name("clip", tests, NULL, NULL);
}
