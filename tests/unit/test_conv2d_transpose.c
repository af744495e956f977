/* Transposed convolution. golden/test_golden_layers.c compares it with PyTorch.
 */
#include <math.h>
#include <string.h>

#include "support/conv_case.h"
#include "support/draw.h"
#include "support/gradcheck.h"

#define TRANSPOSE(filters, kernel, ...)  \
    cnn_conv2d_transpose_create(         \
        filters, kernel, kernel,         \
        &(cnn_conv2d_transpose_options){ \
            .struct_size = sizeof(cnn_conv2d_transpose_options), __VA_ARGS__})

/* Every kind of case that an algorithm of its own computes. */
static const unsigned kinds[] = {
    0,
    CONV_GROUPS,
    CONV_WINOGRAD,
    CONV_DIRECT,
    CONV_DIRECT | CONV_GROUPS,
    CONV_POINTS,
    CONV_WHOLE,
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void draw(conv_case *c, unsigned more, uint64_t seed)
{
    conv_case_draw(c, kinds[seed % KINDS] | more, seed);
}

/* Two pixels, 1 and 10, each with the kernel (1 2; 3 4) at its place, one or
 * two columns further, and the bias 100. */
static void by_hand(void **state)
{
    const float params[] = {1, 2, 3, 4, 100};
    const float y[2][8] = {{101, 112, 120, 103, 134, 140},
                           {101, 102, 110, 120, 103, 104, 130, 140}};
    const float dy[] = {1, 0, 2, 0, 0, 0, 0, 1};
    /* At stride 1: dy is (1 0 2; 0 0 0). */
    const float dx[2][2] = {{1, 4}, {1, 2 + 4}};
    const float grads[2][5] = {{1, 20, 0, 0, 3}, {1 + 20, 0, 0, 10, 4}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        rig r;

        rig_open(&r, TRANSPOSE(1, 2, .stride_w = 1 + i), &(cnn_shape){1, 1, 2},
                 1);
        assert_string_equal(cnn_layer_kind(r.layer), "conv2d_transpose");
        assert_int_equal(r.P, 5);
        assert_int_equal(r.out.h, 2);
        assert_int_equal(r.out.w, 3 + i);
        r.x[0] = 1;
        r.x[1] = 10;
        memcpy(r.dy, dy, r.Y * sizeof(float));
        memcpy(cnn_layer_params(r.layer), params, sizeof(params));
        rig_forward(&r);
        assert_same_bits(r.y, y[i], r.Y);
        rig_backward(&r);
        assert_same_bits(r.dx, dx[i], 2);
        assert_same_bits(cnn_layer_grads(r.layer), grads[i], 5);
        rig_close(&r);
    }
}

/* As for convolutions: a sum of n products is off by n 2^-24, with 8 for bad
 * luck; Winograd's algorithm is allowed ten times as much. */
static double tolerance(const conv_case *c, size_t terms)
{
    const bool winograd = c->options.algorithm == CNN_ALGORITHM_WINOGRAD;

    return (winograd ? 80.0 : 8.0) * (double)terms * 0x1p-24;
}

static void equals_naive(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 350; seed++) {
        conv_wanted want;
        conv_case c;
        rig r;

        draw(&c, 0, seed);
        const size_t weights = naive_w_size(&c.naive);
        conv_case_open_adjoint(&c, &r);
        rig_fill_uniform(&r, seed);
        conv_case_want_adjoint(&c, &r, &want);
        rig_forward(&r);
        assert_near(r.y, want.y, r.Y,
                    tolerance(&c, weights / (size_t)c.naive.C + 1), 0);
        rig_backward(&r);
        assert_near(r.dx, want.dx, r.X,
                    tolerance(&c, weights / (size_t)c.naive.F), 0);
        assert_near(
            cnn_layer_grads(r.layer), want.dp, r.P,
            tolerance(&c, r.X / (size_t)c.naive.F + r.Y / (size_t)c.naive.C),
            0);
        conv_wanted_free(&want);
        rig_close(&r);
    }
}

/* All but Winograd's algorithm add up whole numbers exactly. */
static void exact_on_integers(void **state)
{
    (void)state;
    for (uint64_t seed = 1000; seed < 1280; seed++) {
        conv_wanted want;
        conv_case c;
        rig r;

        draw(&c, 0, seed);
        if (c.options.algorithm == CNN_ALGORITHM_WINOGRAD)
            c.options.algorithm = CNN_ALGORITHM_IM2COL;
        conv_case_open_adjoint(&c, &r);
        rig_fill_integers(&r, 4, seed);
        conv_case_want_adjoint(&c, &r, &want);
        conv_case_assert_wanted(&c, &r, &want);
        conv_wanted_free(&want);
        rig_close(&r);
    }
}

/* <conv(x), u> = <x, transposed(u)>, of the layers themselves, with the same
 * weights. */
static void is_the_adjoint(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 140; seed++) {
        double forth = 0.0, back = 0.0;
        conv_case c;
        rig conv, t;

        draw(&c, 0, seed);
        c.options.flags = CNN_NO_BIAS;
        c.options.algorithm = CNN_ALGORITHM_IM2COL;
        conv_case_open(&c, &conv);
        conv_case_open_adjoint(&c, &t);
        assert_int_equal(t.P, conv.P);
        rig_fill_integers(&conv, 4, seed);
        rig_fill_integers(&t, 4, seed + 1);
        memcpy(cnn_layer_params(t.layer), cnn_layer_params(conv.layer),
               t.P * sizeof(float));
        rig_forward(&conv);
        rig_forward(&t);
        for (size_t i = 0; i < t.X; i++)
            forth += (double)conv.y[i] * (double)t.x[i];
        for (size_t i = 0; i < t.Y; i++)
            back += (double)conv.x[i] * (double)t.y[i];
        assert_true(forth == back);
        rig_close(&conv);
        rig_close(&t);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        conv_case c;
        rig r;

        draw(&c, CONV_SMALL, seed);
        if (c.options.algorithm == CNN_ALGORITHM_WINOGRAD)
            continue; /* its rounding is held against loops above */
        conv_case_open_adjoint(&c, &r);
        gradcheck_fill(&r, seed);
        gradcheck(&r, conv_case_adjoint_biases(&c), c.what);
        rig_close(&r);
    }
}

/* Fractions, over many samples: the order of every sum is the same with any
 * number of threads. Frozen, nothing is different. */
static void same_bits_however_it_is_run(void **state)
{
    const int32_t algorithms[] = {CNN_ALGORITHM_AUTO, CNN_ALGORITHM_IM2COL,
                                  CNN_ALGORITHM_WINOGRAD, CNN_ALGORITHM_DIRECT};

    (void)state;
    for (int32_t i = 0; i < 8; i++) {
        const cnn_shape in = {i < 4 ? 16 : 5, 13, 14};
        rig r;

        rig_open(&r,
                 TRANSPOSE(i < 4 ? 12 : 3, 3, .algorithm = algorithms[i % 4]),
                 &in, 37);
        rig_fill_uniform(&r, 3);
        rig_assert_threads_agree(&r);
        rig_assert_dx_is_optional(&r);
        rig_assert_gradients_add(&r);
        rig_assert_frozen_alike(&r);
        rig_close(&r);
    }
}

/* One pass of a batch is that of its samples. */
static void partial_batches(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, TRANSPOSE(4, 3, .stride_h = 2, .stride_w = 2),
             &(cnn_shape){6, 5, 4}, 40);
    rig_fill_integers(&r, 4, 1);
    rig_forward(&r);
    for (int32_t n = 0, size = 1; n < 40; n += size, size = 13) {
        const size_t x = (size_t)n * 120, one = r.Y / 40;
        float *some = new_floats((size_t)size * one);

        assert_int_equal(cnn_layer_forward(r.layer, 0, size, r.x + x, some),
                         CNN_OK);
        assert_same_bits(some, r.y + (size_t)n * one, (size_t)size * one);
        test_free(some);
    }
    rig_close(&r);
}

/* All that is random in a layer comes from the seed; half-widths of LeCun are
 * 2.4 / fan-in, which with stride 2 is 6 channels in 3 groups times 2 x 2 of
 * the 4 x 3 of a kernel. */
static void initial_values(void **state)
{
    const float half = 2.4f / (2 * 2 * 2);
    float largest = 0.0f;
    rig r;

    (void)state;
    rig_open(&r,
             cnn_conv2d_transpose_create(
                 30, 4, 3,
                 &(cnn_conv2d_transpose_options){
                     .struct_size = sizeof(cnn_conv2d_transpose_options),
                     .stride_h = 2,
                     .stride_w = 2,
                     .groups = 3,
                     .weight_init = CNN_INIT_LECUN,
                     .bias_init = CNN_INIT_CONSTANT,
                     .bias_scale = 0.5f}),
             &(cnn_shape){6, 2, 2}, 1);
    assert_int_equal(r.P, 6 * 10 * 12 + 30);
    const float *params = cnn_layer_params(r.layer);
    for (size_t i = 0; i < 720; i++)
        largest = fmaxf(largest, fabsf(params[i]));
    assert_true(largest <= half && largest > 0.98f * half);
    for (size_t i = 720; i < r.P; i++)
        assert_true(params[i] == 0.5f);
    rig_close(&r);
}

static cnn_status build_for(cnn_layer *layer, int32_t c, int32_t h, int32_t w)
{
    const cnn_status status =
        cnn_layer_build(layer, &(cnn_shape){c, h, w}, 1, 1);

    cnn_layer_free(layer);
    return status;
}

static void sizes(void **state)
{
    const struct {
        cnn_layer *layer;
        int32_t h, w;
    } cases[] = {
        {TRANSPOSE(1, 3, .padding = CNN_PAD_SAME, .stride_h = 2, .stride_w = 3),
         10, 12},
        {TRANSPOSE(1, 1, .padding = CNN_PAD_SAME_LOWER, .stride_h = 4), 20, 4},
        {TRANSPOSE(1, 3, .stride_h = 2, .stride_w = 3), 11, 12},
        {TRANSPOSE(1, 3, .dilation_h = 2, .dilation_w = 4), 9, 12},
        {TRANSPOSE(1, 3, .stride_h = 2, .stride_w = 3, .output_padding_h = 1,
                   .output_padding_w = 2),
         12, 14},
        {TRANSPOSE(1, 3, .padding = CNN_PAD_EXPLICIT, .pad_top = 1,
                   .pad_bottom = 2, .pad_left = 3),
         4, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig r;

        rig_open(&r, cases[i].layer, &(cnn_shape){2, 5, 4}, 1);
        assert_int_equal(r.out.h, cases[i].h);
        assert_int_equal(r.out.w, cases[i].w);
        rig_close(&r);
    }
}

static void errors(void **state)
{
    (void)state;
    assert_null(cnn_conv2d_transpose_create(0, 3, 3, NULL));
    assert_error(CNN_EINVAL,
                 "conv2d_transpose: filters 0, expected at least 1");
    assert_null(cnn_conv2d_transpose_create(1, 3, 0, NULL));
    assert_error(CNN_EINVAL, "kernel 3x0, expected at least 1x1");
    assert_null(TRANSPOSE(5, 3, .groups = 2));
    assert_error(CNN_EINVAL, "groups 2, expected a divisor of the 5 filters");
    assert_null(TRANSPOSE(1, 3, .flags = 2));
    assert_error(CNN_EINVAL, "unknown flags 0x2, expected 0 or 0x1");
    assert_null(TRANSPOSE(1, 3, .stride_h = 2, .output_padding_h = 2));
    assert_error(CNN_EINVAL, "output padding 2x0, expected at least 0 and less "
                             "than the stride 2x1");
    assert_null(TRANSPOSE(1, 3, .output_padding_w = -1));
    assert_error(CNN_EINVAL, "output padding 0x-1, expected at least 0");
    assert_null(TRANSPOSE(1, 3, .stride_h = 2, .output_padding_h = 1,
                          .padding = CNN_PAD_SAME));
    assert_error(CNN_EINVAL, "output padding 1x0 with SAME padding, expected "
                             "VALID or EXPLICIT");
    assert_failed(build_for(TRANSPOSE(2, 3, .groups = 2), 3, 4, 4), CNN_ESHAPE,
                  "3 channels cannot be cut into 2 groups");
    assert_failed(build_for(TRANSPOSE(2, 3, .padding = CNN_PAD_EXPLICIT,
                                      .pad_top = 4, .pad_bottom = 2),
                            3, 4, 4),
                  CNN_ESHAPE,
                  "4 + 2 zeros of padding leave nothing of the 6 that a kernel "
                  "of 3 makes of 4");
    assert_failed(build_for(TRANSPOSE(2, 3, .stride_h = 2,
                                      .algorithm = CNN_ALGORITHM_WINOGRAD),
                            3, 4, 4),
                  CNN_EUNSUPPORTED, "not for 3x3, stride 2x1");
}

/* Sizes that overflow are refused before anything is planned for them. */
static void extreme_sizes(void **state)
{
    (void)state;
    assert_failed(build_for(TRANSPOSE(1, 1, .stride_h = INT32_MAX), 1, 3, 1),
                  CNN_EOVERFLOW, "is longer than 2147483647");
    assert_failed(build_for(TRANSPOSE(1, 1, .stride_h = INT32_MAX,
                                      .padding = CNN_PAD_SAME),
                            1, 2, 1),
                  CNN_EOVERFLOW, "an output of 4294967294 is longer");
    assert_failed(
        build_for(TRANSPOSE(4, 1, .stride_h = 1 << 20, .stride_w = 1 << 20), 1,
                  2, 2),
        CNN_EOVERFLOW, "output 4x1048577x1048577 has more than");
    assert_failed(build_for(TRANSPOSE(INT32_MAX, 1, .flags = 0), 2, 1, 1),
                  CNN_EOVERFLOW, "kernels");
    assert_failed(build_for(TRANSPOSE(1, INT32_MAX, .padding = CNN_PAD_EXPLICIT,
                                      .pad_top = INT32_MAX),
                            1, 1, 1),
                  CNN_ESHAPE, "leave nothing of the");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(exact_on_integers),
        cmocka_unit_test(is_the_adjoint),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(partial_batches),
        cmocka_unit_test(initial_values),
        cmocka_unit_test(sizes),
        cmocka_unit_test(errors),
        cmocka_unit_test(extreme_sizes),
    };

    return cmocka_run_group_tests_name("conv2d transpose", tests, NULL, NULL);
}
