/* Losses with targets and weights, and the settings of losses. */
#include <math.h>

#include "support/nets.h"
#include "train/loss.h"

enum { N = 2, K = 3 };

/* Exact in binary, and so that no error is 0 and those of Huber's loss are on
 * both sides of 3/4. The targets of a sample add up to 1. */
static const float y[N * K] = {0.5f, -1.25f, 2, 3, 0.25f, -0.75f};
static const float targets[N * K] = {0.25f, 0.75f, 0, 0.5f, 0.375f, 0.125f};
static const float weights[N] = {2, 0.5f};
static const int32_t labels[N] = {1, 0};

/* PyTorch 1.13 in double precision: the mean by weight, and its gradient
 * (torch.nn.functional: mse_loss, l1_loss, huber_loss with delta 0.75,
 * binary_cross_entropy_with_logits, cross_entropy; label_smoothing 0.25). */
typedef struct golden {
    int32_t loss;
    bool labelled;
    float smoothing;
    double value, dy[N * K];
} golden;

static const golden goldens[] = {
    {CNN_LOSS_MSE,
     false,
     0,
     2.61875,
     {0.1333333333, -1.0666666667, 1.0666666667, 0.3333333333, -0.0166666667,
      -0.1166666667}},
    {CNN_LOSS_MAE,
     false,
     0,
     1.3666666666666667,
     {0.2666666667, -0.2666666667, 0.2666666667, 0.0666666667, -0.0666666667,
      -0.0666666667}},
    {CNN_LOSS_HUBER,
     false,
     0,
     0.7901041666666666,
     {0.0666666667, -0.2, 0.2, 0.05, -0.0083333333, -0.05}},
    {CNN_LOSS_BINARY_CROSS_ENTROPY,
     false,
     0,
     1.2948756055894197,
     {0.0993224883, -0.1406132963, 0.2348792208, 0.0301716085, 0.0124784334,
      0.0130547534}},
    {CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
     false,
     0,
     2.7528638797287828,
     {-0.0585438543, -0.5754186077, 0.6339624621, 0.0839172449, -0.0632425639,
      -0.020674681}},
    {CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
     true,
     0.25f,
     2.5778638797287825,
     {0.074789479, -0.6420852744, 0.5672957954, 0.0172505782, -0.0049092306,
      -0.0123413476}},
    {CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
     false,
     0.25f,
     2.5403638797287824,
     {-0.075210521, -0.4920852744, 0.5672957954, 0.0922505782, -0.0611592306,
      -0.0310913476}},
};

static void like_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
        const golden *g = &goldens[i];
        const cnn__criterion c = {
            .loss = g->loss, .smoothing = g->smoothing, .delta = 0.75f};
        const cnn__outcome o = {N,
                                K,
                                y,
                                g->labelled ? labels : NULL,
                                g->labelled ? NULL : targets,
                                weights};
        float dy[N * K];
        const double value = cnn__loss(&c, &o, 1.0f / 2.5f, dy) / 2.5;

        /* The loss is computed in double, from logarithms of floats. */
        assert_true(fabs(value - g->value) <= 1e-7 * g->value);
        /* A few roundings of float. */
        for (int k = 0; k < N * K; k++)
            assert_true(fabs((double)dy[k] - g->dy[k]) <= 2e-7);
    }
}

/* A label is the target 1 among zeros. */
static void labels_are_targets(void **state)
{
    static const float one_hot[N * K] = {0, 1, 0, 1, 0, 0};

    (void)state;
    for (int32_t loss = 0; loss <= CNN_LOSS_BINARY_CROSS_ENTROPY; loss++) {
        const cnn__criterion c = {.loss = loss, .delta = 1.0f};
        float a[N * K], b[N * K];

        if (loss == CNN_LOSS_LENET_MAP)
            continue;
        const double by_labels =
            cnn__loss(&c, &(cnn__outcome){N, K, y, labels, NULL, NULL}, 1, a);
        const double by_targets =
            cnn__loss(&c, &(cnn__outcome){N, K, y, NULL, one_hot, NULL}, 1, b);
        assert_true(fabs(by_labels - by_targets) <= 1e-14);
        for (int k = 0; k < N * K; k++)
            assert_true(fabsf(a[k] - b[k]) <= 1.2e-7f);
    }
}

static double one(int32_t loss, float at, float target, float *dy)
{
    const cnn__criterion c = {.loss = loss, .delta = 1.0f};
    const cnn__outcome o = {1, 1, &at, NULL, &target, NULL};

    return cnn__loss(&c, &o, 1, dy);
}

static void extremes(void **state)
{
    float dy;

    (void)state;
    /* Nothing overflows: the loss goes on as a line. */
    assert_true(one(CNN_LOSS_BINARY_CROSS_ENTROPY, 1e30f, 0, &dy) ==
                (double)1e30f);
    assert_true(dy == 1.0f);
    assert_true(one(CNN_LOSS_BINARY_CROSS_ENTROPY, 1e30f, 1, &dy) == 0.0);
    assert_true(dy == 0.0f);
    assert_true(one(CNN_LOSS_BINARY_CROSS_ENTROPY, -1e30f, 1, &dy) ==
                (double)1e30f);
    assert_true(dy == -1.0f);
    assert_true(one(CNN_LOSS_HUBER, 1e30f, -1e30f, &dy) ==
                2.0 * (double)1e30f - 0.5);
    assert_true(dy == 1.0f);
    assert_true(one(CNN_LOSS_MAE, 2, 2, &dy) == 0.0);
    assert_true(dy == 0.0f);
    for (int32_t loss = 0; loss <= CNN_LOSS_BINARY_CROSS_ENTROPY; loss++) {
        if (loss == CNN_LOSS_LENET_MAP)
            continue;
        assert_true(isnan(one(loss, NAN, 0.5f, &dy)));
        assert_true(isnan(dy));
    }
}

static void hits(void **state)
{
    static const float by_side[N * K] = {1, 0, 0.75f, 1, 1, 0.25f};
    static const float by_class[N * K] = {0.25f, 0.25f, 0.5f, 0, 1, 0};
    const cnn__criterion binary = {.loss = CNN_LOSS_BINARY_CROSS_ENTROPY,
                                   .delta = 1.0f};
    const cnn__criterion entropy = {.loss = CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
                                    .delta = 1.0f};
    const cnn__criterion squares = {.loss = CNN_LOSS_MSE, .delta = 1.0f};
    cnn__outcome o = {N, K, y, NULL, by_side, NULL};

    (void)state;
    assert_int_equal(cnn__hits(&binary, &o), 2);
    o.targets = targets; /* all of them at most 1/2 but one, of y below 0 */
    assert_int_equal(cnn__hits(&binary, &o), 0);
    o.targets = by_class;
    assert_int_equal(cnn__hits(&entropy, &o), 1);
    o.targets = y;
    assert_int_equal(cnn__hits(&squares, &o), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_pytorch),
        cmocka_unit_test(labels_are_targets),
        cmocka_unit_test(extremes),
        cmocka_unit_test(hits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
