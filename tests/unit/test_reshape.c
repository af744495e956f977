/* Reshaping. */
#include <string.h>

#include "support/gradcheck.h"
#include "support/model_bytes.h"
#include "support/nets.h"

/* Row-major order stays, with any number of threads. */
static void nothing_moves(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_reshape_create(&(cnn_shape){4, 1, 3}),
             &(cnn_shape){2, 3, 2}, 5);
    assert_int_equal(r.P, 0);
    assert_int_equal(r.out.c, 4);
    assert_int_equal(r.out.h, 1);
    assert_int_equal(r.out.w, 3);
    rig_fill_uniform(&r, 1);
    rig_assert_threads_agree(&r);
    assert_same_bits(r.y, r.x, r.X);
    assert_same_bits(r.dx, r.dy, r.X);
    rig_assert_dx_is_optional(&r);
    gradcheck_fill(&r, 1);
    gradcheck(&r, 0, "reshape");
    rig_close(&r);
}

static cnn_net *net_of(int with)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(3, 2, 2, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    if (with)
        cnn_net_add(net, cnn_reshape_create(&(cnn_shape){3 * 16, 1, 1}));
    if (with)
        cnn_net_add(net, cnn_reshape_create(&(cnn_shape){2, 4, 6}));
    cnn_net_add(net, cnn_dense_create(2, NULL));
    build(net, &(cnn_shape){1, 5, 5}, 3, 1);
    return net;
}

/* In a net it changes no bit, after a layer that needs its output and after one
 * that does not; a net draws by the number of the layer, so the parameters are
 * copied. */
static void nets_do_not_notice(void **state)
{
    cnn_net *nets[2] = {net_of(0), net_of(1)};
    const size_t count = cnn_net_param_count(nets[0]);
    float *x = uniform(3 * 25, 1), *dy = uniform(3 * 2, 2);

    (void)state;
    assert_int_equal(cnn_net_param_count(nets[1]), count);
    memcpy(cnn_net_params(nets[1]), cnn_net_params(nets[0]),
           count * sizeof(float));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cnn_net_forward(nets[i], CNN_TRAIN, 3, x), CNN_OK);
        assert_int_equal(cnn_net_zero_grad(nets[i]), CNN_OK);
        assert_int_equal(cnn_net_backward(nets[i], 3, x, dy), CNN_OK);
    }
    assert_same_bits(cnn_net_output(nets[1]), cnn_net_output(nets[0]), 3 * 2);
    assert_same_bits(cnn_net_grads(nets[1]), cnn_net_grads(nets[0]), count);
    cnn_net_free(nets[0]);
    cnn_net_free(nets[1]);
    test_free(x);
    test_free(dy);
}

/* -1 is what the others leave: of every input, in copies and files too. */
static void open_sizes(void **state)
{
    const struct {
        cnn_shape to, in, out;
    } cases[] = {
        {{-1, 1, 1}, {2, 3, 4}, {24, 1, 1}},
        {{1, 1, -1}, {2, 3, 4}, {1, 1, 24}},
        {{2, -1, 6}, {2, 3, 4}, {2, 2, 6}},
        {{24, 1, -1}, {2, 3, 4}, {24, 1, 1}},
        {{-1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cnn_net *net = cnn_net_create();
        cnn_shape out;

        cnn_net_add(net, cnn_reshape_create(&cases[i].to));
        build(net, &cases[i].in, 3, 1);
        assert_int_equal(cnn_net_out_shape(net, &out), CNN_OK);
        assert_memory_equal(&out, &cases[i].out, sizeof(out));
        model_there_and_back(net);
        cnn_net *part = cnn_net_take(net, 0, 1);
        build(part, &(cnn_shape){12, 2, 2}, 1, 1);
        assert_int_equal(cnn_net_out_shape(part, &out), CNN_OK);
        assert_int_equal(out.c * out.h * out.w, 48);
        cnn_net_free(part);
        cnn_net_free(net);
    }
}

static void errors(void **state)
{
    cnn_layer *layer = cnn_reshape_create(&(cnn_shape){4, 1, 3});

    (void)state;
    assert_null(cnn_reshape_create(NULL));
    assert_error(CNN_EINVAL, "reshape: shape is NULL");
    assert_null(cnn_reshape_create(&(cnn_shape){4, 0, 3}));
    assert_error(CNN_EINVAL, "reshape: shape 4x0x3, expected at least 1x1x1");
    assert_null(cnn_reshape_create(&(cnn_shape){-1, 2, -1}));
    assert_error(CNN_EINVAL, "shape -1x2x-1, expected at least 1x1x1, or one");
    assert_null(cnn_reshape_create(&(cnn_shape){-1, 2, 0}));
    assert_error(CNN_EINVAL, "shape -1x2x0");
    assert_null(cnn_reshape_create(&(cnn_shape){4, -2, 3}));
    assert_error(CNN_EINVAL, "shape 4x-2x3");
    assert_failed(cnn_layer_build(layer, &(cnn_shape){2, 2, 2}, 1, 1),
                  CNN_ESHAPE, "4x1x3 has 12 elements, the input 2x2x2 has 8");
    cnn_layer_free(layer);
    layer = cnn_reshape_create(&(cnn_shape){3, -1, 1});
    assert_failed(cnn_layer_build(layer, &(cnn_shape){2, 2, 2}, 1, 1),
                  CNN_ESHAPE,
                  "3x-1x1: the input 2x2x2 has 8 elements, no multiple of 3");
    cnn_layer_free(layer);
    layer = cnn_reshape_create(&(cnn_shape){INT32_MAX, -1, INT32_MAX});
    assert_failed(cnn_layer_build(layer, &(cnn_shape){2, 2, 2}, 1, 1),
                  CNN_ESHAPE, "no multiple of");
    cnn_layer_free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_moves),
        cmocka_unit_test(nets_do_not_notice),
        cmocka_unit_test(open_sizes),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("reshape", tests, NULL, NULL);
}
