/* The normal distribution, against libm in double. */
#include "math/normal.h"

#include <math.h>

#include "support/near.h"

static double distribution(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

static double density(double x)
{
    return exp(-0.5 * x * x) / sqrt(2 * 3.141592653589793);
}

/* The 24 bits of a float, and the square in the exponent, which is rounded, and
 * with it the result by that part of itself. Denormal numbers have a few bits
 * less: 2 of 2^-149. */
static void assert_close(float got, double want, double units, float x)
{
    const double square = (double)x * (double)x / 2;
    const double off = fabs((double)got - want);

    if (!(off <= (units + square) * 0x1p-24 * want + 2 * 0x1p-149))
        fail_msg("at %a: %a, not %a", (double)x, (double)got, want);
}

/* From -16 to 16, in steps whose multiples are rounded. */
static void near_the_formulas(void **state)
{
    (void)state;
    for (int i = -65536; i <= 65536; i++) {
        const float x = (float)i * 0.000244f;

        assert_close(cnn__normal(x), distribution((double)x), 10, x);
        assert_close(cnn__normal_density(x), density((double)x), 6, x);
    }
}

/* What is above zero is the rest of what is below it, up to a rounding. */
static void both_tails_are_one(void **state)
{
    (void)state;
    for (int i = 0; i <= 2000; i++) {
        const float x = (float)i / 100.0f;
        const float sum = cnn__normal(x) + cnn__normal(-x);

        assert_true(fabsf(sum - 1.0f) <= 0x1p-24f);
    }
}

static void special_values(void **state)
{
    (void)state;
    assert_true(cnn__normal(0.0f) == 0.5f && cnn__normal(-0.0f) == 0.5f);
    assert_true(cnn__normal(INFINITY) == 1.0f && cnn__normal(1e30f) == 1.0f);
    assert_true(cnn__normal(-INFINITY) == 0.0f && cnn__normal(-1e30f) == 0.0f);
    assert_true(cnn__normal_density(INFINITY) == 0.0f);
    assert_true(cnn__normal_density(-1e30f) == 0.0f);
    assert_true(isnan(cnn__normal(NAN)) && isnan(cnn__normal_density(NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_the_formulas),
        cmocka_unit_test(both_tails_are_one),
        cmocka_unit_test(special_values),
    };

    return cmocka_run_group_tests_name("normal", tests, NULL, NULL);
}
