/* Functions of each element, and sums. */
#include <math.h>
#include <string.h>

#include "math/simd.h"
#include "math/sum.h"
#include "support/near.h"

/* f(x) and f'(x) in double, from their definitions. */
static double value(int kind, double alpha, double x)
{
    switch (kind) {
    case CNN_RELU:
        return x > 0 ? x : 0;
    case CNN_SIGMOID:
        return 1 / (1 + exp(-x));
    case CNN_TANH:
        return tanh(x);
    case CNN_LECUN_TANH:
        return 1.7159 * tanh(2 * x / 3);
    case CNN_LEAKY_RELU:
        return x > 0 ? x : alpha * x;
    case CNN_ELU:
        return x > 0 ? x : alpha * (exp(x) - 1);
    case CNN_GELU:
        return x * erfc(-x / sqrt(2.0)) / 2;
    case CNN_SILU:
        return x / (1 + exp(-x));
    case CNN_HARD_SWISH:
        return x * fmin(fmax(x + 3, 0), 6) / 6;
    case CNN_SOFTPLUS:
        return log1p(exp(x));
    default:
        return fmin(fmax(x, 0), alpha);
    }
}

static double slope(int kind, double alpha, double x)
{
    const double t = tanh(kind == CNN_TANH ? x : 2 * x / 3);
    const double s = 1 / (1 + exp(-x));

    switch (kind) {
    case CNN_RELU:
        return x > 0;
    case CNN_SIGMOID:
        return value(kind, 0, x) * (1 - value(kind, 0, x));
    case CNN_TANH:
        return 1 - t * t;
    case CNN_LECUN_TANH:
        return 1.7159 * 2 / 3 * (1 - t * t);
    case CNN_LEAKY_RELU:
        return x > 0 ? 1 : alpha;
    case CNN_ELU:
        return x > 0 ? 1 : alpha * exp(x);
    case CNN_GELU:
        return erfc(-x / sqrt(2.0)) / 2 +
               x * exp(-x * x / 2) / sqrt(2 * 3.141592653589793);
    case CNN_SILU:
        return s * (1 + x * (1 - s));
    case CNN_HARD_SWISH:
        return x < -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1;
    case CNN_SOFTPLUS:
        return s;
    default:
        return x > 0 && x < alpha;
    }
}

#define N 2001

static const float alphas[] = {0, 0, 0, 0, 0.2f, 1.5f, 0, 0, 0, 0, 2.5f};
static const float scale[] = {1, 1, 1, 1.7159f, 1, 1.5f, 1, 1, 1, 1, 1};

static void the_table(void **state)
{
    const char *const names[CNN__MAPS] = {
        "relu", "sigmoid", "tanh",       "lecun_tanh", "leaky_relu", "elu",
        "gelu", "silu",    "hard_swish", "softplus",   "clamp"};
    const float defaults[CNN__MAPS] = {0, 0, 0, 0, 0.01f, 1, 0, 0, 0, 0, 6};

    (void)state;
    for (int k = 0; k < CNN__MAPS; k++) {
        assert_string_equal(cnn__simd_used()->maps[k].name, names[k]);
        assert_true(cnn__simd_used()->maps[k].alpha == defaults[k]);
    }
}

/* What the slope is computed from. */
static const float *from(int k, const float *x, const float *y)
{
    return cnn__simd_used()->maps[k].from_x ? x : y;
}

/* From -10 to 10. A float function is off by a few roundings of its result, or
 * of its largest value where that is a difference: 4 * 2^-24 of either. */
static void values_and_slopes(void **state)
{
    static float x[N], y[N], want[N], dy[N], dx[N], want_dx[N];

    (void)state;
    for (int k = 0; k < CNN__MAPS; k++) {
        const double off = 4 * 0x1p-24 * (double)scale[k];

        for (int i = 0; i < N; i++) {
            x[i] = (float)(i - N / 2) / 100.0f;
            dy[i] = (float)(i % 7) - 3.0f;
            want[i] = (float)value(k, (double)alphas[k], (double)x[i]);
            want_dx[i] = (float)((double)dy[i] *
                                 slope(k, (double)alphas[k], (double)x[i]));
        }
        cnn__simd_used()->maps[k].forward(alphas[k], x, y, N);
        assert_near(y, want, N, off, 4 * 0x1p-24);
        cnn__simd_used()->maps[k].backward(alphas[k], from(k, x, y), dy, dx, N);
        /* |dy| is up to 3, and y has its own error, in a square at worst. */
        assert_near(dx, want_dx, N, 3 * 3 * off, 4 * 0x1p-24);
        /* In place, the same bits. */
        cnn__simd_used()->maps[k].backward(alphas[k], from(k, x, y), dy, dy, N);
        assert_same_bits(dy, dx, N);
        cnn__simd_used()->maps[k].forward(alphas[k], x, x, N);
        assert_same_bits(x, y, N);
    }
}

/* Nothing is written beyond n, for any n around the widths of registers. */
static void any_length(void **state)
{
    float x[40], y[41], dx[41];

    (void)state;
    fill_uniform(x, 40, 1);
    for (int k = 0; k < CNN__MAPS; k++)
        for (size_t n = 0; n <= 40; n++) {
            y[n] = dx[n] = 77.0f;
            cnn__simd_used()->maps[k].forward(alphas[k], x, y, n);
            assert_true(y[n] == 77.0f);
            cnn__simd_used()->maps[k].backward(alphas[k], y, x, dx, n);
            assert_true(dx[n] == 77.0f);
        }
}

/* Equal up to roundings; NaN where NaN is wanted, and nowhere else. */
static void assert_ends(const float *got, const float *want, double absolute)
{
    for (int i = 0; i < 5; i++)
        if (isnan(want[i]))
            assert_true(isnan(got[i]));
        else
            assert_near(&got[i], &want[i], 1, absolute, 0x1p-23);
}

/* Infinities and NaN as PyTorch has them. */
static void ends_of_the_range(void **state)
{
    const float x[] = {-INFINITY, -1000.0f, 1000.0f, INFINITY, 0.0f};
    const float dy[] = {1, 1, 1, 1, 1};
    const float y_want[CNN__MAPS][5] = {
        {0, 0, 1000, INFINITY, 0},
        {0, 0, 1, 1, 0.5f},
        {-1, -1, 1, 1, 0},
        {-1.7159f, -1.7159f, 1.7159f, 1.7159f, 0},
        {-INFINITY, -200, 1000, INFINITY, 0},
        {-1.5f, -1.5f, 1000, INFINITY, 0},
        {NAN, 0, 1000, INFINITY, 0},
        {NAN, 0, 1000, INFINITY, 0},
        {NAN, 0, 1000, INFINITY, 0},
        {0, 0, 1000, INFINITY, 0.6931472f},
        {0, 0, 2.5f, 2.5f, 0}};
    const float dx_want[CNN__MAPS][5] = {
        {0, 0, 1, 1, 0},          {0, 0, 0, 0, 0.25f},
        {0, 0, 0, 0, 1},          {0, 0, 0, 0, 1.7159f * 2 / 3},
        {0.2f, 0.2f, 1, 1, 0.2f}, {0, 0, 1, 1, 1.5f},
        {NAN, 0, 1, NAN, 0.5f},   {NAN, 0, 1, NAN, 0.5f},
        {0, 0, 1, 1, 0.5f},       {0, 0, 1, 1, 0.5f},
        {0, 0, 0, 0, 0}};
    float y[5], dx[5];

    (void)state;
    for (int k = 0; k < CNN__MAPS; k++) {
        cnn__simd_used()->maps[k].forward(alphas[k], x, y, 5);
        assert_ends(y, y_want[k], 0);
        cnn__simd_used()->maps[k].backward(alphas[k], from(k, x, y), dy, dx, 5);
        /* LeCun's: A - y y / A is a difference of numbers near A. */
        assert_ends(dx, dx_want[k], 2 * 0x1p-23);
    }
}

static void nan_comes_through(void **state)
{
    float x[9], y[9];

    (void)state;
    for (int k = 0; k < CNN__MAPS; k++) {
        for (int i = 0; i < 9; i++)
            x[i] = i % 2 ? NAN : 1.0f;
        cnn__simd_used()->maps[k].forward(alphas[k], x, y, 9);
        for (int i = 0; i < 9; i++)
            assert_int_equal(isnan(y[i]) != 0, i % 2);
    }
}

/* Whole numbers for any length; and, since the order of the additions is part
 * of what a seed means, the bits of one sum of fractions. */
static void sums(void **state)
{
    float x[100], factor[100], order[35], ones[35];

    (void)state;
    fill_integers(x, 100, 1000, 1);
    fill_integers(factor, 100, 10, 2);
    for (size_t n = 0; n <= 100; n++) {
        double want = 0.0, want_dot = 0.0;
        for (size_t i = 0; i < n; i++) {
            want += (double)x[i];
            want_dot += (double)x[i] * (double)factor[i];
        }
        assert_true((double)cnn__sum(x, n) == want);
        assert_true((double)cnn__dot(x, factor, n) == want_dot);
    }
    /* 16 lanes: 2^24 and the numbers that follow in its lane, ones, vanish in
     * it one by one; ones of other lanes meet first. The rest, three ones, is
     * where the lanes are added to. */
    for (int i = 0; i < 35; i++)
        order[i] = ones[i] = 1.0f;
    order[0] = 0x1p24f;
    /* (3 + 2^24) rounds to 2^24 + 4, then + 15 lanes of 2. */
    assert_true(cnn__sum(order, 35) == 0x1p24f + 4.0f + 30.0f);
    assert_true(cnn__dot(order, ones, 35) == 0x1p24f + 4.0f + 30.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(values_and_slopes),
        cmocka_unit_test(any_length),
        cmocka_unit_test(ends_of_the_range),
        cmocka_unit_test(nan_comes_through),
        cmocka_unit_test(sums),
    };

    return cmocka_run_group_tests_name("elementwise", tests, NULL, NULL);
}
