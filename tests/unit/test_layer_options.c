/* Settings of conv2d and of the pools that are not possible, and what their
 * errors say; what the defaults are. */
#include <stdbool.h>

#include <math.h>

#include "support/near.h"

/* One setting that is wrong, and the text about it. */
typedef struct wrong_conv {
    int32_t filters, kernel_h, kernel_w;
    cnn_conv2d_options o;
    const char *text;
} wrong_conv;

static const wrong_conv convs[] = {
    {0, 3, 3, {0}, "filters 0, expected at least 1"},
    {-1, 3, 3, {0}, "filters -1, expected at least 1"},
    {4, 0, 3, {0}, "kernel 0x3, expected at least 1x1"},
    {4, 3, -2, {0}, "kernel 3x-2, expected at least 1x1"},
    {4, 3, 3, {.stride_h = -1}, "stride -1x1, expected at least 1x1"},
    {4, 3, 3, {.stride_w = -1}, "stride 1x-1, expected at least 1x1"},
    {4, 3, 3, {.dilation_h = -1}, "dilation -1x1, expected at least 1x1"},
    {4, 3, 3, {.dilation_w = -7}, "dilation 1x-7, expected at least 1x1"},
    {4, 3, 3, {.groups = 3}, "groups 3, expected a divisor of the 4 filters"},
    {4, 3, 3, {.groups = 8}, "groups 8, expected a divisor of the 4 filters"},
    {4, 3, 3, {.groups = -2}, "groups -2, expected a divisor"},
    {4, 3, 3, {.padding = 4}, "padding 4, expected 0 to 3"},
    {4, 3, 3, {.padding = -1}, "padding -1, expected 0 to 3"},
    {4, 3, 3, {.pad_top = 1}, "padding of 1, 0, 0, 0 with VALID padding"},
    {4, 3, 3, {.padding = 1, .pad_right = 2}, "0, 0, 0, 2 with SAME padding"},
    {4, 3, 3, {.padding = 2, .pad_left = 2}, "with SAME_LOWER padding"},
    {4, 3, 3, {.padding = 3, .pad_bottom = -1}, "padding of 0, -1, 0, 0"},
    {4, 3, 3, {.flags = 2}, "unknown flags 0x2, expected 0 or 0x1"},
    {4, 3, 3, {.weight_init = 8}, "weight init 8, expected 0 to 7"},
    {4, 3, 3, {.bias_init = -1}, "bias init -1, expected 0 to 7"},
    {4, 3, 3, {.weight_scale = NAN}, "weight scale nan"},
    {4, 3, 3, {.bias_init = 3, .bias_scale = -1}, "bias scale -1"},
    {4, 3, 3, {.weight_init = 2}, "weight scale 0 with init 2, expected above"},
    {4, 3, 3, {.weight_init = 3}, "weight scale 0 with init 3, expected above"},
    {4, 3, 3, {.bias_init = 4}, "bias scale 0 with init 4, expected above 0"},
    {4, 3, 3, {.weight_scale = 0.5f}, "weight scale 0.5 with init 0, which"},
    {4, 3, 3, {.bias_scale = 0.5f}, "bias scale 0.5 with init 0, which takes"},
    {4, 3, 3, {.weight_init = 5, .weight_scale = 1}, "scale 1 with init 5"},
    {4, 3, 3, {.weight_init = 6, .weight_scale = 1}, "scale 1 with init 6"},
    {4, 3, 3, {.bias_init = 7, .bias_scale = 2}, "bias scale 2 with init 7"},
    {4,
     3,
     3,
     {.flags = 1, .bias_init = 6},
     "bias init 6 with CNN_NO_BIAS, expected 0"},
};

static void conv2d_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(convs) / sizeof(convs[0]); i++) {
        cnn_conv2d_options o = convs[i].o;

        o.struct_size = sizeof(o);
        assert_null(cnn_conv2d_create(convs[i].filters, convs[i].kernel_h,
                                      convs[i].kernel_w, &o));
        assert_error(CNN_EINVAL, convs[i].text);
        assert_error(CNN_EINVAL, "conv2d: ");
    }
}

/* What has weights to draw takes a scale that says something, or none. */
static void dense_refuses_scales(void **state)
{
    cnn_dense_options o = {.struct_size = sizeof(o)};

    (void)state;
    for (int32_t init = CNN_INIT_DEFAULT; init <= CNN_INIT_LECUN; init++)
        for (int scaled = 0; scaled < 2; scaled++) {
            const bool random = init == CNN_INIT_TRUNCATED_NORMAL ||
                                init == CNN_INIT_NORMAL ||
                                init == CNN_INIT_UNIFORM;
            const bool good = init == CNN_INIT_CONSTANT || random == scaled;

            for (int bias = 0; bias < 2; bias++) {
                o.weight_init = bias ? 0 : init;
                o.bias_init = bias ? init : 0;
                o.weight_scale = bias || !scaled ? 0.0f : 0.5f;
                o.bias_scale = bias && scaled ? 0.5f : 0.0f;
                cnn_layer *layer = cnn_dense_create(3, &o);
                assert_true((layer != NULL) == good);
                if (!good)
                    assert_error(CNN_EINVAL, bias ? "dense: bias scale "
                                                  : "dense: weight scale ");
                cnn_layer_free(layer);
            }
        }
}

static void conv2d_refuses_inputs(void **state)
{
    const cnn_conv2d_options groups = {.struct_size = sizeof(groups),
                                       .groups = 2};
    cnn_layer *grouped = cnn_conv2d_create(4, 3, 3, &groups);
    cnn_layer *layer = cnn_conv2d_create(4, 7, 5, NULL);

    (void)state;
    assert_failed(cnn_layer_build(grouped, &(cnn_shape){3, 5, 5}, 1, 1),
                  CNN_ESHAPE, "3 channels cannot be cut into 2 groups");
    assert_failed(cnn_layer_build(layer, &(cnn_shape){3, 4, 6}, 1, 1),
                  CNN_ESHAPE,
                  "kernel 7x5 does not fit input 4x6 with VALID padding");
    /* After a failure the layer is as it was. */
    assert_int_equal(cnn_layer_param_count(layer), 0);
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){3, 7, 6}, 1, 1),
                     CNN_OK);
    assert_int_equal(cnn_layer_param_count(layer), 4 * 3 * 35 + 4);
    cnn_layer_free(grouped);
    cnn_layer_free(layer);
}

/* Zeros are the defaults: the same as no options at all. */
static void conv2d_defaults(void **state)
{
    const cnn_conv2d_options zeros = {.struct_size = sizeof(zeros)};
    const cnn_conv2d_options full = {.struct_size = sizeof(full),
                                     .stride_h = 1,
                                     .stride_w = 1,
                                     .dilation_h = 1,
                                     .dilation_w = 1,
                                     .groups = 1,
                                     .padding = CNN_PAD_VALID,
                                     .weight_init = CNN_INIT_GLOROT_UNIFORM};
    const cnn_conv2d_options *const all[] = {NULL, &zeros, &full};
    float first[2 * 3 * 2 + 2];

    (void)state;
    for (int i = 0; i < 3; i++) {
        cnn_layer *layer = cnn_conv2d_create(2, 3, 2, all[i]);
        cnn_shape out;

        assert_int_equal(cnn_layer_build(layer, &(cnn_shape){1, 5, 5}, 1, 9),
                         CNN_OK);
        assert_int_equal(cnn_layer_out_shape(layer, &out), CNN_OK);
        assert_true(out.c == 2 && out.h == 3 && out.w == 4);
        for (int k = 0; k < 14 && i == 0; k++)
            first[k] = cnn_layer_params(layer)[k];
        assert_same_bits(cnn_layer_params(layer), first, 14);
        cnn_layer_free(layer);
    }
}

/* ------------------------------------------------------------- pools --- */

typedef struct wrong_pool {
    int32_t window_h, window_w;
    cnn_pool2d_options o;
    const char *text;
} wrong_pool;

static const wrong_pool pools[] = {
    {0, 2, {0}, "window 0x2, expected at least 1x1"},
    {2, -1, {0}, "window 2x-1, expected at least 1x1"},
    {2, 2, {.stride_h = -1}, "stride -1x2, expected at least 1x1"},
    {2, 2, {.stride_w = -3}, "stride 2x-3, expected at least 1x1"},
    {2, 2, {.flags = 1}, "unknown flags 0x1, expected 0"},
    {2, 2, {.padding = 9}, "padding 9, expected 0 to 3"},
    {2, 2, {.padding = 1, .pad_top = 1}, "with SAME padding"},
    {2, 3, {.padding = 3, .pad_top = 2}, "2, 0, 0, 0 is not smaller than the"},
    {2, 3, {.padding = 3, .pad_bottom = 2}, "0, 2, 0, 0 is not smaller"},
    {2, 3, {.padding = 3, .pad_left = 3}, "not smaller than the window 2x3"},
    {2, 3, {.padding = 3, .pad_right = 4}, "0, 0, 0, 4 is not smaller"},
    {2, 2, {.count_include_pad = 2}, "count_include_pad 2, expected 0 or 1"},
    {2, 2, {.count_include_pad = -1}, "count_include_pad -1, expected 0 or 1"},
};

static void pools_refuse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
        cnn_pool2d_options o = pools[i].o;

        o.struct_size = sizeof(o);
        assert_null(
            cnn_maxpool2d_create(pools[i].window_h, pools[i].window_w, &o));
        assert_error(CNN_EINVAL, pools[i].text);
        assert_error(CNN_EINVAL, "maxpool2d: ");
        assert_null(
            cnn_avgpool2d_create(pools[i].window_h, pools[i].window_w, &o));
        assert_error(CNN_EINVAL, pools[i].text);
        assert_error(CNN_EINVAL, "avgpool2d: ");
        assert_null(
            cnn_subsample2d_create(pools[i].window_h, pools[i].window_w, &o));
        assert_error(CNN_EINVAL, pools[i].text);
        assert_error(CNN_EINVAL, "subsample2d: ");
    }
}

static void pools_refuse_inputs(void **state)
{
    cnn_layer *layer = cnn_maxpool2d_create(3, 2, NULL);

    (void)state;
    assert_failed(cnn_layer_build(layer, &(cnn_shape){1, 2, 5}, 1, 1),
                  CNN_ESHAPE,
                  "window 3x2 does not fit input 2x5 with VALID padding");
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){1, 3, 5}, 1, 1),
                     CNN_OK);
    cnn_layer_free(layer);
}

/* The stride is the window unless it is set, in each direction. */
static void pool_strides(void **state)
{
    const cnn_pool2d_options one = {.struct_size = sizeof(one), .stride_w = 1};
    const cnn_pool2d_options *const all[] = {NULL, &one};
    const int32_t widths[] = {4, 7};

    (void)state;
    for (int i = 0; i < 2; i++) {
        cnn_layer *layer = cnn_avgpool2d_create(3, 2, all[i]);
        cnn_shape out;

        assert_int_equal(cnn_layer_build(layer, &(cnn_shape){6, 9, 8}, 1, 9),
                         CNN_OK);
        assert_int_equal(cnn_layer_out_shape(layer, &out), CNN_OK);
        assert_true(out.c == 6 && out.h == 3);
        assert_int_equal(out.w, widths[i]);
        cnn_layer_free(layer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv2d_refuses),
        cmocka_unit_test(dense_refuses_scales),
        cmocka_unit_test(conv2d_refuses_inputs),
        cmocka_unit_test(conv2d_defaults),
        cmocka_unit_test(pools_refuse),
        cmocka_unit_test(pools_refuse_inputs),
        cmocka_unit_test(pool_strides),
    };

    return cmocka_run_group_tests_name("layer options", tests, NULL, NULL);
}
