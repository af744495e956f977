/* The convolution layer by taps, and by the kernels for groups of one channel
 * (depthwise), whichever CNN_ALGORITHM names. The build runs it with both and
 * with each set of kernels; where these have none there is nothing to run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers/conv2d/conv2d_layer.h"
#include "math/simd.h"
#include "support/conv_case.h"

static bool is_depthwise(void)
{
    const char *name = getenv("CNN_ALGORITHM");

    return name != NULL && strcmp(name, "depthwise") == 0;
}

/* `filters` filters with SAME padding over N images; for depthwise, as many
 * channels as filters. */
static conv_case case_of(int32_t channels, int32_t filters, int32_t kernel_h,
                         int32_t kernel_w, int32_t stride, int32_t H, int32_t W)
{
    conv_case c;
    naive_window *w = &c.naive.window;

    conv_case_draw(&c, 0, 1);
    c.naive.N = 3;
    c.naive.C = is_depthwise() ? filters : channels;
    c.naive.F = filters;
    c.naive.groups = c.options.groups = is_depthwise() ? filters : 1;
    *w = (naive_window){.H = H,
                        .W = W,
                        .kernel_h = kernel_h,
                        .kernel_w = kernel_w,
                        .stride_h = stride,
                        .stride_w = stride,
                        .dilation_h = 1,
                        .dilation_w = 1};
    c.options.stride_h = c.options.stride_w = stride;
    c.options.dilation_h = c.options.dilation_w = 1;
    c.options.padding = CNN_PAD_SAME;
    c.options.pad_top = c.options.pad_bottom = 0;
    c.options.pad_left = c.options.pad_right = 0;
    c.options.flags = 0;
    naive_pad_same(w, false);
    return c;
}

/* Opens a rig and sees to it that the algorithm is the one that was named. */
static void open_named(const conv_case *c, rig *r)
{
    conv_case_open(c, r);
    assert_string_equal(
        ((const cnn__conv_layer *)r->layer)->choice.algorithm->name,
        getenv("CNN_ALGORITHM"));
}

/* Any stride, dilation, padding and groups: for depthwise those that it fits;
 * im2col computes the others. */
static void equals_naive(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        conv_case_draw(&c, 0, seed);
        if (is_depthwise()) {
            c.naive.F = c.naive.C = c.naive.groups = 1 + (int32_t)seed % 37;
            c.options.groups = c.naive.groups;
        }
        conv_case_assert_exact(&c, seed);
    }
}

/* Each number of columns that a strip is made of, with odd rows, for steps of
 * one, two and more; whole and half blocks of filters. */
static void equals_naive_at_each_width(void **state)
{
    const int32_t filters[] = {1, 16, 17, 33, 48};

    (void)state;
    for (int32_t W = 1; W <= 31; W++)
        for (int32_t stride = 1; stride <= 3; stride++) {
            const conv_case c =
                case_of(2, filters[W % 5], 3, 2, stride, 3 + W % 4, W);

            conv_case_assert_exact(&c, (uint64_t)W);
        }
}

/* Kernels as large as they are used, and of one row or column; images of
 * several bands; more taps than are summed up at a time, and more weights than
 * have partial sums. */
static void equals_naive_for_other_kernels(void **state)
{
    const conv_case cases[] = {
        case_of(3, 16, 7, 7, 2, 40, 41),   case_of(2, 20, 11, 11, 4, 50, 30),
        case_of(3, 32, 1, 7, 1, 17, 17),   case_of(3, 32, 7, 1, 1, 17, 17),
        case_of(70, 18, 3, 3, 2, 9, 9),    case_of(9, 16, 1, 1, 2, 13, 7),
        case_of(5, 16, 3, 3, 1, 160, 120), case_of(2, 8, 5, 5, 2, 150, 130),
        case_of(4, 40, 2, 2, 2, 64, 64),   case_of(230, 130, 3, 3, 1, 5, 6),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        conv_case_assert_exact(&cases[i], i);
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (int32_t stride = 1; stride <= 3; stride++) {
        conv_case c = case_of(2, 3, 3, 2, stride, 5, 6);

        c.naive.N = 2;
        conv_case_check_gradients(&c, (uint64_t)stride);
    }
}

/* Fewer samples than partials, more, and more than a tile of each. */
static void same_bits_however_it_is_run(void **state)
{
    const int32_t batches[] = {1, 5, 16, 70};

    (void)state;
    for (int i = 0; i < 4; i++)
        for (int32_t stride = 1; stride <= 2; stride++) {
            conv_case c = case_of(6, 20, 5, 3, stride, 14, 18);
            rig r;

            c.naive.N = batches[i];
            open_named(&c, &r);
            rig_fill_uniform(&r, 3);
            rig_assert_threads_agree(&r);
            rig_assert_dx_is_optional(&r);
            rig_assert_gradients_add(&r);
            rig_close(&r);
        }
}

/* So many weights that their gradients go block by block. */
static void same_bits_block_by_block(void **state)
{
    conv_case c = case_of(230, 130, 3, 3, 2, 7, 9);
    rig r;

    (void)state;
    c.naive.N = 11;
    open_named(&c, &r);
    rig_fill_uniform(&r, 3);
    rig_assert_threads_agree(&r);
    rig_assert_dx_is_optional(&r);
    rig_assert_gradients_add(&r);
    rig_close(&r);
}

/* Sizes that would take plans long to go through, and lists long to hold. */
static void refuses_what_is_immense(void **state)
{
    const int32_t strides[] = {17, INT32_MAX};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const conv_case c = case_of(2, 16, 3, 3, strides[i], 5, 6);
        rig r;

        conv_case_open(&c, &r);
        assert_string_equal(
            ((const cnn__conv_layer *)r.layer)->choice.algorithm->name,
            "im2col");
        rig_close(&r);
        conv_case_assert_exact(&c, 1);
    }
}

/* The outputs of a filter that look at a pixel, and no others, become NaN or
 * infinite with it. */
static void a_pixel_stays_in_its_window(void **state)
{
    const float values[] = {NAN, INFINITY};

    (void)state;
    for (int k = 0; k < 2; k++)
        for (int32_t stride = 1; stride <= 2; stride++) {
            const conv_case c = case_of(3, 16, 3, 3, stride, 8, 9);
            rig r;

            open_named(&c, &r);
            rig_fill_uniform(&r, 4);
            r.x[3 * 9 + 4] = values[k]; /* row 3, column 4 of channel 0 */
            rig_forward(&r);
            for (int32_t i = 0; i < r.out.h; i++)
                for (int32_t j = 0; j < r.out.w; j++) {
                    const int32_t u = 3 - i * stride + c.naive.window.top;
                    const int32_t v = 4 - j * stride + c.naive.window.left;
                    const bool sees = u >= 0 && u < 3 && v >= 0 && v < 3;

                    assert_int_equal(isfinite(r.y[i * r.out.w + j]), !sees);
                }
            rig_close(&r);
        }
}

static void long_sums_keep_their_digits(void **state)
{
    conv_case c = case_of(3, 16, 3, 3, 1, 224, 224);
    rig r;

    (void)state;
    c.naive.N = 1;
    open_named(&c, &r);
    conv_case_check_long_sums(&c, &r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(equals_naive_at_each_width),
        cmocka_unit_test(equals_naive_for_other_kernels),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(same_bits_block_by_block),
        cmocka_unit_test(refuses_what_is_immense),
        cmocka_unit_test(a_pixel_stays_in_its_window),
        cmocka_unit_test(long_sums_keep_their_digits),
    };

    if (getenv("CNN_ALGORITHM") == NULL ||
        cnn__simd_used()->taps->maps == NULL) {
        print_message("no algorithm is named, or the set %s has none\n",
                      cnn__simd_used()->name);
        return 0;
    }
    return cmocka_run_group_tests_name("conv2d by taps", tests, NULL, NULL);
}
