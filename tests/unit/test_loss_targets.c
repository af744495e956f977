/* Losses with targets and weights, and the settings of losses. */
#include <math.h>
#include <stdbool.h>

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

/* Binary cross-entropy of one output in double, and its slope without the
 * difference of two numbers near 1. */
static double binary(double at, double target, double *slope)
{
    const double e = exp(-fabs(at)), rest = e / (1.0 + e);

    *slope = at >= 0.0 ? (1.0 - target) - rest : rest - target;
    return (at > 0.0 ? at : 0.0) - at * target + log1p(e);
}

/* 5e-7 of what it should be, or of 1 where two numbers near 1 cancel; float has
 * nothing below 1e-44. */
static void assert_close(double got, double want, bool cancels)
{
    const double of = cancels ? fmax(1.0, fabs(want)) : fabs(want);

    assert_true(fabs(got - want) <= 5e-7 * of + 1e-44);
}

/* Outputs on both sides of where blocks of 64 end, small and large ones, where
 * exp() becomes denormal, and where it is 0. */
static void binary_cross_entropy(void **state)
{
    static const float sizes[] = {0,   1e-30f, 1e-7f, 0.125f, 1,    6,   17,
                                  20,  50,     87,    88,     89,   100, 103,
                                  104, 110,    1e4f,  1e30f,  3e38f};
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]), MOST = 130 };
    static const size_t lengths[] = {1, 63, 64, 65, MOST};
    static const float probabilities[] = {0, 1, 0.3f, 1e-7f};
    const cnn__criterion c = {.loss = CNN_LOSS_BINARY_CROSS_ENTROPY};

    (void)state;
    for (size_t i = 0; i < 5 * 2 * SIZES * 4; i++) {
        const size_t length = lengths[i % 5], first = i / 5;
        float at[MOST], t[MOST], dy[MOST];
        double sum = 0.0, slope[MOST];

        for (size_t k = 0; k < length; k++) {
            const size_t n = first + k;
            const float size = sizes[n / 2 % SIZES];

            at[k] = n % 2 == 0 ? size : -size;
            t[k] = probabilities[n / 2 / SIZES % 4];
            sum += binary((double)at[k], (double)t[k], &slope[k]);
        }
        const cnn__outcome o = {1, length, at, NULL, t, NULL};
        assert_close(cnn__loss(&c, &o, (float)length, dy), sum / (double)length,
                     t[0] > 0.0f && t[0] < 1.0f);
        for (size_t k = 0; k < length; k++) {
            assert_close((double)dy[k], slope[k], t[k] > 0.0f && t[k] < 1.0f);
            assert_false(t[k] == 0.0f && dy[k] < 0.0f);
            assert_false(t[k] == 1.0f && dy[k] > 0.0f);
        }
    }
}

/* The loss and the slope never turn back, and what is infinite is no loss. */
static void binary_is_monotonic(void **state)
{
    double before = (double)INFINITY;
    float slope = -1.0f, dy;

    (void)state;
    for (int i = -120000; i <= 120000; i++) {
        const float at = (float)i * 0.001f;
        const double loss = one(CNN_LOSS_BINARY_CROSS_ENTROPY, at, 1, &dy);

        assert_true(loss <= before && dy >= slope);
        before = loss;
        slope = dy;
    }
    for (int i = 0; i < 4; i++) {
        const float at = i % 2 == 0 ? INFINITY : -INFINITY;

        assert_true(!isfinite(
            one(CNN_LOSS_BINARY_CROSS_ENTROPY, at, i < 2 ? 0.0f : 1.0f, &dy)));
    }
}

static void hits(void **state)
{
    static const float by_side[N * K] = {1, 0, 0.75f, 1, 1, 0.25f};
    static const float by_class[N * K] = {0.25f, 0.25f, 0.5f, 0, 1, 0};
    const cnn__criterion by_label = {.loss = CNN_LOSS_BINARY_CROSS_ENTROPY,
                                     .delta = 1.0f};
    const cnn__criterion entropy = {.loss = CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
                                    .delta = 1.0f};
    const cnn__criterion squares = {.loss = CNN_LOSS_MSE, .delta = 1.0f};
    cnn__outcome o = {N, K, y, NULL, by_side, NULL};

    (void)state;
    assert_int_equal(cnn__hits(&by_label, &o), 2);
    o.targets = targets; /* all of them at most 1/2 but one, of y below 0 */
    assert_int_equal(cnn__hits(&by_label, &o), 0);
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
        cmocka_unit_test(binary_cross_entropy),
        cmocka_unit_test(binary_is_monotonic),
        cmocka_unit_test(hits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
