/* Upsampling. */
#include <math.h>
#include <stdbool.h>

#include "support/draw.h"
#include "support/gradcheck.h"

/* y = torch.nn.functional.interpolate(x, scale_factor=(2, 3), mode=...), with
 * align_corners=False for "bilinear", y.backward(torch.arange(36.).reshape(1,
 * 1, 4, 9)), by PyTorch 1.13. */
static void values_of_pytorch(void **state)
{
    const float x[] = {1, -2, 4, 0, 3, -1};
    const float y[2][36] = {{1,  1,  1,  -2, -2, -2, 4, 4, 4, 1,  1,  1,
                             -2, -2, -2, 4,  4,  4,  0, 0, 0, 3,  3,  3,
                             -1, -1, -1, 0,  0,  0,  3, 3, 3, -1, -1, -1},
                            {1,
                             1,
                             0,
                             -1,
                             -2,
                             0,
                             2,
                             4,
                             4,
                             0.75f,
                             0.75f,
                             0.25f,
                             -0.25f,
                             -0.75f,
                             0.416666667f,
                             1.58333333f,
                             2.75f,
                             2.75f,
                             0.25f,
                             0.25f,
                             0.75f,
                             1.25f,
                             1.75f,
                             1.25f,
                             0.75f,
                             0.25f,
                             0.25f,
                             0,
                             0,
                             1,
                             2,
                             3,
                             1.66666667f,
                             0.333333333f,
                             -1,
                             -1}};
    const float dx[2][6] = {{33, 51, 69, 141, 159, 177},
                            {40.4166641f, 57.75f, 75.0833359f, 134.916656f,
                             152.249985f, 169.583328f}};

    (void)state;
    for (int32_t mode = 0; mode < 2; mode++) {
        rig r;

        rig_open(&r, cnn_upsample2d_create(2, 3, mode), &(cnn_shape){1, 2, 3},
                 1);
        assert_int_equal(r.P, 0);
        assert_int_equal(r.out.c, 1);
        assert_int_equal(r.out.h, 4);
        assert_int_equal(r.out.w, 9);
        for (size_t i = 0; i < r.X; i++)
            r.x[i] = x[i];
        for (size_t i = 0; i < r.Y; i++)
            r.dy[i] = (float)i;
        rig_forward(&r);
        rig_backward(&r);
        /* Shares of 1/3 are rounded, with numbers up to 4; 18 are added. */
        assert_near(r.y, y[mode], r.Y, 4 * 4 * 0x1p-24, 0);
        assert_near(r.dx, dx[mode], r.X, 0, 18 * 0x1p-24);
        rig_close(&r);
    }
}

/* The share of input i in output o, by the definition: the place of o, held
 * inside the image, and 1 minus the distance. */
static double share(int32_t mode, int32_t i, int32_t o, int32_t factor,
                    int32_t in)
{
    const double place = (o + 0.5) / factor - 0.5;
    const double inside = fmin(fmax(place, 0.0), in - 1.0);

    return mode == CNN_UPSAMPLE_NEAREST ? i == o / factor
                                        : fmax(0.0, 1.0 - fabs(inside - i));
}

/* y and dx of one channel in double; dx is zero before. */
static void naive(const rig *r, int32_t mode, const float *x, const float *dy,
                  double *y, double *dx)
{
    const int32_t H = r->in.h, W = r->in.w, OH = r->out.h, OW = r->out.w;

    for (int32_t o = 0; o < OH * OW; o++) {
        y[o] = 0.0;
        for (int32_t i = 0; i < H * W; i++) {
            const double s = share(mode, i / W, o / OW, OH / H, H) *
                             share(mode, i % W, o % OW, OW / W, W);
            y[o] += s * (double)x[i];
            dx[i] += s * (double)dy[o];
        }
    }
}

static void equals_naive(void **state)
{
    enum { MOST = 6 * 5 };

    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        const int32_t mode = (int32_t)(seed % 2);
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        const int32_t factor_h = draw_between(&random, 1, 5);
        const int32_t factor_w = draw_between(&random, 1, 5);
        rig_open(&r, cnn_upsample2d_create(factor_h, factor_w, mode),
                 &(cnn_shape){draw_between(&random, 1, 3),
                              draw_between(&random, 1, 6),
                              draw_between(&random, 1, 5)},
                 draw_between(&random, 1, 3));
        const size_t X = (size_t)(r.in.h * r.in.w);
        const size_t Y = (size_t)(r.out.h * r.out.w);
        rig_fill_uniform(&r, seed);
        rig_forward(&r);
        rig_backward(&r);
        for (size_t m = 0; m < r.X / X; m++) {
            double y[MOST * 25], dx[MOST] = {0};

            naive(&r, mode, r.x + m * X, r.dy + m * Y, y, dx);
            for (size_t i = 0; i < Y; i++)
                assert_true(fabs((double)r.y[m * Y + i] - y[i]) <= 4 * 0x1p-24);
            /* Up to four squares of 25 outputs reach a pixel, with shares that
             * add up to 25. */
            for (size_t i = 0; i < X; i++)
                assert_true(fabs((double)r.dx[m * X + i] - dx[i]) <=
                            100 * 25 * 0x1p-24);
        }
        rig_close(&r);
    }
}

/* Shares are eighths with a factor of 4. */
static void whole_numbers_are_exact(void **state)
{
    (void)state;
    for (int32_t mode = 0; mode < 2; mode++) {
        double y[4 * 4 * 4 * 3], dx[4 * 3] = {0};
        rig r;

        rig_open(&r, cnn_upsample2d_create(4, 4, mode), &(cnn_shape){1, 4, 3},
                 1);
        rig_fill_integers(&r, 100, 1);
        rig_forward(&r);
        rig_backward(&r);
        naive(&r, mode, r.x, r.dy, y, dx);
        for (size_t i = 0; i < r.Y; i++)
            assert_true((double)r.y[i] == y[i]);
        for (size_t i = 0; i < r.X; i++)
            assert_true((double)r.dx[i] == dx[i]);
        rig_close(&r);
    }
}

/* A factor of 1 changes nothing, and infinities stay where they are. */
static void nothing_to_do(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_upsample2d_create(1, 1, CNN_UPSAMPLE_BILINEAR),
             &(cnn_shape){2, 5, 3}, 2);
    rig_fill_uniform(&r, 1);
    rig_forward(&r);
    rig_backward(&r);
    assert_same_bits(r.y, r.x, r.X);
    assert_same_bits(r.dx, r.dy, r.X);
    rig_close(&r);
    rig_open(&r, cnn_upsample2d_create(1, 2, CNN_UPSAMPLE_NEAREST),
             &(cnn_shape){1, 1, 2}, 1);
    r.x[0] = INFINITY;
    r.x[1] = NAN;
    rig_forward(&r);
    assert_true(r.y[0] == INFINITY && r.y[1] == INFINITY);
    assert_true(isnan(r.y[2]) && isnan(r.y[3]));
    rig_close(&r);
}

static void threads_and_dx(void **state)
{
    (void)state;
    for (int32_t mode = 0; mode < 2; mode++) {
        rig r;

        rig_open(&r, cnn_upsample2d_create(2, 3, mode), &(cnn_shape){3, 31, 37},
                 13);
        rig_fill_uniform(&r, 1);
        rig_assert_threads_agree(&r);
        rig_assert_dx_is_optional(&r);
        rig_close(&r);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 40; i++) {
        rig r;

        rig_open(&r, cnn_upsample2d_create(1 + i % 3, 1 + i % 4, i % 2),
                 &(cnn_shape){2, 1 + i % 5, 1 + i % 3}, 2);
        gradcheck_fill(&r, (uint64_t)i);
        /* Shares like 1 / 6 are not exact, so nothing may cancel. */
        for (size_t k = 0; k < r.Y; k++)
            r.dy[k] = fabsf(r.dy[k]);
        gradcheck(&r, 0, "upsample2d");
        rig_close(&r);
    }
}

static void errors(void **state)
{
    cnn_layer *huge = cnn_upsample2d_create(INT32_MAX, 1, CNN_UPSAMPLE_NEAREST);

    (void)state;
    assert_null(cnn_upsample2d_create(0, 2, CNN_UPSAMPLE_NEAREST));
    assert_error(CNN_EINVAL, "upsample2d: factor 0x2, expected at least 1x1");
    assert_null(cnn_upsample2d_create(2, -3, CNN_UPSAMPLE_NEAREST));
    assert_error(CNN_EINVAL, "upsample2d: factor 2x-3, expected at least 1x1");
    assert_null(cnn_upsample2d_create(2, 2, 2));
    assert_error(CNN_EINVAL, "upsample2d: mode 2, expected 0 or 1");
    assert_null(cnn_upsample2d_create(2, 2, -1));
    assert_error(CNN_EINVAL, "upsample2d: mode -1, expected 0 or 1");
    assert_failed(cnn_layer_build(huge, &(cnn_shape){1, 2, 1}, 1, 1),
                  CNN_EOVERFLOW, "2x1 times 2147483647x1 is above 2147483647");
    assert_failed(cnn_layer_build(huge, &(cnn_shape){1, 1, 2}, 1, 1),
                  CNN_EOVERFLOW,
                  "output 1x2147483647x2 has more than 2147483647 elements");
    cnn_layer_free(huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_pytorch),
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(nothing_to_do),
        cmocka_unit_test(threads_and_dx),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("upsample2d", tests, NULL, NULL);
}
