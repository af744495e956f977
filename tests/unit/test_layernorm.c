/* Layer and group normalisation. golden/test_golden_layers.c compares them with
 * PyTorch. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/draw.h"
#include "support/gradcheck.h"

static cnn_layer *layernorm(float epsilon, int32_t groups, uint32_t flags)
{
    return cnn_layernorm_create(
        &(cnn_layernorm_options){.struct_size = sizeof(cnn_layernorm_options),
                                 .flags = flags,
                                 .epsilon = epsilon,
                                 .groups = groups});
}

/* 1 3 5 7 have the mean 4 and the variance 5; with an epsilon of 4 the root is
 * 3 and h = (-3 -1 1 3) / 3. y = gamma h + beta with gamma (6 3 0 3) and beta
 * (1 0 2 0). Of dy (4 0 0 0), g = gamma dy is (24 0 0 0); its mean is 6, that
 * of g h -6: dx = (g - 6 + 6 h) / 3. */
static void by_hand(void **state)
{
    const float x[] = {1, 3, 5, 7}, dy[] = {4, 0, 0, 0};
    const float params[] = {6, 3, 0, 3, 1, 0, 2, 0};
    const float y[] = {-5, -1, 2, 3}, grads[] = {-4, 0, 0, 0, 4, 0, 0, 0};
    const float dx[] = {4, -2 - 2.0f / 3, -2 + 2.0f / 3, 0};
    rig r;

    (void)state;
    rig_open(&r, layernorm(4.0f, 0, 0), &(cnn_shape){2, 1, 2}, 1);
    assert_string_equal(cnn_layer_kind(r.layer), "layernorm");
    assert_int_equal(r.P, 8);
    for (int i = 0; i < 8; i++)
        assert_true(cnn_layer_params(r.layer)[i] == (i < 4 ? 1.0f : 0.0f));
    memcpy(r.x, x, sizeof(x));
    memcpy(r.dy, dy, sizeof(dy));
    memcpy(cnn_layer_params(r.layer), params, sizeof(params));
    rig_forward(&r);
    assert_near(r.y, y, 4, 0, 0x1p-23);
    rig_backward(&r);
    assert_near(cnn_layer_grads(r.layer), grads, 8, 0, 0x1p-23);
    /* Differences of numbers of up to 8. */
    assert_near(r.dx, dx, 4, 8 * 0x1p-24, 0);
    rig_close(&r);
}

/* Two channels by themselves, each -1 and 1 around its mean, with a variance of
 * 1 and an epsilon of 3: h is -1/2 and 1/2. Predicting is the same. */
static void groups_by_hand(void **state)
{
    const float x[] = {9, 11, -4, -2}, params[] = {8, 4, 1, 0};
    const float y[] = {-3, 5, -2, 2};
    rig r;

    (void)state;
    rig_open(&r, layernorm(3.0f, 2, 0), &(cnn_shape){2, 2, 1}, 1);
    assert_int_equal(r.P, 4);
    memcpy(r.x, x, sizeof(x));
    memcpy(cnn_layer_params(r.layer), params, sizeof(params));
    rig_forward(&r);
    assert_same_bits(r.y, y, 4);
    assert_int_equal(cnn_layer_forward(r.layer, 0, 1, r.x, r.y), CNN_OK);
    assert_same_bits(r.y, y, 4);
    rig_close(&r);
}

/* What is normalised together, by the definition: element i of the batch, and
 * its gain. */
typedef struct plan {
    size_t area, sample, group; /* floats of a channel, a sample, a group */
    bool by_channel, affine;
    size_t gains;
} plan;

static size_t gain_of(const plan *p, size_t i)
{
    return p->by_channel ? i % p->sample / p->area : i % p->sample;
}

/* y, dx and the gradients of all, in double. */
static void want(const rig *r, const plan *p, double epsilon, double *y,
                 double *dx, double *grads)
{
    const float *params = cnn_layer_params(r->layer);
    const double M = (double)p->group;

    for (size_t first = 0; first < r->X; first += p->group) {
        double mean = 0, variance = 0, g = 0, gh = 0;

        for (size_t i = first; i < first + p->group; i++)
            mean += (double)r->x[i] / M;
        for (size_t i = first; i < first + p->group; i++)
            variance += pow((double)r->x[i] - mean, 2) / M;
        const double root = sqrt(variance + epsilon);
        for (int pass = 0; pass < 2; pass++)
            for (size_t i = first; i < first + p->group; i++) {
                const size_t at = gain_of(p, i);
                const double gain = p->affine ? (double)params[at] : 1.0;
                const double bias =
                    p->affine ? (double)params[p->gains + at] : 0.0;
                const double h = ((double)r->x[i] - mean) / root;
                const double slope = (double)r->dy[i];

                y[i] = gain * h + bias;
                if (pass == 1) {
                    dx[i] = (gain * slope - g / M - h * gh / M) / root;
                    continue;
                }
                g += gain * slope;
                gh += gain * slope * h;
                if (p->affine) {
                    grads[at] += slope * h;
                    grads[p->gains + at] += slope;
                }
            }
    }
}

static void near_doubles(const float *got, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_near(&got[i], &(float){(float)want[i]}, 1, 1e-6, 1e-6);
}

/* Values, gains and dy are below 1, h below 10 with an epsilon of 0.01; y and
 * dx are computed in double and rounded once, a gradient is a float sum of at
 * most 9 samples. */
static void equals_formulas(void **state)
{
    enum { MOST = 9 * 6 * 7 * 7 };

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        static double y[MOST], dx[MOST], grads[2 * 6 * 7 * 7];
        const uint32_t flags = seed % 5 == 4 ? CNN_NO_AFFINE : 0;
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        const int32_t groups = draw_between(&random, 0, 3);
        const cnn_shape in = {
            (groups > 0 ? groups : 1) * draw_between(&random, 1, 2),
            draw_between(&random, 1, 7), draw_between(&random, 1, 7)};
        rig_open(&r, layernorm(0.01f, groups, flags), &in,
                 draw_between(&random, 1, 9));
        plan p = {.area = (size_t)(in.h * in.w),
                  .by_channel = groups > 0,
                  .affine = flags == 0};
        p.sample = p.area * (size_t)in.c;
        p.group = p.sample / (size_t)(groups > 0 ? groups : 1);
        p.gains = groups > 0 ? (size_t)in.c : p.sample;
        assert_int_equal(r.P, p.affine ? 2 * p.gains : 0);
        rig_fill_uniform(&r, seed);
        memset(grads, 0, sizeof(grads));
        want(&r, &p, (double)0.01f, y, dx, grads);
        rig_forward(&r);
        rig_backward(&r);
        near_doubles(r.y, y, r.X);
        near_doubles(r.dx, dx, r.X);
        near_doubles(cnn_layer_grads(r.layer), grads, r.P);
        rig_close(&r);
    }
}

/* -1 and 1 in turn have the mean 0 and the variance 1: with an epsilon of 3
 * whole numbers are computed exactly. */
static void exact_on_integers(void **state)
{
    (void)state;
    for (int32_t groups = 0; groups < 4; groups++) {
        rig r;

        rig_open(&r, layernorm(3.0f, groups, 0), &(cnn_shape){6, 4, 5}, 3);
        rig_fill_integers(&r, 50, 1);
        for (size_t i = 0; i < r.X; i++)
            r.x[i] = i % 2 == 0 ? -1.0f : 1.0f;
        rig_forward(&r);
        const float *params = cnn_layer_params(r.layer);
        for (size_t i = 0; i < r.X; i++) {
            const size_t at = groups > 0 ? i / 20 % 6 : i % 120;

            assert_true(r.y[i] ==
                        params[at] * r.x[i] / 2.0f + params[r.P / 2 + at]);
        }
        rig_close(&r);
    }
}

/* Samples do not see each other: each has the bits that it has alone. */
static void samples_are_apart(void **state)
{
    for (int32_t groups = 0; groups < 3; groups++) {
        float alone[24];
        rig r;

        (void)state;
        rig_open(&r, layernorm(0, groups, 0), &(cnn_shape){2, 3, 4}, 5);
        rig_fill_uniform(&r, 1);
        rig_forward(&r);
        for (size_t n = 0; n < 5; n++) {
            assert_int_equal(
                cnn_layer_forward(r.layer, 0, 1, r.x + n * 24, alone), CNN_OK);
            assert_same_bits(alone, r.y + n * 24, 24);
        }
        rig_close(&r);
    }
}

/* One value has no deviation: y is the bias, and nothing is learnt about x. A
 * constant sample, too. A large mean does not hide deviations. */
static void extremes(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, layernorm(0, 1, 0), &(cnn_shape){1, 1, 1}, 1);
    r.x[0] = 1e30f;
    r.dy[0] = 3.0f;
    cnn_layer_params(r.layer)[1] = 5.0f;
    rig_forward(&r);
    rig_backward(&r);
    assert_true(r.y[0] == 5.0f && r.dx[0] == 0.0f);
    assert_true(cnn_layer_grads(r.layer)[0] == 0.0f);
    assert_true(cnn_layer_grads(r.layer)[1] == 3.0f);
    rig_close(&r);
    rig_open(&r, layernorm(0, 0, CNN_NO_AFFINE), &(cnn_shape){1, 8, 8}, 2);
    for (size_t i = 0; i < r.X; i++)
        r.x[i] = i < 64 ? 0.1f : 4096.0f + (i % 2 == 0 ? 1.0f : -1.0f);
    rig_forward(&r);
    for (size_t i = 0; i < r.X; i++) {
        const float y = i < 64 ? 0.0f : i % 2 == 0 ? 1.0f : -1.0f;

        /* The root is that of 1 + 1e-5; a mean of 0.1 is off by 2^-53. */
        assert_near(&r.y[i], &y, 1, 6e-6, 0);
    }
    r.x[0] = NAN;
    rig_forward(&r);
    assert_true(isnan(r.y[63]) && isfinite(r.y[64]));
    rig_close(&r);
}

static void same_bits_however_it_is_run(void **state)
{
    (void)state;
    for (int32_t groups = 0; groups < 3; groups++) {
        rig r;

        rig_open(&r, layernorm(0, groups, 0), &(cnn_shape){6, 13, 17}, 21);
        rig_fill_uniform(&r, 3);
        rig_assert_threads_agree(&r);
        rig_assert_dx_is_optional(&r);
        rig_assert_gradients_add(&r);
        rig_assert_frozen_alike(&r);
        rig_close(&r);
    }
}

/* As for batch normalisation: x is spread over +-2, so that the step is a small
 * part of the deviation. */
static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const int32_t groups = (int32_t)(seed % 3);
        const bool affine = seed % 4 != 0;
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r, layernorm(0.1f, groups, affine ? 0 : CNN_NO_AFFINE),
                 &(cnn_shape){2, draw_between(&random, 3, 4),
                              draw_between(&random, 3, 4)},
                 draw_between(&random, 2, 4));
        gradcheck_fill(&r, seed);
        fill_uniform(r.x, r.X, seed);
        for (size_t i = 0; i < r.X; i++)
            r.x[i] = roundf(r.x[i] * 16.0f) / 8.0f;
        gradcheck(&r, r.P / 2, "layernorm");
        rig_close(&r);
    }
}

static void errors(void **state)
{
    cnn_layer *three = layernorm(0, 3, 0);
    const float bad[] = {-1e-3f, INFINITY, NAN};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_null(layernorm(bad[i], 0, 0));
        assert_error(CNN_EINVAL, "expected above 0");
    }
    assert_null(layernorm(-2.0f, 0, 0));
    assert_error(CNN_EINVAL, "layernorm: epsilon -2, expected above 0");
    assert_null(layernorm(0, -1, 0));
    assert_error(CNN_EINVAL, "layernorm: groups -1, expected at least 0");
    assert_null(layernorm(0, 0, 6));
    assert_error(CNN_EINVAL, "unknown flags 0x6, expected 0 or 0x1");
    assert_failed(cnn_layer_build(three, &(cnn_shape){4, 2, 2}, 1, 1),
                  CNN_ESHAPE, "4 channels cannot be cut into 3 groups");
    cnn_layer_free(three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(groups_by_hand),
        cmocka_unit_test(equals_formulas),
        cmocka_unit_test(exact_on_integers),
        cmocka_unit_test(samples_are_apart),
        cmocka_unit_test(extremes),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("layernorm", tests, NULL, NULL);
}
