/* Looking at layers: through const, at their settings, at those of a loaded
 * net.
 */
#include <stdlib.h>
#include <string.h>

#include "support/near.h"

/* A convolution, then a dense layer, of 4 x 6 pixels. */
static cnn_net *small_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(3, 2, 2, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_dense_create(5, NULL));
    return net;
}

static void build(cnn_net *net)
{
    assert_int_equal(cnn_net_build(net, &(cnn_shape){1, 4, 6}, 2, 7), CNN_OK);
}

/* --------------------------------------------------------------- const --- */

static void parameters_to_read(void **state)
{
    cnn_net *net = small_net();
    const cnn_net *seen = net;

    (void)state;
    assert_null(cnn_net_const_params(NULL));
    assert_null(cnn_net_const_grads(NULL));
    assert_null(cnn_net_const_params(seen));
    assert_null(cnn_layer_const_params(cnn_net_const_layer(seen, 0)));
    build(net);
    const float *params = cnn_net_const_params(seen);
    const float *grads = cnn_net_const_grads(seen);
    assert_non_null(params);
    assert_ptr_equal(params, cnn_net_params(net));
    assert_ptr_equal(grads, cnn_net_grads(net));
    for (int32_t i = 0; i < 3; i++) {
        const cnn_layer *layer = cnn_net_const_layer(seen, i);
        const size_t count = cnn_layer_param_count(layer);

        assert_ptr_equal(layer, cnn_net_layer(net, i));
        assert_ptr_equal(cnn_layer_const_params(layer), params);
        assert_ptr_equal(cnn_layer_const_grads(layer), grads);
        params += count;
        grads += count;
    }
    assert_null(cnn_net_const_layer(seen, -1));
    assert_null(cnn_net_const_layer(seen, 3));
    cnn_net_free(net);
}

static void tensors_to_read(void **state)
{
    cnn_net *net = small_net();
    cnn_tensor t = {.struct_size = sizeof(t)};
    cnn_const_tensor c = {.struct_size = sizeof(c)};

    (void)state;
    assert_failed(cnn_layer_const_tensor(cnn_net_const_layer(net, 0), 0, &c),
                  CNN_ESTATE, "the conv2d layer is not built");
    build(net);
    for (int32_t i = 0; i < cnn_net_layer_count(net); i++) {
        cnn_layer *layer = cnn_net_layer(net, i);

        for (int32_t k = 0; k < cnn_layer_tensor_count(layer); k++) {
            assert_int_equal(cnn_layer_tensor(layer, k, &t), CNN_OK);
            assert_int_equal(cnn_layer_const_tensor(layer, k, &c), CNN_OK);
            assert_string_equal(c.name, t.name);
            assert_ptr_equal(c.data, t.data);
            assert_ptr_equal(c.grad, t.grad);
            assert_int_equal(c.rank, t.rank);
            assert_memory_equal(c.dims, t.dims, sizeof(t.dims));
        }
    }
    const cnn_layer *layer = cnn_net_const_layer(net, 0);
    assert_failed(cnn_layer_const_tensor(NULL, 0, &c), CNN_EINVAL,
                  "layer is NULL");
    assert_failed(cnn_layer_const_tensor(layer, 0, NULL), CNN_EINVAL, "NULL");
    assert_failed(cnn_layer_const_tensor(layer, 2, &c), CNN_EINVAL,
                  "tensor 2, but the conv2d layer has 2");
    c.struct_size = 8;
    assert_failed(cnn_layer_const_tensor(layer, 0, &c), CNN_EINVAL,
                  "layer_const_tensor: struct_size is 8");
    cnn_net_free(net);
}

/* ------------------------------------------------------------ settings --- */

static double setting(const cnn_layer *layer, const char *name)
{
    double value = -77.0;

    assert_int_equal(cnn_layer_setting(layer, name, &value), CNN_OK);
    return value;
}

/* What was given, and defaults for what was not; before any build. */
static void settings_of_a_convolution(void **state)
{
    cnn_layer *layer = cnn_conv2d_create(
        4, 5, 3,
        &(cnn_conv2d_options){.struct_size = sizeof(cnn_conv2d_options),
                              .flags = CNN_NO_BIAS,
                              .stride_w = 2,
                              .groups = 2,
                              .padding = CNN_PAD_SAME,
                              .weight_init = CNN_INIT_NORMAL,
                              .weight_scale = 0.25f,
                              .algorithm = CNN_ALGORITHM_IM2COL});
    const struct {
        const char *name;
        double value;
    } want[] = {
        {"filters", 4},
        {"kernel_h", 5},
        {"kernel_w", 3},
        {"flags", CNN_NO_BIAS},
        {"stride_h", 1},
        {"stride_w", 2},
        {"dilation_h", 1},
        {"dilation_w", 1},
        {"groups", 2},
        {"padding", CNN_PAD_SAME},
        {"pad_top", 0},
        {"pad_bottom", 0},
        {"pad_left", 0},
        {"pad_right", 0},
        {"weight_init", CNN_INIT_NORMAL},
        {"weight_scale", 0.25},
        {"bias_init", 0},
        {"bias_scale", 0},
        {"algorithm", CNN_ALGORITHM_IM2COL},
    };
    const int32_t count = sizeof(want) / sizeof(want[0]);

    (void)state;
    assert_int_equal(cnn_layer_setting_count(layer), count);
    for (int32_t i = 0; i < count; i++) {
        assert_string_equal(cnn_layer_setting_name(layer, i), want[i].name);
        assert_true(setting(layer, want[i].name) == want[i].value);
    }
    assert_null(cnn_layer_setting_name(layer, -1));
    assert_null(cnn_layer_setting_name(layer, count));
    cnn_layer_free(layer);
}

static void settings_of_other_kinds(void **state)
{
    cnn_layer *norm = cnn_batchnorm_create(NULL);
    cnn_layer *drop = cnn_dropout_create(0.5f);
    cnn_layer *pool = cnn_maxpool2d_create(3, 2, NULL);
    cnn_layer *softmax = cnn_softmax_create();
    double value = 7.0;

    (void)state;
    assert_true(setting(norm, "epsilon") == (double)1e-5f);
    assert_true(setting(norm, "momentum") == (double)0.1f);
    assert_true(setting(drop, "rate") == 0.5);
    assert_true(setting(pool, "stride_h") == 3.0);
    assert_true(setting(pool, "stride_w") == 2.0);
    assert_int_equal(cnn_layer_setting_count(softmax), 0);
    assert_null(cnn_layer_setting_name(softmax, 0));
    assert_int_equal(cnn_layer_setting_count(NULL), 0);
    assert_null(cnn_layer_setting_name(NULL, 0));

    assert_failed(cnn_layer_setting(drop, "p", &value), CNN_EINVAL,
                  "a dropout layer has no setting p, it has rate");
    assert_failed(cnn_layer_setting(norm, "eps", &value), CNN_EINVAL,
                  "no setting eps, it has epsilon, momentum");
    assert_failed(cnn_layer_setting(softmax, "rate", &value), CNN_EINVAL,
                  "a softmax layer has no setting rate, it has none");
    assert_failed(cnn_layer_setting(NULL, "rate", &value), CNN_EINVAL,
                  "layer_setting: layer is NULL");
    assert_failed(cnn_layer_setting(drop, NULL, &value), CNN_EINVAL,
                  "name is NULL");
    assert_failed(cnn_layer_setting(drop, "rate", NULL), CNN_EINVAL,
                  "value is NULL");
    assert_true(value == 7.0);
    cnn_layer_free(norm);
    cnn_layer_free(drop);
    cnn_layer_free(pool);
    cnn_layer_free(softmax);
}

static cnn_net *reload(cnn_net *net)
{
    size_t size = 0;

    assert_int_equal(cnn_net_save_memory(net, NULL, 0, &size), CNN_OK);
    void *file = malloc(size);
    assert_non_null(file);
    assert_int_equal(cnn_net_save_memory(net, file, size, &size), CNN_OK);
    cnn_net *loaded = cnn_net_load_memory(file, size, 2);
    free(file);
    cnn_net_free(net);
    assert_non_null(loaded);
    return loaded;
}

/* A loaded net tells what it was made of, the table and the codes too. */
static void settings_of_a_loaded_net(void **state)
{
    static const uint8_t table[] = {1, 0, 0, 1, 1, 1};
    const float codes[] = {1, -1, 2, -2, 3, -3};
    int32_t filters = -1, channels = -1;
    cnn_layer *conv = cnn_conv2d_create(
        3, 2, 2,
        &(cnn_conv2d_options){.struct_size = sizeof(cnn_conv2d_options),
                              .dilation_h = 2,
                              .algorithm = CNN_ALGORITHM_IM2COL});
    cnn_net *net = cnn_net_create();

    (void)state;
    assert_null(cnn_conv2d_table(conv, &filters, &channels));
    assert_true(filters == 0 && channels == 0);
    assert_int_equal(cnn_conv2d_set_table(conv, 3, 2, table), CNN_OK);
    cnn_net_add(net, conv);
    cnn_net_add(net, cnn_rbf_create(2, codes));
    assert_int_equal(cnn_net_build(net, &(cnn_shape){2, 3, 2}, 2, 1), CNN_OK);
    net = reload(net);
    const cnn_layer *first = cnn_net_const_layer(net, 0);
    assert_true(setting(first, "dilation_h") == 2.0);
    assert_true(setting(first, "algorithm") == CNN_ALGORITHM_AUTO);
    const uint8_t *found = cnn_conv2d_table(first, &filters, &channels);
    assert_true(filters == 3 && channels == 2);
    assert_memory_equal(found, table, sizeof(table));
    assert_ptr_equal(cnn_conv2d_table(first, NULL, NULL), found);

    const cnn_layer *rbf = cnn_net_const_layer(net, 1);
    cnn_const_tensor t = {.struct_size = sizeof(t)};
    assert_null(cnn_conv2d_table(rbf, &filters, &channels));
    assert_null(cnn_conv2d_table(NULL, &filters, &channels));
    assert_int_equal(cnn_layer_const_tensor(rbf, 0, &t), CNN_OK);
    assert_string_equal(t.name, "codes");
    assert_memory_equal(t.data, codes, sizeof(codes));
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_to_read),
        cmocka_unit_test(tensors_to_read),
        cmocka_unit_test(settings_of_a_convolution),
        cmocka_unit_test(settings_of_other_kinds),
        cmocka_unit_test(settings_of_a_loaded_net),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
