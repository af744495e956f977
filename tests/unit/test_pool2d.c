/* Max and average pooling. */
#include <math.h>
#include <string.h>

#include "support/draw.h"
#include "support/gradcheck.h"
#include "support/pool_case.h"

static void fill(float *to, const float *from, size_t n)
{
    memcpy(to, from, n * sizeof(*to));
}

/* 4x4, windows of 2x2: the largest of each quarter; its gradient goes there. */
static void max_by_hand(void **state)
{
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -9, -8, -3, -4, -7, -6};
    const float want[] = {6, 8, -1, -6};
    const float dy[] = {10, 20, 30, 40};
    const float want_dx[] = {0,  0, 0, 0, 0, 10, 0, 20,
                             30, 0, 0, 0, 0, 0,  0, 40};
    rig r;

    (void)state;
    rig_open(&r, cnn_maxpool2d_create(2, 2, NULL), &(cnn_shape){1, 4, 4}, 1);
    assert_int_equal(r.P, 0);
    fill(r.x, x, 16);
    fill(r.dy, dy, 4);
    rig_forward(&r);
    assert_same_bits(r.y, want, 4);
    rig_backward(&r);
    assert_same_bits(r.dx, want_dx, 16);
    rig_close(&r);
}

/* 3x3, windows of 2x2 one apart: 5 lies under all four of them. */
static void overlapping_windows_add_up(void **state)
{
    const float x[] = {1, 2, 3, 4, 5, 0, 2, 1, 0};
    const float mean[] = {3, 2.5f, 3, 1.5f};
    const float dy[] = {4, 8, 16, 32};
    const float max_dx[] = {0, 0, 0, 0, 60, 0, 0, 0, 0};
    const float mean_dx[] = {1, 3, 2, 5, 15, 10, 4, 12, 8};
    const cnn_pool2d_options o = {
        .struct_size = sizeof(o), .stride_h = 1, .stride_w = 1};
    rig max, average;

    (void)state;
    rig_open(&max, cnn_maxpool2d_create(2, 2, &o), &(cnn_shape){1, 3, 3}, 1);
    rig_open(&average, cnn_avgpool2d_create(2, 2, &o), &max.in, 1);
    fill(max.x, x, 9);
    fill(max.dy, dy, 4);
    fill(average.x, x, 9);
    fill(average.dy, dy, 4);
    rig_forward(&max);
    assert_same_bits(max.y, (float[]){5, 5, 5, 5}, 4);
    rig_backward(&max);
    assert_same_bits(max.dx, max_dx, 9);
    rig_forward(&average);
    assert_same_bits(average.y, mean, 4);
    rig_backward(&average);
    assert_same_bits(average.dx, mean_dx, 9);
    rig_close(&max);
    rig_close(&average);
}

/* Equal values under a window: the first in row-major order has the gradient,
 * in every size of window. */
static void ties_go_to_the_first(void **state)
{
    (void)state;
    for (int32_t h = 1; h <= 4; h++)
        for (int32_t w = 1; w <= 4; w++) {
            rig r;

            rig_open(&r, cnn_maxpool2d_create(h, w, NULL),
                     &(cnn_shape){1, 2 * h, 10 * w}, 1);
            for (size_t i = 0; i < r.X; i++)
                r.x[i] = -3.0f;
            for (size_t i = 0; i < r.Y; i++)
                r.dy[i] = 1.0f;
            rig_forward(&r);
            rig_backward(&r);
            for (size_t i = 0; i < r.X; i++) {
                const size_t row = i / (size_t)r.in.w, col = i % (size_t)r.in.w;
                const int first = row % (size_t)h == 0 && col % (size_t)w == 0;
                assert_true(r.dx[i] == (first ? 1.0f : 0.0f));
            }
            rig_close(&r);
        }
}

/* One NaN anywhere under a window is what comes out, and where the gradient
 * goes; of two, the first. Windows of 2x2 have a way of their own. */
static void nan_propagates(void **state)
{
    (void)state;
    for (int32_t size = 2; size <= 3; size++)
        for (int one = 0; one < size * size; one++)
            for (int two = one; two < size * size; two++) {
                rig r;

                rig_open(&r, cnn_maxpool2d_create(size, size, NULL),
                         &(cnn_shape){1, size, 6 * size}, 1);
                for (size_t i = 0; i < r.X; i++)
                    r.x[i] = i % 2 ? 5.0f : INFINITY;
                for (int32_t k = 0; k < 6; k++) {
                    r.x[one / size * r.in.w + one % size + k * size] = NAN;
                    r.x[two / size * r.in.w + two % size + k * size] = NAN;
                    r.dy[k] = (float)(k + 1);
                }
                rig_forward(&r);
                rig_backward(&r);
                for (int32_t k = 0; k < 6; k++) {
                    const int32_t at =
                        one / size * r.in.w + one % size + k * size;
                    assert_true(isnan(r.y[k]) != 0);
                    assert_true(r.dx[at] == (float)(k + 1));
                    r.dx[at] = 0.0f;
                }
                for (size_t i = 0; i < r.X; i++)
                    assert_true(r.dx[i] == 0.0f);
                rig_close(&r);
            }
}

/* Padding is not a zero: it never wins, not even against minus infinity. */
static void padding_never_wins(void **state)
{
    const cnn_pool2d_options o = {.struct_size = sizeof(o),
                                  .stride_h = 1,
                                  .stride_w = 1,
                                  .padding = CNN_PAD_SAME};
    const float x[] = {-5, -6, -7, -INFINITY};
    const float want[] = {-5, -6, -7, -INFINITY};
    rig r;

    (void)state;
    rig_open(&r, cnn_maxpool2d_create(2, 2, &o), &(cnn_shape){1, 2, 2}, 1);
    fill(r.x, x, 4);
    rig_forward(&r);
    assert_same_bits(r.y, want, 4);
    rig_close(&r);
}

/* 3x3 pixels of value 9, window 3x3, one of padding all around: a corner sees 4
 * of them, an edge 6. */
static void padding_counts_if_asked(void **state)
{
    const float seen[] = {4, 6, 4, 6, 9, 6, 4, 6, 4};

    (void)state;
    for (int32_t include = 0; include < 2; include++) {
        const cnn_pool2d_options o = {.struct_size = sizeof(o),
                                      .stride_h = 1,
                                      .stride_w = 1,
                                      .padding = CNN_PAD_SAME,
                                      .count_include_pad = include};
        rig r;

        rig_open(&r, cnn_avgpool2d_create(3, 3, &o), &(cnn_shape){1, 3, 3}, 1);
        for (int i = 0; i < 9; i++)
            r.x[i] = 9.0f;
        for (int i = 0; i < 9; i++)
            r.dy[i] = i == 0 ? 36.0f : 0.0f;
        rig_forward(&r);
        rig_backward(&r);
        for (int i = 0; i < 9; i++) {
            const float y = include ? seen[i] : 9.0f;
            const float dx = i % 3 < 2 && i < 6 ? (include ? 4.0f : 9.0f) : 0;
            /* 1 / 9 is rounded, and so is the product. */
            assert_near(&r.y[i], &y, 1, 0, 0x1p-23);
            assert_near(&r.dx[i], &dx, 1, 0, 0x1p-23);
        }
        rig_close(&r);
    }
}

/* 5 pixels in a row, window 2, stride 2: TensorFlow's SAME leaves the last one
 * alone, ONNX's SAME_LOWER the first. */
static void same_padding(void **state)
{
    const float x[] = {1, 3, 5, 7, 9};
    const float upper[] = {2, 6, 9}, lower[] = {1, 4, 8};
    const float upper_max[] = {3, 7, 9}, lower_max[] = {1, 5, 9};

    (void)state;
    for (int32_t low = 0; low < 2; low++)
        for (int32_t max = 0; max < 2; max++) {
            const cnn_pool2d_options o = {.struct_size = sizeof(o),
                                          .padding = low ? CNN_PAD_SAME_LOWER
                                                         : CNN_PAD_SAME};
            const float *mean = low ? lower : upper;
            rig r;

            rig_open(&r,
                     max ? cnn_maxpool2d_create(1, 2, &o)
                         : cnn_avgpool2d_create(1, 2, &o),
                     &(cnn_shape){1, 1, 5}, 1);
            fill(r.x, x, 5);
            rig_forward(&r);
            assert_same_bits(r.y, max ? (low ? lower_max : upper_max) : mean,
                             3);
            rig_close(&r);
        }
}

/* ------------------------------------------------- any configuration --- */

/* Max pooling only picks, and sums of whole numbers are exact: the same bits,
 * with ties all over the place. */
static void max_equals_naive(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        pool_case c;
        rig r;

        pool_case_draw(&c, false, false, seed);
        pool_case_open(&c, &r);
        rig_fill_integers(&r, 1 + (int)(seed % 9), seed);
        pool_case_assert_near(&c, &r, 0);
        rig_close(&r);
    }
}

/* A mean of up to 16 numbers of up to 1 has 16 roundings, of which the last are
 * of the divisor and the quotient; a pixel lies under up to 16 windows. */
static void average_equals_naive(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        pool_case c;
        rig r;

        pool_case_draw(&c, true, false, seed);
        pool_case_open(&c, &r);
        rig_fill_uniform(&r, seed);
        pool_case_assert_near(&c, &r, 18 * 0x1p-24);
        rig_close(&r);
    }
}

static int is_power_of_2(int32_t n)
{
    return (n & (n - 1)) == 0;
}

/* Where every divisor is a power of two, averages are exact as well. */
static void average_exact_on_integers(void **state)
{
    int exact = 0;

    (void)state;
    for (uint64_t seed = 1000; seed < 2000; seed++) {
        pool_case c;
        rig r;

        pool_case_draw(&c, true, false, seed);
        if (!is_power_of_2(c.naive.window.kernel_h) ||
            !is_power_of_2(c.naive.window.kernel_w) ||
            (!c.naive.include_pad && c.options.padding != CNN_PAD_VALID))
            continue;
        exact++;
        pool_case_open(&c, &r);
        rig_fill_integers(&r, 50, seed);
        pool_case_assert_near(&c, &r, 0);
        rig_close(&r);
    }
    assert_true(exact > 200);
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        pool_case c;

        pool_case_draw(&c, seed % 2, true, seed);
        pool_case_check_gradients(&c, seed);
    }
}

/* More than a chunk of samples, in both ways of pooling. */
static void same_bits_however_it_is_run(void **state)
{
    (void)state;
    for (int32_t size = 2; size <= 3; size++)
        for (int average = 0; average < 2; average++) {
            rig r;

            rig_open(&r,
                     average ? cnn_avgpool2d_create(size, size, NULL)
                             : cnn_maxpool2d_create(size, size, NULL),
                     &(cnn_shape){6, 24, 24}, 13);
            rig_fill_uniform(&r, 3);
            rig_assert_threads_agree(&r);
            rig_assert_dx_is_optional(&r);
            rig_close(&r);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_by_hand),
        cmocka_unit_test(overlapping_windows_add_up),
        cmocka_unit_test(ties_go_to_the_first),
        cmocka_unit_test(nan_propagates),
        cmocka_unit_test(padding_never_wins),
        cmocka_unit_test(padding_counts_if_asked),
        cmocka_unit_test(same_padding),
        cmocka_unit_test(max_equals_naive),
        cmocka_unit_test(average_equals_naive),
        cmocka_unit_test(average_exact_on_integers),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
    };

    return cmocka_run_group_tests_name("pool2d", tests, NULL, NULL);
}
