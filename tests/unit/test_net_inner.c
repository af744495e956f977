/* What inner layers give: that of a net of the layers up to there, though the
 * whole net hides some outputs, and overwrites others. */
#include "cnn/parts.h"

#include "support/rig.h"
#include "support/training.h"

enum { MAX_BATCH = 3, COUNT = 7 };

static size_t floats_of(const cnn_layer *layer)
{
    cnn_shape s;

    assert_int_equal(cnn_layer_out_shape(layer, &s), CNN_OK);
    return (size_t)s.c * (size_t)s.h * (size_t)s.w;
}

/* `lone` has the layers up to one alone, so it ends with what is asked for. */
static void check_layers(cnn_net *net, const cnn_shape *in)
{
    const size_t X = (size_t)in->c * (size_t)in->h * (size_t)in->w;
    float *x = uniform(COUNT * X, 3);

    build(net, in, MAX_BATCH, 5);
    for (int32_t i = 0; i < cnn_net_layer_count(net); i++) {
        const size_t Y = COUNT * floats_of(cnn_net_layer(net, i));
        float *got = new_floats(Y), *want = new_floats(Y);
        cnn_net *lone = cnn_net_take(net, 0, i + 1);

        build(lone, in, MAX_BATCH, 1);
        assert_int_equal(cnn_net_predict(lone, COUNT, x, want), CNN_OK);
        assert_int_equal(cnn_net_predict_layer(net, i, COUNT, x, got), CNN_OK);
        assert_same_bits(got, want, Y);
        cnn_net_free(lone);
        test_free(got);
        test_free(want);
    }
    test_free(x);
}

static void every_layer(void **state)
{
    cnn_net *const nets[] = {conv_net(true), rich_net(), classic_net(),
                             lenet5_relu()};
    const cnn_shape *const in[] = {&conv_net_shape, &tiny_shape, &classic_shape,
                                   &lenet5_shape};

    (void)state;
    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
        check_layers(nets[i], in[i]);
        cnn_net_free(nets[i]);
    }
}

/* A watched net stores what is hidden otherwise. */
static void watched(void **state)
{
    cnn_net *net = conv_net(true);
    float *x = uniform(CONV_NET_INPUT, 1), hidden[4 * 144], seen[4 * 144];

    (void)state;
    build(net, &conv_net_shape, MAX_BATCH, 5);
    assert_int_equal(cnn_net_predict_layer(net, 1, 1, x, hidden), CNN_OK);
    assert_int_equal(cnn_net_watch(net, 1), CNN_OK);
    assert_int_equal(cnn_net_predict_layer(net, 1, 1, x, seen), CNN_OK);
    assert_same_bits(seen, hidden, 4 * 144);
    assert_int_equal(cnn_net_watch(net, 0), CNN_OK);
    cnn_net_free(net);
    test_free(x);
}

/* A training goes on as if nothing had been looked at. */
static void leaves_no_trace(void **state)
{
    training seen = {.net = rich_net()}, unseen = {.net = rich_net()};
    float *y = new_floats(TINY_BATCH * 4 * 16);

    (void)state;
    training_open(&seen, 1);
    training_open(&unseen, 1);
    for (int i = 0; i < 4; i++) {
        training_run(&seen, 1);
        training_run(&unseen, 1);
        for (int32_t k = 0; k < 3; k++)
            assert_int_equal(
                cnn_net_predict_layer(seen.net, k, TINY_BATCH, seen.images, y),
                CNN_OK);
    }
    assert_same_training(&seen, &unseen);
    training_close(&seen);
    training_close(&unseen);
    test_free(y);
}

static void refused(void **state)
{
    cnn_net *net = tiny_net();
    float *x = uniform(TINY_INPUT, 1), y[8 * 16];

    (void)state;
    assert_failed(cnn_net_predict_layer(net, 0, 1, x, y), CNN_ESTATE,
                  "not built");
    build(net, &tiny_shape, 1, 1);
    assert_failed(cnn_net_predict_layer(net, -1, 1, x, y), CNN_EINVAL,
                  "layer -1, expected 0 to 3");
    assert_failed(cnn_net_predict_layer(net, 4, 1, x, y), CNN_EINVAL,
                  "layer 4, expected 0 to 3");
    assert_failed(cnn_net_predict_layer(net, 0, -1, x, y), CNN_EINVAL,
                  "count -1");
    assert_failed(cnn_net_predict_layer(net, 0, 1, NULL, y), CNN_EINVAL,
                  "x is NULL");
    assert_failed(cnn_net_predict_layer(net, 0, 1, x, NULL), CNN_EINVAL,
                  "y is NULL");
    assert_int_equal(cnn_net_predict_layer(net, 0, 0, NULL, NULL), CNN_OK);
    /* There is nothing to go back from afterwards. */
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, 1, x), CNN_OK);
    assert_int_equal(cnn_net_predict_layer(net, 0, 1, x, y), CNN_OK);
    assert_null(cnn_net_output(net));
    assert_failed(cnn_net_backward(net, 1, x, y), CNN_ESTATE,
                  "no forward pass");
    cnn_net_free(net);
    test_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer),
        cmocka_unit_test(watched),
        cmocka_unit_test(leaves_no_trace),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests_name("net_inner", tests, NULL, NULL);
}
