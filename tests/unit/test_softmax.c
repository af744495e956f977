/* Softmax: the function and the layer. */
#include "math/stable_softmax.h"

#include <math.h>
#include <string.h>

#include "support/draw.h"
#include "support/gradcheck.h"

/* Powers of two over their sum, from logarithms of them. */
static void hand_case(void **state)
{
    const float x[] = {0, (float)0.69314718055994531, (float)1.3862943611198906,
                       0};
    const float want[] = {0.125f, 0.25f, 0.5f, 0.125f};
    float y[4];

    (void)state;
    cnn__softmax(x, y, 4);
    /* exp of a rounded logarithm. */
    assert_near(y, want, 4, 0, 4 * 0x1p-24);
    assert_true(fabs(cnn__log_sum_exp(x, 4) - log(8.0)) < 0x1p-23);
    /* One element is all there is. */
    cnn__softmax(x + 2, y, 1);
    assert_true(y[0] == 1.0f);
    assert_true(cnn__log_sum_exp(x + 2, 1) == (double)x[2]);
}

/* Against double, for any spread: the difference x - max is exact or rounded
 * once, which exp turns into |difference| 2^-24, up to 100 here, and where that
 * matters exp is tiny. */
static void equals_double(void **state)
{
    float x[50], y[50], want[50];

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        const size_t n = 1 + (size_t)(seed % 50);
        const double spread = (double)(1 + seed % 40);
        double sum = 0.0, total = 0.0;

        fill_uniform(x, n, seed);
        for (size_t i = 0; i < n; i++) {
            x[i] *= (float)spread;
            sum += exp((double)x[i]);
        }
        for (size_t i = 0; i < n; i++)
            want[i] = (float)(exp((double)x[i]) / sum);
        cnn__softmax(x, y, n);
        assert_near(y, want, n, 1e-30, (2 * spread + 4) * 0x1p-24);
        for (size_t i = 0; i < n; i++)
            total += (double)y[i];
        assert_true(fabs(total - 1.0) < (double)n * 0x1p-24);
        assert_true(fabs(cnn__log_sum_exp(x, n) - log(sum)) < 1e-12 * spread);
        cnn__softmax(x, x, n);
        assert_same_bits(x, y, n);
    }
}

/* Far from zero, where exp alone would be infinite or nothing; shifting x by
 * what floats can shift exactly changes no bit. */
static void stable_at_any_size(void **state)
{
    const float shifts[] = {0, 1024, -1024, 0x1p20f, -0x1p20f};
    const float big[] = {3e38f, -3e38f, 3e38f};
    const float half[] = {0.5f, 0.0f, 0.5f};
    float x[4], y[4], first[4];

    (void)state;
    for (int k = 0; k < 5; k++) {
        for (int i = 0; i < 4; i++)
            x[i] = shifts[k] + 0.5f * (float)i;
        cnn__softmax(x, k == 0 ? first : y, 4);
        if (k > 0)
            assert_same_bits(y, first, 4);
        assert_true(fabs(cnn__log_sum_exp(x, 4) - (double)shifts[k] - 2.0) <
                    1.0);
    }
    cnn__softmax(big, y, 3);
    assert_same_bits(y, half, 3);
    assert_true(cnn__log_sum_exp(big, 3) == (double)3e38f + log(2.0));
}

/* Minus infinity is a probability of zero; its opposite and NaN leave no
 * probability that could be told. */
static void infinity_and_nan(void **state)
{
    const float minus[] = {0, -INFINITY, 0};
    const float half[] = {0.5f, 0.0f, 0.5f};
    float y[3];

    (void)state;
    cnn__softmax(minus, y, 3);
    assert_same_bits(y, half, 3);
    for (int at = 0; at < 3; at++)
        for (int k = 0; k < 2; k++) {
            float x[] = {1, 2, 3};
            x[at] = k == 0 ? NAN : INFINITY;
            cnn__softmax(x, y, 3);
            for (int i = 0; i < 3; i++)
                assert_true(isnan(y[i]) != 0);
            assert_true(isfinite(cnn__log_sum_exp(x, 3)) == 0);
        }
}

/* --------------------------------------------------------- the layer --- */

/* Two samples of two: y = (1/2, 1/2), and (3/4, 1/4) from log 3. */
static void layer_hand_case(void **state)
{
    const float x[] = {5, 5, (float)1.0986122886681098, 0};
    const float want[] = {0.5f, 0.5f, 0.75f, 0.25f};
    const float dy[] = {1, 0, 0, 8};
    /* y (dy - <dy, y>): <dy, y> is 1/2, then 2. */
    const float want_dx[] = {0.25f, -0.25f, -1.5f, 1.5f};
    rig r;

    (void)state;
    rig_open(&r, cnn_softmax_create(), &(cnn_shape){1, 2, 1}, 2);
    assert_int_equal(r.P, 0);
    assert_int_equal(r.out.c, 1);
    assert_int_equal(r.out.h, 2);
    memcpy(r.x, x, sizeof(x));
    memcpy(r.dy, dy, sizeof(dy));
    rig_forward(&r);
    assert_near(r.y, want, 4, 0, 4 * 0x1p-24);
    rig_backward(&r);
    assert_near(r.dx, want_dx, 4, 0, 16 * 0x1p-24);
    rig_close(&r);
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r, cnn_softmax_create(),
                 &(cnn_shape){draw_between(&random, 2, 5),
                              draw_between(&random, 1, 3),
                              draw_between(&random, 1, 3)},
                 draw_between(&random, 1, 4));
        fill_uniform(r.x, r.X, seed);
        /* All dy alike have no slope at all. */
        fill_distinct(r.dy, r.Y, 0.25f, seed);
        gradcheck(&r, 0, "softmax");
        rig_close(&r);
    }
}

static void dx_is_optional(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_softmax_create(), &(cnn_shape){3, 1, 1}, 1);
    rig_fill_uniform(&r, 1);
    rig_assert_dx_is_optional(&r);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_case),
        cmocka_unit_test(equals_double),
        cmocka_unit_test(stable_at_any_size),
        cmocka_unit_test(infinity_and_nan),
        cmocka_unit_test(layer_hand_case),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(dx_is_optional),
    };

    return cmocka_run_group_tests_name("softmax", tests, NULL, NULL);
}
