/* Looking at what may not be changed: a net and its layers through const. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_to_read),
        cmocka_unit_test(tensors_to_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
