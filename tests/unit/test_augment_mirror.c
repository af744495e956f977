/* Images turned left to right, and augmentation as a call of its own. */
#include "cnn/augment.h"

#include <math.h>
#include <string.h>

#include "cnn/trainer.h"
#include "support/nets.h"

enum { C = 2, H = 3, W = 5, X = C * H * W, COUNT = 400 };

static const cnn_shape shape = {C, H, W};
static const uint64_t numbers[2] = {7, 3};

static cnn_augment_options mirror_only(void)
{
    return (cnn_augment_options){.struct_size = sizeof(cnn_augment_options),
                                 .mirror = 1};
}

static void mirrored(const float *x, float *to)
{
    for (int row = 0; row < C * H; row++)
        for (int c = 0; c < W; c++)
            to[row * W + c] = x[row * W + (W - 1 - c)];
}

/* To the bit, or as it was; about half of them: of 400 fair draws fewer than
 * 140 or more than 260 come once in 10^9 times. */
static void every_second_by_chance(void **state)
{
    const cnn_augment_options o = mirror_only();
    float *x = uniform(COUNT * X, 1), *y = uniform(COUNT * X, 1), want[X];
    int turned = 0;

    (void)state;
    assert_int_equal(cnn_augment(&o, &shape, numbers, COUNT, 0, y), CNN_OK);
    for (int n = 0; n < COUNT; n++) {
        mirrored(x + n * X, want);
        if (memcmp(y + n * X, want, sizeof(want)) == 0)
            turned++;
        else
            assert_same_bits(y + n * X, x + n * X, X);
    }
    assert_in_range(turned, 140, 260);
    /* The same call, the same images; another step, others. */
    float *again = uniform(COUNT * X, 1), *other = uniform(COUNT * X, 1);
    const uint64_t step[2] = {7, 4};
    assert_int_equal(cnn_augment(&o, &shape, numbers, COUNT, 0, again), CNN_OK);
    assert_same_bits(again, y, COUNT * X);
    assert_int_equal(cnn_augment(&o, &shape, step, COUNT, 0, other), CNN_OK);
    assert_true(memcmp(other, y, COUNT * X * sizeof(float)) != 0);
    test_free(x);
    test_free(y);
    test_free(again);
    test_free(other);
}

/* A mirror comes after the other changes, whose draws are as without it. */
static void after_the_others(void **state)
{
    cnn_augment_options o = mirror_only();
    float *moved = uniform(COUNT * X, 1), *both = uniform(COUNT * X, 1);
    float want[X];
    int turned = 0;

    (void)state;
    o.shift = 1;
    assert_int_equal(cnn_augment(&o, &shape, numbers, COUNT, 9, both), CNN_OK);
    o.mirror = 0;
    assert_int_equal(cnn_augment(&o, &shape, numbers, COUNT, 9, moved), CNN_OK);
    for (int n = 0; n < COUNT; n++) {
        mirrored(moved + n * X, want);
        if (memcmp(both + n * X, want, sizeof(want)) == 0)
            turned++;
        else
            assert_same_bits(both + n * X, moved + n * X, X);
    }
    assert_in_range(turned, 140, 260);
    test_free(moved);
    test_free(both);
}

/* A trainer changes its batches by the same call. */
static void as_a_trainer_does(void **state)
{
    enum { BATCH = 8 };
    const cnn_augment_options o = mirror_only();
    cnn_trainer_options options = {
        .struct_size = sizeof(options), .flags = CNN_NO_SHUFFLE, .seed = 7};
    float *x = uniform(BATCH * X, 1);
    int32_t labels[BATCH] = {0, 1, 0, 1, 0, 1, 0, 1};
    cnn_net *net = dense_net(X, 2, BATCH), *by_hand = dense_net(X, 2, BATCH);
    const cnn_shape flat = {X, 1, 1};
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);

    (void)state;
    /* A dense net takes X x 1 x 1, whose rows have one pixel. */
    cnn_dataset *d = cnn_dataset_wrap_f32(&flat, BATCH, x, labels, NULL);
    cnn_trainer *t = cnn_trainer_create(net, optim, d, &options);
    assert_int_equal(cnn_trainer_set_augmentation(t, &o), CNN_OK);
    assert_int_equal(cnn_trainer_step(t, NULL), CNN_OK);
    const uint64_t first[2] = {7, 0};
    assert_int_equal(cnn_augment(&o, &flat, first, BATCH, 0, x), CNN_OK);
    assert_int_equal(cnn_net_train_step(by_hand, optim, BATCH, x, labels, NULL),
                     CNN_OK);
    assert_same_bits(cnn_net_params(net), cnn_net_params(by_hand),
                     cnn_net_param_count(net));
    cnn_trainer_free(t);
    cnn_dataset_free(d);
    cnn_optim_free(optim);
    cnn_net_free(net);
    cnn_net_free(by_hand);
    test_free(x);
}

static void errors(void **state)
{
    cnn_augment_options o = mirror_only();
    const cnn_shape none = {1, 0, 3};
    float x[X] = {0};

    (void)state;
    assert_failed(cnn_augment(&o, NULL, numbers, 1, 0, x), CNN_EINVAL,
                  "shape is NULL");
    assert_failed(cnn_augment(&o, &shape, NULL, 1, 0, x), CNN_EINVAL,
                  "random is NULL");
    assert_failed(cnn_augment(&o, &shape, numbers, 1, 0, NULL), CNN_EINVAL,
                  "images is NULL");
    assert_failed(cnn_augment(&o, &none, numbers, 1, 0, x), CNN_EINVAL,
                  "1 images of 1x0x3");
    assert_failed(cnn_augment(&o, &shape, numbers, -1, 0, x), CNN_EINVAL,
                  "-1 images");
    o.mirror = 2;
    assert_failed(cnn_augment(&o, &shape, numbers, 1, 0, x), CNN_EINVAL,
                  "mirror 2, expected 0 or 1");
    assert_int_equal(cnn_augment(NULL, &shape, numbers, 0, 0, NULL), CNN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_second_by_chance),
        cmocka_unit_test(after_the_others),
        cmocka_unit_test(as_a_trainer_does),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
