/* exp, sigmoid, tanh, e^x - 1 and softplus, against those of libm in double. */
#include "math/exp.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "support/near.h"

/* The distance of got from want in units of the last place of a float there;
 * those below FLT_MIN are as far apart as at FLT_MIN. */
static double ulps(float got, double want)
{
    int exponent;

    if ((double)got == want || (isinf(got) && want > (double)FLT_MAX))
        return 0.0;
    frexp(want, &exponent);
    exponent = exponent < -125 ? -125 : exponent;
    return fabs((double)got - want) / ldexp(1.0, exponent - 24);
}

typedef struct function {
    const char *name;
    float (*got)(float x);
    double (*want)(double x);
    float most; /* up to which it is defined */
    bool rises; /* even when rounded */
} function;

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double softplus(double x)
{
    return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static const function functions[] = {
    {"exp", cnn__exp, exp, INFINITY, true},
    {"sigmoid", cnn__sigmoid, sigmoid, INFINITY, true},
    {"tanh", cnn__tanh, tanh, INFINITY, true},
    {"expm1", cnn__expm1_negative, expm1, 0.0f, true},
    {"softplus", cnn__softplus, softplus, INFINITY, false},
};
enum { FUNCTIONS = sizeof(functions) / sizeof(functions[0]) };

/* Numbers of every exponent and both signs, denormal ones and infinity among
 * them: each 1009th that there is. */
static void within_3_ulp(void **state)
{
    (void)state;
    for (int k = 0; k < FUNCTIONS; k++) {
        const function *f = &functions[k];
        double worst = 0.0;
        float where = 0.0f;

        for (uint64_t bits = 0; bits < 1ull << 32; bits += 1009) {
            const float x = cnn__of_bits((uint32_t)bits);
            if (isnan(x) || x > f->most)
                continue;
            const double off = ulps(f->got(x), f->want((double)x));
            if (!(off <= worst)) {
                worst = off;
                where = x;
            }
        }
        if (!(worst <= 3.0))
            fail_msg("%s(%a) is off by %g ULP", f->name, (double)where, worst);
    }
}

/* Each 97th number from 2^-30 to 2^7, where something happens, and below zero
 * likewise. */
static void never_falls(void **state)
{
    const uint32_t least = cnn__bits(0x1p-30f), most = cnn__bits(0x1p7f);

    (void)state;
    for (int k = 0; k < FUNCTIONS; k++) {
        const function *f = &functions[k];
        float before = f->got(0.0f), above = before;

        if (!f->rises)
            continue;
        for (uint32_t bits = least; bits < most; bits += 97) {
            const float x = cnn__of_bits(bits);
            const float y = f->got(-x);

            if (!(y <= before))
                fail_msg("%s falls at %a", f->name, (double)-x);
            before = y;
            if (x > f->most)
                continue;
            if (!(f->got(x) >= above))
                fail_msg("%s falls at %a", f->name, (double)x);
            above = f->got(x);
        }
    }
}

static void special_values(void **state)
{
    const float x[] = {-INFINITY, -FLT_MAX, -0.0f, 0.0f, FLT_MAX, INFINITY};
    const float want[FUNCTIONS][6] = {
        {0, 0, 1, 1, INFINITY, INFINITY},
        {0, 0, 0.5f, 0.5f, 1, 1},
        {-1, -1, -0.0f, 0, 1, 1},
        {-1, -1, 0, 0},
        {0, 0, 0x1.62e43p-1f, 0x1.62e43p-1f, FLT_MAX, INFINITY}};

    (void)state;
    for (int k = 0; k < FUNCTIONS; k++) {
        for (int i = 0; i < 6; i++)
            if (x[i] <= functions[k].most)
                assert_true(functions[k].got(x[i]) == want[k][i]);
        assert_true(isnan(functions[k].got(NAN)));
        assert_true(isnan(functions[k].got(-NAN)));
    }
    assert_true(signbit(cnn__tanh(-0.0f)) && !signbit(cnn__tanh(0.0f)));
    /* The smallest float there is, and where a result first is infinite. */
    assert_true(cnn__tanh(-0x1p-149f) == -0x1p-149f);
    assert_true(cnn__exp(-103.0f) == 0x1p-149f);
    assert_true(cnn__sigmoid(-103.0f) == 0x1p-149f);
    assert_true(isfinite(cnn__exp(88.72283f)));
    assert_true(isinf(cnn__exp(88.72284f)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_3_ulp),
        cmocka_unit_test(never_falls),
        cmocka_unit_test(special_values),
    };

    return cmocka_run_group_tests_name("exp", tests, NULL, NULL);
}
