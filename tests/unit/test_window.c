/* The geometry of windows. */
#include "math/window.h"

#include "cnn/layer.h"
#include "support/near.h"

/* A square window without dilation; the rest is set by the tests. */
static cnn__sliding sliding(int32_t kernel, int32_t stride, int32_t padding)
{
    return (cnn__sliding){.kernel_h = kernel,
                          .kernel_w = kernel,
                          .stride_h = stride,
                          .stride_w = stride,
                          .dilation_h = 1,
                          .dilation_w = 1,
                          .padding = padding};
}

/* One axis: input, kernel, stride, dilation, and what comes of it. */
typedef struct axis_case {
    int32_t in, kernel, stride, dilation;
    int32_t out, before, after;
} axis_case;

static void check_cases(const axis_case *cases, size_t count, int32_t padding)
{
    for (size_t i = 0; i < count; i++) {
        const axis_case *c = &cases[i];
        cnn__sliding s = sliding(c->kernel, c->stride, padding);
        cnn__window w;

        s.dilation_h = c->dilation;
        s.kernel_w = s.stride_w = 1;
        assert_int_equal(
            cnn__window_fit(&w, &s, &(cnn_shape){1, c->in, 4}, "kernel"),
            CNN_OK);
        if (w.h.out != c->out || w.h.before != c->before ||
            w.h.after != c->after)
            fail_msg("in %d, kernel %d, stride %d, dilation %d: out %d, "
                     "padding %d + %d",
                     c->in, c->kernel, c->stride, c->dilation, w.h.out,
                     w.h.before, w.h.after);
        /* The other axis has its own geometry. */
        assert_int_equal(w.w.in, 4);
        assert_int_equal(w.w.out, 4);
        assert_int_equal(w.w.before + w.w.after, 0);
    }
}

static void valid(void **state)
{
    const axis_case cases[] = {
        {28, 5, 1, 1, 24, 0, 0}, {24, 2, 2, 1, 12, 0, 0},
        {7, 3, 2, 1, 3, 0, 0},   {8, 3, 2, 1, 3, 0, 0}, /* one left over */
        {5, 5, 1, 1, 1, 0, 0},   {5, 3, 1, 2, 1, 0, 0}, /* reach 5 */
        {6, 3, 1, 2, 2, 0, 0},   {1, 1, 1, 1, 1, 0, 0},
        {1, 1, 9, 9, 1, 0, 0},   {10, 1, 3, 1, 4, 0, 0},
    };

    (void)state;
    check_cases(cases, sizeof(cases) / sizeof(cases[0]), CNN_PAD_VALID);
}

/* What TensorFlow's documentation and its users have in their tables: the odd
 * zero at the end; none if the stride jumps over the rest. */
static void same(void **state)
{
    const axis_case cases[] = {
        {28, 5, 1, 1, 28, 2, 2},   {28, 3, 2, 1, 14, 0, 1},
        {224, 7, 2, 1, 112, 2, 3}, {5, 2, 1, 1, 5, 0, 1},
        {13, 6, 5, 1, 3, 1, 2},    {2, 3, 2, 1, 1, 0, 1},
        {7, 2, 2, 1, 4, 0, 1},     {6, 2, 2, 1, 3, 0, 0},
        {5, 1, 3, 1, 2, 0, 0},     {10, 2, 5, 1, 2, 0, 0}, /* stride > kernel */
        {5, 3, 1, 2, 5, 2, 2},     {4, 2, 1, 3, 4, 1, 2},
        {1, 5, 1, 1, 1, 2, 2},     {1, 4, 3, 1, 1, 1, 2},
    };

    (void)state;
    check_cases(cases, sizeof(cases) / sizeof(cases[0]), CNN_PAD_SAME);
}

static void same_lower(void **state)
{
    const axis_case cases[] = {
        {28, 5, 1, 1, 28, 2, 2}, {28, 3, 2, 1, 14, 1, 0},
        {13, 6, 5, 1, 3, 2, 1},  {5, 2, 1, 1, 5, 1, 0},
        {6, 2, 2, 1, 3, 0, 0},   {1, 4, 3, 1, 1, 2, 1},
    };

    (void)state;
    check_cases(cases, sizeof(cases) / sizeof(cases[0]), CNN_PAD_SAME_LOWER);
}

/* Four different paddings, each on its own side. */
static void explicit_padding(void **state)
{
    cnn__sliding s = sliding(3, 2, CNN_PAD_EXPLICIT);
    cnn__window w;

    (void)state;
    s.pad_top = 1;
    s.pad_bottom = 2;
    s.pad_left = 3;
    s.pad_right = 4;
    assert_int_equal(cnn__window_fit(&w, &s, &(cnn_shape){1, 6, 7}, "kernel"),
                     CNN_OK);
    assert_int_equal(w.h.before, 1);
    assert_int_equal(w.h.after, 2);
    assert_int_equal(w.w.before, 3);
    assert_int_equal(w.w.after, 4);
    assert_int_equal(w.h.out, (6 + 1 + 2 - 3) / 2 + 1);
    assert_int_equal(w.w.out, (7 + 3 + 4 - 3) / 2 + 1);
    assert_int_equal(w.h.in, 6);
    assert_int_equal(w.w.in, 7);
}

static void what_does_not_fit(void **state)
{
    cnn__sliding s = sliding(7, 1, CNN_PAD_VALID);
    cnn__window w;

    (void)state;
    assert_failed(cnn__window_fit(&w, &s, &(cnn_shape){3, 4, 9}, "kernel"),
                  CNN_ESHAPE,
                  "kernel 7x7 does not fit input 4x9 with VALID padding");
    assert_failed(cnn__window_fit(&w, &s, &(cnn_shape){3, 9, 6}, "window"),
                  CNN_ESHAPE, "window 7x7 does not fit input 9x6 with VALID");
    assert_int_equal(cnn__window_fit(&w, &s, &(cnn_shape){3, 7, 7}, "kernel"),
                     CNN_OK);
    s = sliding(3, 1, CNN_PAD_EXPLICIT);
    s.dilation_w = 4;
    s.pad_right = 1;
    assert_failed(cnn__window_fit(&w, &s, &(cnn_shape){1, 9, 7}, "kernel"),
                  CNN_ESHAPE,
                  "kernel 3x3 (dilated) does not fit input 9x7 with EXPLICIT");
    s.pad_left = 1;
    assert_int_equal(cnn__window_fit(&w, &s, &(cnn_shape){1, 9, 7}, "kernel"),
                     CNN_OK);
    s = sliding(1, 1, CNN_PAD_EXPLICIT);
    s.pad_top = INT32_MAX;
    assert_failed(cnn__window_fit(&w, &s, &(cnn_shape){1, 9, 7}, "kernel"),
                  CNN_EOVERFLOW, "an input of 9 with 2147483647 + 0 zeros");
    s.pad_top = 0;
    s.pad_right = INT32_MAX - 6;
    assert_failed(cnn__window_fit(&w, &s, &(cnn_shape){1, 9, 7}, "kernel"),
                  CNN_EOVERFLOW, "an input of 7 with 0 + 2147483641 zeros");
}

/* One wrong setting in turn, in both directions. */
static void impossible_settings(void **state)
{
    const cnn__sliding right = sliding(3, 2, CNN_PAD_EXPLICIT);
    const size_t at_least_1[] = {
        offsetof(cnn__sliding, kernel_h),   offsetof(cnn__sliding, kernel_w),
        offsetof(cnn__sliding, stride_h),   offsetof(cnn__sliding, stride_w),
        offsetof(cnn__sliding, dilation_h), offsetof(cnn__sliding, dilation_w)};
    const char *const texts[] = {"kernel 0x3", "kernel 3x0",   "stride 0x2",
                                 "stride 2x0", "dilation 0x1", "dilation 1x0"};
    const size_t at_least_0[] = {
        offsetof(cnn__sliding, pad_top), offsetof(cnn__sliding, pad_bottom),
        offsetof(cnn__sliding, pad_left), offsetof(cnn__sliding, pad_right)};
    const char *const pads[] = {"-1, 0, 0, 0", "0, -1, 0, 0", "0, 0, -1, 0",
                                "0, 0, 0, -1"};

    (void)state;
    assert_int_equal(cnn__window_check(&right, "kernel"), CNN_OK);
    for (int i = 0; i < 6; i++) {
        cnn__sliding s = right;
        int32_t *setting = (int32_t *)(void *)((char *)&s + at_least_1[i]);

        *setting = 0;
        assert_failed(cnn__window_check(&s, "kernel"), CNN_EINVAL, texts[i]);
        *setting = INT32_MIN;
        assert_failed(cnn__window_check(&s, "kernel"), CNN_EINVAL,
                      "-2147483648");
        *setting = 1;
        assert_int_equal(cnn__window_check(&s, "kernel"), CNN_OK);
    }
    for (int i = 0; i < 4; i++) {
        cnn__sliding s = right;
        int32_t *setting = (int32_t *)(void *)((char *)&s + at_least_0[i]);

        *setting = -1;
        assert_failed(cnn__window_check(&s, "kernel"), CNN_EINVAL, pads[i]);
        *setting = 1;
        assert_int_equal(cnn__window_check(&s, "kernel"), CNN_OK);
        s.padding = CNN_PAD_SAME;
        assert_failed(cnn__window_check(&s, "kernel"), CNN_EINVAL,
                      "with SAME padding, expected EXPLICIT");
    }
}

static void unknown_paddings(void **state)
{
    cnn__sliding s = sliding(3, 1, -1);

    (void)state;
    assert_failed(cnn__window_check(&s, "kernel"), CNN_EINVAL,
                  "padding -1, expected 0 to 3");
    s.padding = 4;
    assert_failed(cnn__window_check(&s, "kernel"), CNN_EINVAL,
                  "padding 4, expected 0 to 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid),
        cmocka_unit_test(same),
        cmocka_unit_test(same_lower),
        cmocka_unit_test(explicit_padding),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(impossible_settings),
        cmocka_unit_test(unknown_paddings),
    };

    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
