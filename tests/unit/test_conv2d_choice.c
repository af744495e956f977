/* Which algorithm a convolution takes. The build runs it with each set of
 * kernels and with each value of CNN_ALGORITHM. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "layers/conv2d/conv2d_algorithms.h"
#include "math/simd.h"
#include "support/conv_case.h"

static bool has_direct(void)
{
    return cnn__simd_used()->direct->forward != NULL;
}

/* y and the gradients of a layer, one behind the other. */
static float *outcome(int32_t filters, int32_t kernel, const cnn_shape *in,
                      int32_t algorithm, size_t *n)
{
    rig r;

    rig_open(&r, conv_same(filters, kernel, algorithm), in, 3);
    rig_fill_uniform(&r, 1);
    rig_forward(&r);
    rig_backward(&r);
    float *all = new_floats(r.Y + r.P);
    *n = r.Y + r.P;
    memcpy(all, r.y, r.Y * sizeof(float));
    memcpy(all + r.Y, cnn_layer_grads(r.layer), r.P * sizeof(float));
    rig_close(&r);
    return all;
}

/* What CNN_ALGORITHM makes of a layer that would take `best`. */
static int32_t expected(int32_t kernel, const cnn_shape *in, int32_t best)
{
    const char *name = getenv("CNN_ALGORITHM");
    const bool fits = kernel == 3 || kernel == 5;

    if (name == NULL)
        return best;
    if (strcmp(name, "winograd") == 0 && fits)
        return CNN_ALGORITHM_WINOGRAD;
    if (strcmp(name, "direct") == 0 && fits && in->h > 1 && has_direct())
        return CNN_ALGORITHM_DIRECT;
    return CNN_ALGORITHM_IM2COL;
}

static void assert_auto(int32_t filters, int32_t kernel, const cnn_shape *in,
                        int32_t best)
{
    size_t n;
    float *got = outcome(filters, kernel, in, CNN_ALGORITHM_AUTO, &n);
    float *want = outcome(filters, kernel, in, expected(kernel, in, best), &n);

    assert_same_bits(got, want, n);
    test_free(got);
    test_free(want);
}

static void auto_takes_what_pays(void **state)
{
    const int32_t direct =
        has_direct() ? CNN_ALGORITHM_DIRECT : CNN_ALGORITHM_IM2COL;

    (void)state;
    assert_auto(64, 5, &(cnn_shape){32, 14, 14}, CNN_ALGORITHM_WINOGRAD);
    assert_auto(120, 5, &(cnn_shape){16, 7, 7}, CNN_ALGORITHM_WINOGRAD);
    assert_auto(16, 3, &(cnn_shape){16, 14, 14}, CNN_ALGORITHM_WINOGRAD);
    /* Few outputs. */
    assert_auto(16, 3, &(cnn_shape){16, 2, 2}, CNN_ALGORITHM_WINOGRAD);
    assert_auto(16, 5, &(cnn_shape){16, 2, 2}, CNN_ALGORITHM_WINOGRAD);
    /* Few channels. */
    assert_auto(6, 5, &(cnn_shape){1, 28, 28}, direct);
    assert_auto(16, 5, &(cnn_shape){6, 14, 14}, direct);
    /* Many filters for so few channels, few outputs. */
    assert_auto(32, 5, &(cnn_shape){1, 28, 28}, direct);
    assert_auto(24, 5, &(cnn_shape){1, 28, 28}, CNN_ALGORITHM_IM2COL);
    assert_auto(48, 5, &(cnn_shape){1, 28, 28}, CNN_ALGORITHM_IM2COL);
    assert_auto(16, 5, &(cnn_shape){16, 1, 1}, CNN_ALGORITHM_IM2COL);
    assert_auto(16, 3, &(cnn_shape){16, 1, 2}, CNN_ALGORITHM_IM2COL);
}

/* What is taken for a window in groups, or if there are none with a table. */
static const cnn__conv_algorithm *taken(int32_t filters, int32_t groups,
                                        const cnn_shape *in, int32_t kernel_h,
                                        int32_t kernel_w, int32_t stride)
{
    const cnn__sliding s = {.kernel_h = kernel_h,
                            .kernel_w = kernel_w,
                            .stride_h = stride,
                            .stride_w = stride,
                            .dilation_h = 1,
                            .dilation_w = 1,
                            .padding = CNN_PAD_SAME};
    uint8_t table[64 * 8];
    void *memory = NULL;
    cnn__window window;
    cnn__conv conv;
    cnn__conv_choice choice = {0};

    for (int32_t i = 0; i < filters * in->c && groups == 0; i++)
        table[i] = i % 3 > 0;
    assert_int_equal(cnn__window_fit(&window, &s, in, "kernel"), CNN_OK);
    const cnn__conv_connections with = {.filters = filters,
                                        .channels = in->c,
                                        .groups = groups > 0 ? groups : 1,
                                        .table = groups > 0 ? NULL : table};
    assert_int_equal(cnn__conv_geometry(&conv, &window, &with, &memory),
                     CNN_OK);
    assert_int_equal(cnn__conv_choose(&choice, &conv, CNN_ALGORITHM_AUTO),
                     CNN_OK);
    cnn__free(memory);
    cnn__free(choice.plan);
    return choice.algorithm;
}

static void auto_takes_what_pays_in_parts(void **state)
{
    static const struct {
        int32_t filters, groups;
        cnn_shape in;
        bool direct;
    } cases[] = {
        {33, 11, {11, 14, 14}, true}, {32, 16, {16, 5, 3}, true},
        {32, 2, {32, 14, 14}, true},  {34, 2, {4, 14, 14}, false},
        {8, 2, {34, 14, 14}, false},  {32, 0, {6, 14, 8}, true},
        {16, 0, {6, 14, 7}, false},   {33, 0, {8, 14, 14}, false},
        {4, 0, {1, 14, 9}, true},     {16, 2, {10, 2, 2}, false},
        {16, 2, {10, 3, 3}, true},    {16, 2, {8, 2, 2}, true},
    };
    const char *name = getenv("CNN_ALGORITHM");
    const bool for_all = name != NULL && strcmp(name, "direct") == 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bool direct =
            (for_all || (name == NULL && cases[i].direct)) && has_direct();

        assert_ptr_equal(
            taken(cases[i].filters, cases[i].groups, &cases[i].in, 3, 3, 1),
            direct ? &cnn__conv_direct : &cnn__conv_im2col);
    }
}

/* Strides, kernels and groups for which there are kernels since; and what they
 * leave to im2col: few filters, few outputs, few taps. */
static void auto_takes_taps_and_depthwise(void **state)
{
    static const struct {
        int32_t filters, groups;
        cnn_shape in;
        int32_t kernel_h, kernel_w, stride;
        const cnn__conv_algorithm *best;
    } cases[] = {
        {16, 1, {16, 14, 14}, 7, 7, 1, &cnn__conv_taps},
        {32, 1, {4, 28, 28}, 5, 5, 1, &cnn__conv_taps},
        {32, 1, {16, 32, 32}, 3, 3, 2, &cnn__conv_taps},
        {32, 1, {16, 32, 32}, 1, 1, 2, &cnn__conv_taps},
        {64, 1, {3, 64, 64}, 7, 7, 2, &cnn__conv_taps},
        {32, 1, {32, 17, 17}, 1, 7, 1, &cnn__conv_taps},
        {96, 2, {64, 14, 14}, 3, 3, 2, &cnn__conv_taps},
        {34, 2, {16, 14, 14}, 3, 3, 1, &cnn__conv_taps},
        {256, 1, {64, 14, 14}, 1, 1, 1, &cnn__conv_taps},
        {64, 1, {256, 14, 14}, 1, 1, 1, &cnn__conv_taps},
        {16, 16, {16, 14, 14}, 3, 3, 1, &cnn__conv_depthwise},
        {17, 17, {17, 9, 30}, 5, 5, 2, &cnn__conv_depthwise},
        {7, 7, {7, 14, 14}, 3, 3, 1, &cnn__conv_direct},
        {32, 1, {16, 14, 14}, 1, 1, 1, &cnn__conv_im2col},
        {128, 1, {128, 14, 14}, 1, 1, 1, &cnn__conv_im2col},
        {48, 1, {64, 14, 14}, 1, 1, 1, &cnn__conv_im2col},
        {64, 1, {64, 13, 14}, 1, 1, 1, &cnn__conv_im2col},
        {256, 1, {256, 14, 14}, 3, 3, 1, &cnn__conv_winograd},
        {512, 1, {512, 7, 7}, 3, 3, 1, &cnn__conv_taps},
        {7, 1, {16, 32, 32}, 3, 3, 2, &cnn__conv_im2col},
        {32, 1, {16, 6, 6}, 3, 3, 2, &cnn__conv_im2col},
        {32, 1, {2, 32, 32}, 3, 3, 2, &cnn__conv_im2col},
        {32, 1, {7, 32, 32}, 1, 1, 2, &cnn__conv_im2col},
    };

    const bool open = getenv("CNN_ALGORITHM") == NULL;

    (void)state;
    for (size_t i = 0; open && i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_ptr_equal(taken(cases[i].filters, cases[i].groups, &cases[i].in,
                               cases[i].kernel_h, cases[i].kernel_w,
                               cases[i].stride),
                         has_direct() || cases[i].best == &cnn__conv_winograd
                             ? cases[i].best
                             : &cnn__conv_im2col);
}

static void algorithms_differ(void **state)
{
    const cnn_shape in = {6, 14, 14};
    size_t n;

    (void)state;
    float *im2col = outcome(16, 5, &in, CNN_ALGORITHM_IM2COL, &n);
    float *other = outcome(16, 5, &in, CNN_ALGORITHM_WINOGRAD, &n);
    assert_int_not_equal(memcmp(im2col, other, n * sizeof(float)), 0);
    test_free(other);
    if (has_direct()) {
        other = outcome(16, 5, &in, CNN_ALGORITHM_DIRECT, &n);
        assert_int_not_equal(memcmp(im2col, other, n * sizeof(float)), 0);
        test_free(other);
    }
    test_free(im2col);
}

static void assert_refuses(int32_t algorithm, int32_t kernel_h,
                           int32_t kernel_w, cnn_conv2d_options o,
                           const char *text)
{
    const cnn_shape in = {2, 9, 9};

    o.struct_size = sizeof(o);
    o.algorithm = algorithm;
    cnn_layer *layer = cnn_conv2d_create(2, kernel_h, kernel_w, &o);
    assert_non_null(layer);
    assert_failed(cnn_layer_build(layer, &in, 1, 1), CNN_EUNSUPPORTED, text);
    cnn_layer_free(layer);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    for (int32_t algorithm = CNN_ALGORITHM_WINOGRAD;
         algorithm <= CNN_ALGORITHM_DIRECT; algorithm++) {
        const cnn_conv2d_options none = {0}, stride = {.stride_w = 2},
                                 dilation = {.dilation_h = 3};

        assert_refuses(algorithm, 5, 3, none, "not for 5x3");
        assert_refuses(algorithm, 7, 7, none, "not for 7x7");
        assert_refuses(algorithm, 3, 3, stride, "stride 1x2");
        assert_refuses(algorithm, 3, 3, dilation, "dilation 3x1");
    }
}

/* What only Winograd's method asks for. */
static void winograd_refuses_what_does_not_fit(void **state)
{
    const uint8_t table[] = {1, 0, 0, 1};
    const cnn_conv2d_options groups = {.groups = 2};
    cnn_layer *layer = conv_same(2, 3, CNN_ALGORITHM_WINOGRAD);

    (void)state;
    assert_refuses(CNN_ALGORITHM_WINOGRAD, 3, 3, groups, "2 groups");
    assert_int_equal(cnn_conv2d_set_table(layer, 2, 2, table), CNN_OK);
    assert_failed(cnn_layer_build(layer, &(cnn_shape){2, 9, 9}, 1, 1),
                  CNN_EUNSUPPORTED, "2 tables");
    cnn_layer_free(layer);
}

/* What only direct kernels ask for: less padding than kernel on each side, and
 * two rows of inputs and of outputs. */
static void direct_refuses_what_does_not_fit(void **state)
{
    static const struct {
        int32_t top, bottom, left, right;
        cnn_shape in;
    } cases[] = {
        {3, 0, 0, 0, {2, 9, 9}}, {0, 3, 0, 0, {2, 9, 9}},
        {0, 0, 3, 0, {2, 9, 9}}, {0, 0, 0, 3, {2, 9, 9}},
        {2, 2, 1, 1, {2, 1, 9}}, {1, 1, 1, 1, {2, 1, 9}},
        {0, 0, 1, 1, {2, 3, 9}},
    };
    const cnn_shape in = {2, 9, 9};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                      .padding = CNN_PAD_EXPLICIT,
                                      .pad_top = cases[i].top,
                                      .pad_bottom = cases[i].bottom,
                                      .pad_left = cases[i].left,
                                      .pad_right = cases[i].right,
                                      .algorithm = CNN_ALGORITHM_DIRECT};
        cnn_layer *layer = cnn_conv2d_create(2, 3, 3, &o);

        assert_failed(cnn_layer_build(layer, &cases[i].in, 1, 1),
                      CNN_EUNSUPPORTED,
                      "less padding than kernel, 2 rows and more");
        cnn_layer_free(layer);
    }
    cnn_layer *layer = conv_same(2, 3, CNN_ALGORITHM_DIRECT);
    if (has_direct())
        assert_int_equal(cnn_layer_build(layer, &in, 1, 1), CNN_OK);
    else
        assert_failed(cnn_layer_build(layer, &in, 1, 1), CNN_EUNSUPPORTED,
                      "instruction set baseline");
    cnn_layer_free(layer);
}

static void refuses_unknown_ones(void **state)
{
    (void)state;
    assert_null(conv_same(2, 3, 4));
    assert_error(CNN_EINVAL, "algorithm 4, expected 0 to 3");
    assert_null(conv_same(2, 3, -1));
    assert_error(CNN_EINVAL, "algorithm -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_takes_what_pays),
        cmocka_unit_test(auto_takes_what_pays_in_parts),
        cmocka_unit_test(auto_takes_taps_and_depthwise),
        cmocka_unit_test(algorithms_differ),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(winograd_refuses_what_does_not_fit),
        cmocka_unit_test(direct_refuses_what_does_not_fit),
        cmocka_unit_test(refuses_unknown_ones),
    };

    return cmocka_run_group_tests_name("choice of conv2d", tests, NULL, NULL);
}
