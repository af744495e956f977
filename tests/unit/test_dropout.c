/* Dropout. test_resume.c sees that a training with it resumes exactly. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "support/rig.h"

/* A layer of so many elements for so many samples, x and dy all 1. */
static void open(rig *r, float rate, int32_t size, int32_t batch)
{
    rig_open(r, cnn_dropout_create(rate), &(cnn_shape){size, 1, 1}, batch);
    assert_int_equal(r->P, 0);
    for (size_t i = 0; i < r->X; i++)
        r->x[i] = r->dy[i] = 1.0f;
}

/* What is kept is doubled at a rate of 1/2, and what is dropped is zero. */
static void kept_or_dropped(void **state)
{
    size_t kept = 0;
    rig r;

    (void)state;
    open(&r, 0.5f, 100, 4);
    fill_uniform(r.x, r.X, 1);
    rig_forward(&r);
    for (size_t i = 0; i < r.X; i++) {
        assert_true(r.y[i] == 0.0f || r.y[i] == 2.0f * r.x[i]);
        kept += r.y[i] != 0.0f;
    }
    assert_true(kept > 0 && kept < r.X);
    rig_close(&r);
}

static void rate_zero_keeps_all(void **state)
{
    rig r;

    (void)state;
    open(&r, 0.0f, 100, 4);
    rig_fill_uniform(&r, 1);
    rig_forward(&r);
    assert_same_bits(r.y, r.x, r.X);
    rig_backward(&r);
    assert_same_bits(r.dx, r.dy, r.X);
    rig_close(&r);
}

/* The mask as it is defined, from the streams of random numbers: what a seed
 * means never changes. A rig is built with seed 1. */
static void mask_is_as_defined(void **state)
{
    enum { SIZE = 37, BATCH = 5, STEPS = 3 };
    rig r;

    (void)state;
    open(&r, 0.3f, SIZE, BATCH);
    for (uint64_t step = 1; step <= STEPS; step++) {
        float want[SIZE * BATCH];

        for (uint32_t n = 0; n < BATCH; n++) {
            cnn__random random;

            cnn__random_start(&random, 1, CNN__RANDOM_DROPOUT, step, n);
            for (int i = 0; i < SIZE; i++)
                want[n * SIZE + (uint32_t)i] =
                    cnn__random_uniform(&random) < 0.3f ? 0.0f
                                                        : 1.0f / (1.0f - 0.3f);
        }
        rig_forward(&r);
        assert_same_bits(r.y, want, SIZE * BATCH);
    }
    rig_close(&r);
}

/* A number of so many draws with that probability lies within five deviations
 * of its mean, except once in two million times. */
static void assert_frequency(size_t seen, size_t draws, double probability)
{
    const double mean = (double)draws * probability;
    const double deviation = sqrt(mean * (1.0 - probability));

    if (fabs((double)seen - mean) > 5.0 * deviation)
        fail_msg("%zu of %zu, expected %g +- %g", seen, draws, mean, deviation);
}

/* One element, neighbours, the same element of two samples and of two passes
 * are dropped as often as independent ones would be. */
static void mask_statistics(void **state)
{
    enum { SIZE = 1000, BATCH = 50 };
    const float rates[] = {0.05f, 0.5f, 0.9f};

    (void)state;
    for (int k = 0; k < 3; k++) {
        const double p = (double)rates[k];
        size_t single = 0, pairs = 0, samples = 0, passes = 0;
        double mean = 0.0;
        rig r;

        open(&r, rates[k], SIZE, BATCH);
        rig_forward(&r);
        memcpy(r.dy, r.y, r.Y * sizeof(float));
        rig_forward(&r);
        for (size_t i = 0; i < r.Y - SIZE; i++) {
            const int dropped = r.y[i] == 0.0f;

            single += (size_t)dropped;
            pairs += dropped && r.y[i + 1] == 0.0f;
            samples += dropped && r.y[i + SIZE] == 0.0f;
            passes += dropped && r.dy[i] == 0.0f;
            mean += (double)r.y[i] / (double)(r.Y - SIZE);
        }
        assert_frequency(single, r.Y - SIZE, p);
        assert_frequency(pairs, r.Y - SIZE, p * p);
        assert_frequency(samples, r.Y - SIZE, p * p);
        assert_frequency(passes, r.Y - SIZE, p * p);
        /* So the mean stays what it was: p / (1 - p) is its variance. */
        assert_true(fabs(mean - 1.0) <=
                    5.0 * sqrt(p / (1.0 - p) / (double)(r.Y - SIZE)));
        rig_close(&r);
    }
}

/* dx = m dy with the m of y = m x: the gradient, which finite differences could
 * not find, since each pass draws another m. */
static void same_mask_both_ways(void **state)
{
    rig r;

    (void)state;
    open(&r, 0.4f, 100, 7);
    for (int pass = 0; pass < 3; pass++) {
        rig_forward(&r);
        rig_backward(&r);
        assert_same_bits(r.dx, r.y, r.X);
    }
    assert_int_equal(cnn_layer_backward(r.layer, 7, r.x, r.y, r.dy, NULL),
                     CNN_OK);
    rig_close(&r);
}

static void other_seeds_other_masks(void **state)
{
    float y[3][100], x[100];

    (void)state;
    for (int i = 0; i < 100; i++)
        x[i] = 1.0f;
    for (int k = 0; k < 3; k++) {
        cnn_layer *layer = cnn_dropout_create(0.5f);

        cnn_layer_build(layer, &(cnn_shape){100, 1, 1}, 1, k == 2 ? 8 : 7);
        cnn_layer_forward(layer, CNN_TRAIN, 1, x, y[k]);
        cnn_layer_free(layer);
    }
    assert_same_bits(y[0], y[1], 100);
    assert_memory_not_equal(y[0], y[2], sizeof(y[0]));
}

/* Two layers of a net: a quarter passes both, where the same mask twice would
 * let a half pass. */
static void other_layers_other_masks(void **state)
{
    enum { SIZE = 20000 };
    float *x = new_floats(SIZE);
    cnn_net *net = cnn_net_create();
    size_t kept = 0;

    (void)state;
    cnn_net_add(net, cnn_dropout_create(0.5f));
    cnn_net_add(net, cnn_dropout_create(0.5f));
    assert_int_equal(cnn_net_build(net, &(cnn_shape){SIZE, 1, 1}, 1, 3),
                     CNN_OK);
    for (int i = 0; i < SIZE; i++)
        x[i] = 1.0f;
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, 1, x), CNN_OK);
    for (int i = 0; i < SIZE; i++) {
        const float y = cnn_net_output(net)[i];

        assert_true(y == 0.0f || y == 4.0f);
        kept += y == 4.0f;
    }
    assert_frequency(kept, SIZE, 0.25);
    cnn_net_free(net);
    test_free(x);
}

/* By hand, in a net, and in a session; and a pass that is not training does not
 * count as one. */
static void nothing_when_predicting(void **state)
{
    enum { SIZE = 50, N = 3 };
    float x[SIZE * N], y[SIZE * N], first[SIZE];
    cnn_layer *layer = cnn_dropout_create(0.5f);
    cnn_net *net = cnn_net_create();
    cnn_session *session;

    (void)state;
    fill_uniform(x, SIZE * N, 1);
    cnn_layer_build(layer, &(cnn_shape){SIZE, 1, 1}, N, 1);
    assert_int_equal(cnn_layer_forward(layer, 0, N, x, y), CNN_OK);
    assert_same_bits(y, x, SIZE * N);
    cnn_net_add(net, cnn_dropout_create(0.5f));
    cnn_net_add(net, cnn_dropout_create(0.9f));
    cnn_net_build(net, &(cnn_shape){SIZE, 1, 1}, N, 1);
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, 1, x), CNN_OK);
    memcpy(first, cnn_net_output(net), sizeof(first));
    assert_int_equal(cnn_net_predict(net, N, x, y), CNN_OK);
    assert_same_bits(y, x, SIZE * N);
    session = cnn_session_create(net, 2);
    assert_int_equal(cnn_session_predict(session, N, x, y), CNN_OK);
    assert_same_bits(y, x, SIZE * N);
    assert_memory_not_equal(first, x, sizeof(first));
    cnn_session_free(session);
    cnn_net_free(net);
    cnn_layer_free(layer);
}

/* Each run is the first pass of a layer of its own. */
static void same_bits_with_any_threads(void **state)
{
    float *y = NULL;

    (void)state;
    for (int32_t threads = 1; threads <= 4; threads++) {
        rig r;

        cnn_set_num_threads(threads);
        open(&r, 0.5f, 5000, 13);
        rig_forward(&r);
        rig_backward(&r);
        if (y == NULL) {
            y = new_floats(r.Y);
            memcpy(y, r.y, r.Y * sizeof(float));
        }
        assert_same_bits(r.y, y, r.Y);
        assert_same_bits(r.dx, y, r.Y);
        rig_close(&r);
    }
    cnn_set_num_threads(1);
    test_free(y);
}

static void errors(void **state)
{
    const float bad[] = {-0.25f, 1.0f, 1.5f, NAN, INFINITY};
    const char *const texts[] = {"dropout: rate -0.25, expected 0 to below 1",
                                 "dropout: rate 1, ", "rate 1.5", "nan", "inf"};

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_null(cnn_dropout_create(bad[i]));
        assert_error(CNN_EINVAL, texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_or_dropped),
        cmocka_unit_test(rate_zero_keeps_all),
        cmocka_unit_test(mask_is_as_defined),
        cmocka_unit_test(mask_statistics),
        cmocka_unit_test(same_mask_both_ways),
        cmocka_unit_test(other_seeds_other_masks),
        cmocka_unit_test(other_layers_other_masks),
        cmocka_unit_test(nothing_when_predicting),
        cmocka_unit_test(same_bits_with_any_threads),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("dropout", tests, NULL, NULL);
}
