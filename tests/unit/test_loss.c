/* The losses and their gradients, and what counts as a hit. */
#include <math.h>

#include "support/nets.h"
#include "train/loss.h"

enum {
    CROSS_ENTROPY = CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
    MSE = CNN_LOSS_MSE,
    MAP = CNN_LOSS_LENET_MAP,
    MAE = CNN_LOSS_MAE,
    HUBER = CNN_LOSS_HUBER,
    BINARY = CNN_LOSS_BINARY_CROSS_ENTROPY,
    LOSSES
};

static cnn__criterion rule_of(int32_t loss)
{
    return (cnn__criterion){.loss = loss, .delta = 1.0f};
}

/* The loss of one sample. */
static double loss_of(int32_t loss, const float *y, size_t K, int32_t label,
                      float *dy)
{
    const cnn__criterion rule = rule_of(loss);

    return cnn__loss(&rule, &(cnn__outcome){1, K, y, &label, NULL, NULL}, 1.0f,
                     dy);
}

static void by_hand(void **state)
{
    /* log(1 + 1 + 2) - log 2; softmax = (1 1 2) / 4. */
    const float y[] = {0.0f, 0.0f, 0.69314718056f};
    const float want[] = {0.25f, 0.25f, -0.5f};
    const float squares[] = {1, -2, 3}, want_squares[] = {0, -4.0f / 3, 2};
    float dy[3];

    (void)state;
    assert_true(fabs(loss_of(CROSS_ENTROPY, y, 3, 2, dy) - log(2.0)) < 1e-7);
    assert_near(dy, want, 3, 1e-7, 0.0);
    /* ((1 - 1)^2 + 2^2 + 3^2) / 3 */
    assert_true(fabs(loss_of(MSE, squares, 3, 0, dy) - 13.0 / 3.0) < 1e-12);
    assert_near(dy, want_squares, 3, 0.0, 1e-7);
}

/* y_l + log(exp(-0.1) + sum of exp(-y_k)), of exponents that are 1, 1/2, 1/4.
 */
static void map_by_hand(void **state)
{
    const double log2 = log(2.0), all = exp(-0.1) + 1.75;
    const float y[] = {0.0f, (float)log2, (float)(2 * log2)};
    const double p[] = {1.0 / all, 0.5 / all, 0.25 / all};
    float dy[3];

    (void)state;
    for (int32_t label = 0; label < 3; label++) {
        /* y is rounded by up to 2^-25. */
        assert_true(fabs(loss_of(MAP, y, 3, label, dy) -
                         (label * log2 + log(all))) <= 1e-7);
        for (int k = 0; k < 3; k++)
            assert_true(fabs((double)dy[k] - ((k == label) - p[k])) <= 1e-7);
    }
    /* Far from everything it is like no class, and 1 for each further step. */
    assert_true(fabs(loss_of(MAP, (const float[]){50, 60}, 2, 0, NULL) - 49.9) <
                1e-12);
}

static void huge_distances(void **state)
{
    const float y[] = {1e4f, -1e4f, 0.0f}, far[] = {1e4f, 1e4f, 1e4f};
    const float near[] = {-1e4f, -1e4f, -1e4f};
    float dy[3];

    (void)state;
    assert_true(loss_of(MAP, y, 3, 1, dy) == 0.0);
    assert_same_bits(dy, (const float[]){0, 0, 0}, 3);
    assert_true(loss_of(MAP, y, 3, 0, dy) == 2e4);
    assert_same_bits(dy, (const float[]){1, -1, 0}, 3);
    assert_true(loss_of(MAP, y, 3, 2, dy) == 1e4);
    assert_same_bits(dy, (const float[]){0, -1, 1}, 3);
    /* All exponentials but that of j vanish. */
    assert_true(loss_of(MAP, far, 3, 1, dy) == 1e4 - 0.1);
    assert_same_bits(dy, (const float[]){0, 1, 0}, 3);
    assert_true(fabs(loss_of(MAP, near, 3, 1, dy) - log(3.0)) < 1e-11);
    assert_near(dy, (const float[]){-1.0f / 3, 2.0f / 3, -1.0f / 3}, 3, 1e-7,
                0.0);
}

static void huge_logits(void **state)
{
    const float y[] = {1e4f, -1e4f, 0.0f}, flat[] = {1e4f, 1e4f, 1e4f};
    float dy[3];

    (void)state;
    assert_true(loss_of(CROSS_ENTROPY, y, 3, 0, dy) == 0.0);
    assert_same_bits(dy, (const float[]){0, 0, 0}, 3);
    assert_true(loss_of(CROSS_ENTROPY, y, 3, 1, dy) == 2e4);
    assert_same_bits(dy, (const float[]){1, -1, 0}, 3);
    assert_true(loss_of(CROSS_ENTROPY, y, 3, 2, dy) == 1e4);
    assert_same_bits(dy, (const float[]){1, 0, -1}, 3);
    assert_true(fabs(loss_of(CROSS_ENTROPY, flat, 3, 1, dy) - log(3.0)) <
                1e-11);
    assert_near(dy, (const float[]){1.0f / 3, -2.0f / 3, 1.0f / 3}, 3, 1e-7,
                0.0);
}

static void not_finite(void **state)
{
    const float with_nan[] = {0, NAN, 1}, with_inf[] = {0, INFINITY, 1};
    const float without_label[] = {0, -INFINITY, 1};

    (void)state;
    for (int32_t label = 0; label < 3; label++) {
        assert_true(
            !isfinite(loss_of(CROSS_ENTROPY, with_nan, 3, label, NULL)));
        assert_true(
            !isfinite(loss_of(CROSS_ENTROPY, with_inf, 3, label, NULL)));
        assert_true(!isfinite(loss_of(MSE, with_nan, 3, label, NULL)));
        assert_true(!isfinite(loss_of(MSE, with_inf, 3, label, NULL)));
        assert_true(!isfinite(loss_of(MAP, with_nan, 3, label, NULL)));
        assert_true(!isfinite(loss_of(MAP, without_label, 3, label, NULL)));
    }
    /* Infinitely far from the class: infinite. From another: no harm. */
    assert_true(loss_of(MAP, with_inf, 3, 1, NULL) == (double)INFINITY);
    assert_true(loss_of(MAP, with_inf, 3, 0, NULL) < 2.0);
    /* Impossible and true: infinite. Impossible and false: no harm. */
    assert_true(loss_of(CROSS_ENTROPY, without_label, 3, 1, NULL) ==
                (double)INFINITY);
    assert_true(loss_of(CROSS_ENTROPY, without_label, 3, 0, NULL) < 2.0);
}

/* One output: softmax of it is 1 whatever it is. */
static void single_output(void **state)
{
    float dy;

    (void)state;
    assert_true(loss_of(CROSS_ENTROPY, &(float){-3.0f}, 1, 0, &dy) == 0.0);
    assert_true(dy == 0.0f);
    assert_true(loss_of(MSE, &(float){-3.0f}, 1, 0, &dy) == 16.0);
    assert_true(dy == -8.0f);
    /* -3 + log(exp(-0.1) + exp(3)) = log(1 + exp(-3.1)) */
    assert_true(fabs(loss_of(MAP, &(float){-3.0f}, 1, 0, &dy) -
                     log1p(exp(-3.1))) < 1e-12);
}

/* All samples add up, `scale` is applied to the gradient alone, and that may
 * be written over the outputs. */
static void batch_and_scale(void **state)
{
    enum { N = 5, K = 4 };
    const int32_t labels[N] = {0, 3, 1, 1, 2};
    float *y = uniform(N * K, 1), dy[N * K], one[K];

    (void)state;
    for (int32_t loss = 0; loss < LOSSES; loss++) {
        const cnn__outcome all = {N, K, y, labels, NULL, NULL};
        const cnn__criterion rule = rule_of(loss);
        double sum = 0.0;

        assert_true(cnn__loss(&rule, &all, 0.25f, dy) ==
                    cnn__loss(&rule, &all, 1.0f, NULL));
        for (int n = 0; n < N; n++) {
            sum += loss_of(loss, y + n * K, K, labels[n], one);
            for (int k = 0; k < K; k++)
                assert_true(dy[n * K + k] == 0.25f * one[k]);
        }
        assert_true(cnn__loss(&rule, &all, 1.0f, NULL) == sum);
    }
    for (int32_t loss = 0; loss < LOSSES; loss++) {
        const cnn__criterion rule = rule_of(loss);
        float over[N * K];

        for (int i = 0; i < N * K; i++)
            over[i] = y[i];
        const double want = cnn__loss(
            &rule, &(cnn__outcome){N, K, y, labels, NULL, NULL}, 0.5f, dy);
        assert_true(cnn__loss(&rule,
                              &(cnn__outcome){N, K, over, labels, NULL, NULL},
                              0.5f, over) == want);
        assert_same_bits(over, dy, N * K);
    }
    test_free(y);
}

/* Central differences with a step of 2^-7, exact in float because the outputs
 * are multiples of 2^-7 too. The loss is double, so what is left is the error
 * of the formula, h^2 / 6 times the third derivative (none for squares, below
 * 1/8 for the two others): 1e-6 of the gradient; and float rounding of dy.
 */
static void gradients(void **state)
{
    enum { K = 6 };
    const float h = 1.0f / 128;

    (void)state;
    /* The two with kinks, at 0 and at 1, have values that are none here. */
    for (uint64_t seed = 0; seed < 300; seed++) {
        const int32_t loss = (int32_t)(seed % LOSSES);
        const int32_t label = (int32_t)(seed / LOSSES % K);
        float y[K], dy[K];
        double off = 0.0, norm = 0.0;

        fill_integers(y, K, 512, seed);
        for (int k = 0; k < K; k++)
            y[k] = (y[k] + (loss == MAE || loss == HUBER ? 0.5f : 0.0f)) * h;
        loss_of(loss, y, K, label, dy);
        for (int k = 0; k < K; k++) {
            const float middle = y[k];

            const float step = loss == MAE || loss == HUBER ? 0.25f * h : h;

            y[k] = middle + step;
            double slope = loss_of(loss, y, K, label, NULL);
            y[k] = middle - step;
            slope -= loss_of(loss, y, K, label, NULL);
            y[k] = middle;
            slope /= 2.0 * (double)step;
            off += pow(slope - (double)dy[k], 2.0);
            norm += pow(slope, 2.0);
        }
        assert_true(sqrt(off) <= 1e-5 * sqrt(norm) + 1e-6);
    }
}

static void ties_go_to_the_first(void **state)
{
    const float y[] = {1, 3, 3, 2, 3}, flat[] = {0, 0, 0};
    const float zeros[] = {-0.0f, 0.0f}, low[] = {-INFINITY, -INFINITY};

    (void)state;
    assert_int_equal(cnn__guess(MSE, y, 5), 1);
    assert_int_equal(cnn__guess(MSE, flat, 3), 0);
    assert_int_equal(cnn__guess(MSE, zeros, 2), 0);
    assert_int_equal(cnn__guess(MSE, low, 2), 0);
    assert_int_equal(cnn__guess(MSE, y, 1), 0);
}

/* Under the loss of LeNet-5 the class is the smallest output. */
static void smallest_wins(void **state)
{
    const float y[] = {3, 1, 2, -5, 0, -5, 7, 7, -INFINITY}; /* (3, 3) */
    const int32_t best[] = {1, 0, 2}, largest[] = {0, 1, 0};
    const cnn__criterion map = rule_of(MAP), mse = rule_of(MSE);

    (void)state;
    for (int n = 0; n < 3; n++)
        assert_int_equal(cnn__guess(MAP, y + 3 * n, 3), best[n]);
    assert_int_equal(
        cnn__hits(&map, &(cnn__outcome){3, 3, y, best, NULL, NULL}), 3);
    assert_int_equal(
        cnn__hits(&map, &(cnn__outcome){3, 3, y, largest, NULL, NULL}), 0);
    assert_int_equal(
        cnn__hits(&mse, &(cnn__outcome){3, 3, y, largest, NULL, NULL}), 3);
    assert_int_equal(cnn__guess(MAP, (const float[]){NAN, 1}, 2), -1);
    assert_int_equal(cnn__guess(MAP, (const float[]){1, NAN}, 2), -1);
}

static void nan_is_never_a_hit(void **state)
{
    const float y[] = {NAN, 1, 2, 0, NAN, 2, 0, 1, NAN, 0, 1, 2}; /* (4, 3) */
    const int32_t same[] = {0, 0, 0, 0}, best[] = {2, 2, 1, 2};
    const cnn__criterion mse = rule_of(MSE);

    (void)state;
    for (int n = 0; n < 3; n++)
        assert_int_equal(cnn__guess(MSE, y + 3 * n, 3), -1);
    assert_int_equal(
        cnn__hits(&mse, &(cnn__outcome){4, 3, y, same, NULL, NULL}), 0);
    assert_int_equal(
        cnn__hits(&mse, &(cnn__outcome){4, 3, y, best, NULL, NULL}), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(map_by_hand),
        cmocka_unit_test(huge_distances),
        cmocka_unit_test(huge_logits),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(single_output),
        cmocka_unit_test(batch_and_scale),
        cmocka_unit_test(gradients),
        cmocka_unit_test(ties_go_to_the_first),
        cmocka_unit_test(smallest_wins),
        cmocka_unit_test(nan_is_never_a_hit),
    };

    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
