/* Global max and average pooling. */
#include <math.h>
#include <stdbool.h>

#include "support/draw.h"
#include "support/gradcheck.h"

static cnn_layer *create(bool average)
{
    return average ? cnn_global_avgpool2d_create()
                   : cnn_global_maxpool2d_create();
}

/* Two channels of 2 x 3; of the two largest the first has the gradient. */
static void hand_case(void **state)
{
    const float x[] = {1, 5, -2, 0, 5, 3, -1, -2, -3, -4, -5, -9};
    const float y[2][2] = {{5, -1}, {2, -4}};
    const float dx[2][12] = {{0, 6, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0},
                             {1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2}};

    (void)state;
    for (int average = 0; average < 2; average++) {
        rig r;

        rig_open(&r, create(average), &(cnn_shape){2, 2, 3}, 1);
        assert_int_equal(r.P, 0);
        assert_int_equal(r.out.c, 2);
        assert_int_equal(r.out.h, 1);
        assert_int_equal(r.out.w, 1);
        for (size_t i = 0; i < r.X; i++)
            r.x[i] = x[i];
        r.dy[0] = 6.0f;
        r.dy[1] = 12.0f;
        rig_forward(&r);
        rig_backward(&r);
        /* 1 / 6 and the product are rounded. */
        assert_near(r.y, y[average], 2, 0, 2 * 0x1p-24);
        assert_near(r.dx, dx[average], 12, 0, 2 * 0x1p-24);
        rig_close(&r);
    }
}

/* x = torch.arange(12.).reshape(1, 2, 2, 3) ** 0.5,
 * torch.nn.functional.adaptive_max_pool2d(x, 1), ...adaptive_avg_pool2d(x, 1),
 * by PyTorch 1.13. */
static void values_of_pytorch(void **state)
{
    const float golden[2][2] = {{2.23606801f, 3.31662488f},
                                {1.39705548f, 2.90042853f}};

    (void)state;
    for (int average = 0; average < 2; average++) {
        rig r;

        rig_open(&r, create(average), &(cnn_shape){2, 2, 3}, 1);
        for (size_t i = 0; i < r.X; i++)
            r.x[i] = sqrtf((float)i);
        rig_forward(&r);
        /* Six numbers are added up in some order. */
        assert_near(r.y, golden[average], 2, 0, 6 * 0x1p-24);
        rig_close(&r);
    }
}

/* By the definition, for any shape: one of 2 x 2 is pooled by a routine of its
 * own. The sums of n floats below 1 are off by n 2^-24 at most. */
static void naive(const rig *r, bool average)
{
    const size_t P = (size_t)(r->in.h * r->in.w);

    for (size_t m = 0; m < r->Y; m++) {
        const float *x = r->x + m * P, *dx = r->dx + m * P;
        size_t best = 0;
        double sum = 0.0;

        for (size_t i = 0; i < P; i++) {
            best = x[i] > x[best] ? i : best;
            sum += (double)x[i];
        }
        const float mean = (float)(sum / (double)P);
        if (average)
            assert_near(&r->y[m], &mean, 1, 2 * 0x1p-24, 2 * 0x1p-24);
        else
            assert_true(r->y[m] == x[best]);
        for (size_t i = 0; i < P; i++) {
            const float share = average     ? r->dy[m] / (float)P
                                : i == best ? r->dy[m]
                                            : 0.0f;
            assert_near(&dx[i], &share, 1, 0, 2 * 0x1p-24);
        }
    }
}

static void equals_naive(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        const bool average = seed % 2 != 0;
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r, create(average),
                 &(cnn_shape){draw_between(&random, 1, 5),
                              draw_between(&random, 1, seed % 3 ? 30 : 2),
                              draw_between(&random, 1, seed % 3 ? 30 : 2)},
                 draw_between(&random, 1, 4));
        rig_fill_uniform(&r, seed);
        rig_forward(&r);
        rig_backward(&r);
        naive(&r, average);
        rig_close(&r);
    }
}

/* Means over 64 pixels are exact. */
static void whole_numbers_are_exact(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, create(true), &(cnn_shape){3, 4, 16}, 5);
    rig_fill_integers(&r, 1000, 1);
    rig_forward(&r);
    rig_backward(&r);
    for (size_t m = 0; m < r.Y; m++) {
        float sum = 0.0f;

        for (size_t i = 0; i < 64; i++) {
            sum += r.x[m * 64 + i];
            assert_true(r.dx[m * 64 + i] == r.dy[m] / 64.0f);
        }
        assert_true(r.y[m] == sum / 64.0f);
    }
    rig_close(&r);
}

static void nan_comes_through(void **state)
{
    (void)state;
    for (int average = 0; average < 2; average++) {
        rig r;

        rig_open(&r, create(average), &(cnn_shape){2, 5, 5}, 1);
        rig_fill_uniform(&r, 1);
        r.x[7] = NAN;
        rig_forward(&r);
        assert_true(isnan(r.y[0]) && isfinite(r.y[1]));
        rig_close(&r);
    }
}

static void threads_and_dx(void **state)
{
    (void)state;
    for (int average = 0; average < 2; average++) {
        rig r;

        rig_open(&r, create(average), &(cnn_shape){3, 31, 71}, 13);
        rig_fill_uniform(&r, 1);
        rig_assert_threads_agree(&r);
        rig_assert_dx_is_optional(&r);
        rig_close(&r);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        rig r;

        rig_open(&r, create(i % 2 != 0), &(cnn_shape){2, 1 + i % 4, 1 + i % 5},
                 3);
        gradcheck_fill(&r, (uint64_t)i);
        /* No two inputs within two steps. */
        fill_distinct(r.x, r.X, 4 * GRADCHECK_STEP, (uint64_t)i);
        gradcheck(&r, 0, cnn_layer_kind(r.layer));
        rig_close(&r);
    }
}

/* There are no settings, so nothing but the calls of any layer can fail. */
static void errors(void **state)
{
    (void)state;
    for (int average = 0; average < 2; average++) {
        cnn_layer *layer = create(average);
        float x[4] = {0};

        assert_int_equal(cnn_layer_setting_count(layer), 0);
        assert_failed(cnn_layer_forward(layer, 0, 1, x, x), CNN_ESTATE,
                      average ? "the global_avgpool2d layer is not built"
                              : "the global_maxpool2d layer is not built");
        assert_failed(cnn_layer_build(layer, &(cnn_shape){1, 0, 2}, 1, 1),
                      CNN_EINVAL, "input 1x0x2, expected at least 1x1x1");
        cnn_layer_free(layer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_case),
        cmocka_unit_test(values_of_pytorch),
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(nan_comes_through),
        cmocka_unit_test(threads_and_dx),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("global pool2d", tests, NULL, NULL);
}
