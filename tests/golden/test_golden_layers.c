/* Forward and backward passes of layers against PyTorch. */
#include <stdio.h>

#include "layers/layer_impl.h"
#include "support/golden.h"
#include "support/nets.h"

/* All inputs, parameters and dy are below 1 (below 4 in front of activations),
 * and no result is a sum of more than 64 products of them. In float such a sum
 * is off by at most 64 u times the sum of the absolute products, which for
 * uniform numbers is about 64 / 4: with u = 2^-24, 6e-5 at the very worst, if
 * each rounding went the same way, and some sqrt(64) less in practice. */
#define ABSOLUTE 8e-6
#define RELATIVE 8e-6

/* Builds the layer for the item's input, runs it both ways, compares; then, if
 * it has running statistics, those, and what it predicts from them. */
static void compare(golden *g, const char *item, cnn_layer *layer)
{
    int32_t in[4]; /* N C H W */
    cnn_shape out;

    assert_non_null(layer);
    golden_integers(g, item, "in", in, 4);
    assert_int_equal(
        cnn_layer_build(layer, &(cnn_shape){in[1], in[2], in[3]}, in[0], 1),
        CNN_OK);
    cnn_layer_out_shape(layer, &out);
    const size_t X = (size_t)in[0] * (size_t)(in[1] * in[2] * in[3]);
    const size_t Y = (size_t)in[0] * (size_t)(out.c * out.h * out.w);
    const size_t P = cnn_layer_param_count(layer);
    const float *x = golden_floats(g, item, "x", X);
    const float *dy = golden_floats(g, item, "dy", Y);
    float *y = test_malloc(Y * sizeof(*y)), *dx = test_malloc(X * sizeof(*dx));

    assert_int_equal(golden_count(g, item, "params"), P);
    for (size_t i = 0; i < P; i++)
        cnn_layer_params(layer)[i] = golden_floats(g, item, "params", P)[i];
    assert_int_equal(cnn_layer_forward(layer, CNN_TRAIN, in[0], x, y), CNN_OK);
    assert_near(y, golden_floats(g, item, "y", Y), Y, ABSOLUTE, RELATIVE);
    assert_int_equal(cnn_layer_backward(layer, in[0], x, y, dy, dx), CNN_OK);
    assert_near(dx, golden_floats(g, item, "dx", X), X, ABSOLUTE, RELATIVE);
    if (P > 0)
        assert_near(cnn_layer_grads(layer), golden_floats(g, item, "grads", P),
                    P, ABSOLUTE, RELATIVE);
    if (layer->params.fixed_count > 0) {
        const size_t R = layer->params.fixed_count;

        assert_near(layer->params.fixed, golden_floats(g, item, "running", R),
                    R, ABSOLUTE, RELATIVE);
        assert_int_equal(cnn_layer_forward(layer, 0, in[0], x, y), CNN_OK);
        assert_near(y, golden_floats(g, item, "later", Y), Y, ABSOLUTE,
                    RELATIVE);
    }
    test_free(y);
    test_free(dx);
    cnn_layer_free(layer);
}

/* Makes a layer from the item's "config". */
typedef cnn_layer *(*create_fn)(golden *g, const char *item);

/* All items "<kind>.0", "<kind>.1", ... of the file, of which there are
 * `count`. */
static void compare_all(const char *kind, int count, create_fn create)
{
    golden *g = golden_open("layers.bin");
    char item[32];

    for (int i = 0; i < count; i++) {
        snprintf(item, sizeof(item), "%s.%d", kind, i);
        print_message("    %s\n", item);
        compare(g, item, create(g, item));
    }
    snprintf(item, sizeof(item), "%s.%d", kind, count);
    assert_int_equal(golden_count(g, item, "in"), 0);
    golden_close(g);
}

static cnn_layer *create_conv2d(golden *g, const char *item)
{
    int32_t c[13];

    golden_integers(g, item, "config", c, 13);
    return cnn_conv2d_create(
        c[0], c[1], c[2],
        &(cnn_conv2d_options){.struct_size = sizeof(cnn_conv2d_options),
                              .flags = c[12] != 0 ? CNN_NO_BIAS : 0,
                              .stride_h = c[3],
                              .stride_w = c[4],
                              .dilation_h = c[5],
                              .dilation_w = c[6],
                              .groups = c[7],
                              .padding = CNN_PAD_EXPLICIT,
                              .pad_top = c[8],
                              .pad_bottom = c[9],
                              .pad_left = c[10],
                              .pad_right = c[11]});
}

static void conv2d(void **state)
{
    (void)state;
    compare_all("conv2d", 9, create_conv2d);
}

static cnn_layer *create_conv2d_transpose(golden *g, const char *item)
{
    int32_t c[15];

    golden_integers(g, item, "config", c, 15);
    return cnn_conv2d_transpose_create(
        c[0], c[1], c[2],
        &(cnn_conv2d_transpose_options){
            .struct_size = sizeof(cnn_conv2d_transpose_options),
            .flags = c[14] != 0 ? CNN_NO_BIAS : 0,
            .stride_h = c[3],
            .stride_w = c[4],
            .dilation_h = c[5],
            .dilation_w = c[6],
            .groups = c[7],
            .padding = CNN_PAD_EXPLICIT,
            .pad_top = c[8],
            .pad_bottom = c[9],
            .pad_left = c[10],
            .pad_right = c[11],
            .output_padding_h = c[12],
            .output_padding_w = c[13]});
}

static void conv2d_transpose(void **state)
{
    (void)state;
    compare_all("conv2d_transpose", 6, create_conv2d_transpose);
}

static cnn_layer *create_layernorm(golden *g, const char *item)
{
    const float *c = golden_floats(g, item, "config", 2);

    return cnn_layernorm_create(
        &(cnn_layernorm_options){.struct_size = sizeof(cnn_layernorm_options),
                                 .epsilon = c[0],
                                 .groups = (int32_t)c[1]});
}

static void layernorm(void **state)
{
    (void)state;
    compare_all("layernorm", 5, create_layernorm);
}

static cnn_layer *create_pool2d(golden *g, const char *item)
{
    int32_t c[10];

    golden_integers(g, item, "config", c, 10);
    const cnn_pool2d_options o = {
        .struct_size = sizeof(o),
        .stride_h = c[3],
        .stride_w = c[4],
        .padding = CNN_PAD_EXPLICIT,
        .pad_top = c[5],
        .pad_bottom = c[6],
        .pad_left = c[7],
        .pad_right = c[8],
        .count_include_pad = c[9],
    };

    return c[0] != 0 ? cnn_avgpool2d_create(c[1], c[2], &o)
                     : cnn_maxpool2d_create(c[1], c[2], &o);
}

static void pool2d(void **state)
{
    (void)state;
    compare_all("pool2d", 9, create_pool2d);
}

static cnn_layer *create_dense(golden *g, const char *item)
{
    int32_t c[2];

    golden_integers(g, item, "config", c, 2);
    return cnn_dense_create(
        c[0], &(cnn_dense_options){.struct_size = sizeof(cnn_dense_options),
                                   .flags = c[1] != 0 ? CNN_NO_BIAS : 0});
}

static void dense(void **state)
{
    (void)state;
    compare_all("dense", 3, create_dense);
}

static cnn_layer *create_activation(golden *g, const char *item)
{
    const float *c = golden_floats(g, item, "config", 2);

    if (c[0] < 0.0f)
        return cnn_softmax_create();
    return cnn_activation_create(
        (int32_t)c[0],
        &(cnn_activation_options){.struct_size = sizeof(cnn_activation_options),
                                  .alpha = c[1]});
}

static void activation(void **state)
{
    (void)state;
    compare_all("activation", 9, create_activation);
}

static cnn_layer *create_batchnorm(golden *g, const char *item)
{
    const float *c = golden_floats(g, item, "config", 2);

    return cnn_batchnorm_create(
        &(cnn_batchnorm_options){.struct_size = sizeof(cnn_batchnorm_options),
                                 .epsilon = c[0],
                                 .momentum = c[1]});
}

static void batchnorm(void **state)
{
    (void)state;
    compare_all("batchnorm", 4, create_batchnorm);
}

static cnn_layer *create_subsample2d(golden *g, const char *item)
{
    int32_t c[2];

    golden_integers(g, item, "config", c, 2);
    return cnn_subsample2d_create(c[0], c[1], NULL);
}

static void subsample2d(void **state)
{
    (void)state;
    compare_all("subsample2d", 2, create_subsample2d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv2d),    cmocka_unit_test(conv2d_transpose),
        cmocka_unit_test(layernorm), cmocka_unit_test(pool2d),
        cmocka_unit_test(dense),     cmocka_unit_test(activation),
        cmocka_unit_test(batchnorm), cmocka_unit_test(subsample2d),
    };

    return cmocka_run_group_tests_name("golden layers", tests, NULL, NULL);
}
