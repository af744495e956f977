/* The losses and their gradients, and what counts as a hit. */
#include <math.h>

#include "support/nets.h"
#include "train/loss.h"

enum { CROSS_ENTROPY = CNN_LOSS_SOFTMAX_CROSS_ENTROPY, MSE = CNN_LOSS_MSE };

/* The loss of one sample. */
static double loss_of(int32_t loss, const float *y, size_t K, int32_t label,
                      float *dy)
{
    return cnn__loss(loss, &(cnn__outcome){1, K, y, &label}, 1.0f, dy);
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
    }
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
}

/* All samples add up, `scale` is applied to the gradient alone, and that may
 * be written over the outputs. */
static void batch_and_scale(void **state)
{
    enum { N = 5, K = 4 };
    const int32_t labels[N] = {0, 3, 1, 1, 2};
    float *y = uniform(N * K, 1), dy[N * K], one[K];

    (void)state;
    for (int32_t loss = 0; loss < 2; loss++) {
        const cnn__outcome all = {N, K, y, labels};
        double sum = 0.0;

        assert_true(cnn__loss(loss, &all, 0.25f, dy) ==
                    cnn__loss(loss, &all, 1.0f, NULL));
        for (int n = 0; n < N; n++) {
            sum += loss_of(loss, y + n * K, K, labels[n], one);
            for (int k = 0; k < K; k++)
                assert_true(dy[n * K + k] == 0.25f * one[k]);
        }
        assert_true(cnn__loss(loss, &all, 1.0f, NULL) == sum);
    }
    for (int32_t loss = 0; loss < 2; loss++) {
        float over[N * K];

        for (int i = 0; i < N * K; i++)
            over[i] = y[i];
        const double want =
            cnn__loss(loss, &(cnn__outcome){N, K, y, labels}, 0.5f, dy);
        assert_true(cnn__loss(loss, &(cnn__outcome){N, K, over, labels}, 0.5f,
                              over) == want);
        assert_same_bits(over, dy, N * K);
    }
    test_free(y);
}

/* Central differences with a step of 2^-7, exact in float because the outputs
 * are multiples of 2^-7 too. The loss is double, so what is left is the error
 * of the formula, h^2 / 6 times the third derivative (none for squares, below
 * 1/8 for the cross-entropy): 1e-6 of the gradient; and float rounding of dy.
 */
static void gradients(void **state)
{
    enum { K = 6 };
    const float h = 1.0f / 128;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const int32_t loss = (int32_t)(seed % 2);
        const int32_t label = (int32_t)(seed / 2 % K);
        float y[K], dy[K];
        double off = 0.0, norm = 0.0;

        fill_integers(y, K, 512, seed);
        for (int k = 0; k < K; k++)
            y[k] *= h;
        loss_of(loss, y, K, label, dy);
        for (int k = 0; k < K; k++) {
            const float middle = y[k];

            y[k] = middle + h;
            double slope = loss_of(loss, y, K, label, NULL);
            y[k] = middle - h;
            slope -= loss_of(loss, y, K, label, NULL);
            y[k] = middle;
            slope /= 2.0 * (double)h;
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
    assert_int_equal(cnn__argmax(y, 5), 1);
    assert_int_equal(cnn__argmax(flat, 3), 0);
    assert_int_equal(cnn__argmax(zeros, 2), 0);
    assert_int_equal(cnn__argmax(low, 2), 0);
    assert_int_equal(cnn__argmax(y, 1), 0);
}

static void nan_is_never_a_hit(void **state)
{
    const float y[] = {NAN, 1, 2, 0, NAN, 2, 0, 1, NAN, 0, 1, 2}; /* (4, 3) */
    const int32_t same[] = {0, 0, 0, 0}, best[] = {2, 2, 1, 2};

    (void)state;
    for (int n = 0; n < 3; n++)
        assert_int_equal(cnn__argmax(y + 3 * n, 3), -1);
    assert_int_equal(cnn__hits(&(cnn__outcome){4, 3, y, same}), 0);
    assert_int_equal(cnn__hits(&(cnn__outcome){4, 3, y, best}), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(huge_logits),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(single_output),
        cmocka_unit_test(batch_and_scale),
        cmocka_unit_test(gradients),
        cmocka_unit_test(ties_go_to_the_first),
        cmocka_unit_test(nan_is_never_a_hit),
    };

    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
