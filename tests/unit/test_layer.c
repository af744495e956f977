/* Running a layer by hand: what is allowed when, and what each error says. */
#include <string.h>

#include "support/rig.h"

static const cnn_shape three = {3, 1, 1};

static cnn_layer *built(int32_t max_batch)
{
    cnn_layer *layer = cnn_dense_create(2, NULL);

    assert_int_equal(cnn_layer_build(layer, &three, max_batch, 1), CNN_OK);
    return layer;
}

/* Create, build, forward, backward, update, forward: the loss has fallen. */
static void lifecycle(void **state)
{
    const float x[] = {1, 2, 3}, dy[] = {1, -1};
    float before[2], after[2];
    cnn_layer *layer = built(1);
    cnn_optim *sgd = cnn_sgd_create(0.01f, NULL);

    (void)state;
    assert_int_equal(cnn_layer_forward(layer, CNN_TRAIN, 1, x, before), CNN_OK);
    assert_int_equal(cnn_layer_backward(layer, 1, x, before, dy, NULL), CNN_OK);
    assert_int_equal(cnn_layer_update(layer, sgd), CNN_OK);
    assert_int_equal(cnn_layer_forward(layer, 0, 1, x, after), CNN_OK);
    /* Each weight moves by -0.01 dy x, so y by -0.01 dy (x x + 1) = -0.15 dy;
     * a few roundings of numbers below 8. */
    for (int u = 0; u < 2; u++) {
        const float want = before[u] - 0.15f * dy[u];
        assert_near(&after[u], &want, 1, 8 * 8 * 0x1p-24, 0);
    }
    cnn_optim_free(sgd);
    cnn_layer_free(layer);
}

/* Gradients of the parameters add up until they are cleared; dx is set. */
static void gradients_add_dx_overwrites(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_dense_create(2, NULL), &three, 2);
    rig_fill_integers(&r, 5, 1);
    rig_assert_gradients_add(&r);
    assert_int_equal(cnn_layer_zero_grad(r.layer), CNN_OK);
    for (size_t i = 0; i < r.P; i++)
        assert_true(cnn_layer_grads(r.layer)[i] == 0.0f);
    rig_close(&r);
}

/* The seed decides the parameters, and nothing else does. */
static void same_seed_same_parameters(void **state)
{
    cnn_layer *one = built(1), *two = built(7);
    cnn_layer *other = cnn_dense_create(2, NULL);

    (void)state;
    assert_int_equal(cnn_layer_build(other, &three, 1, 2), CNN_OK);
    assert_same_bits(cnn_layer_params(one), cnn_layer_params(two), 8);
    assert_memory_not_equal(cnn_layer_params(one), cnn_layer_params(other),
                            6 * sizeof(float));
    cnn_layer_free(one);
    cnn_layer_free(two);
    cnn_layer_free(other);
}

static void looking(void **state)
{
    cnn_layer *layer = cnn_conv2d_create(4, 3, 2, NULL);
    cnn_shape in = {0, 0, 0}, out = {0, 0, 0};

    (void)state;
    assert_string_equal(cnn_layer_kind(layer), "conv2d");
    assert_int_equal(cnn_layer_param_count(layer), 0);
    assert_null(cnn_layer_params(layer));
    assert_null(cnn_layer_grads(layer));
    assert_failed(cnn_layer_out_shape(layer, &out), CNN_ESTATE,
                  "the conv2d layer is not built");
    assert_failed(cnn_layer_in_shape(layer, &in), CNN_ESTATE, "not built");
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){2, 5, 6}, 1, 1),
                     CNN_OK);
    assert_int_equal(cnn_layer_in_shape(layer, &in), CNN_OK);
    assert_int_equal(cnn_layer_out_shape(layer, &out), CNN_OK);
    assert_true(in.c == 2 && in.h == 5 && in.w == 6);
    assert_true(out.c == 4 && out.h == 3 && out.w == 5);
    assert_int_equal(cnn_layer_param_count(layer), 4 * 2 * 6 + 4);
    assert_non_null(cnn_layer_params(layer));
    assert_non_null(cnn_layer_grads(layer));
    cnn_layer_free(layer);
}

static void kinds(void **state)
{
    cnn_layer *const layers[] = {cnn_maxpool2d_create(2, 2, NULL),
                                 cnn_avgpool2d_create(2, 2, NULL),
                                 cnn_dense_create(2, NULL),
                                 cnn_activation_create(CNN_TANH, NULL),
                                 cnn_softmax_create(),
                                 cnn_subsample2d_create(2, 2, NULL),
                                 cnn_dropout_create(0.5f),
                                 cnn_batchnorm_create(NULL),
                                 cnn_rbf_create(10, NULL),
                                 cnn_global_maxpool2d_create(),
                                 cnn_global_avgpool2d_create(),
                                 cnn_upsample2d_create(2, 2, 0),
                                 cnn_reshape_create(&(cnn_shape){1, 1, 1}),
                                 cnn_layernorm_create(NULL),
                                 cnn_conv2d_transpose_create(1, 2, 2, NULL)};
    const char *const names[] = {
        "maxpool2d",        "avgpool2d",        "dense",
        "activation",       "softmax",          "subsample2d",
        "dropout",          "batchnorm",        "rbf",
        "global_maxpool2d", "global_avgpool2d", "upsample2d",
        "reshape",          "layernorm",        "conv2d_transpose"};

    (void)state;
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        assert_string_equal(cnn_layer_kind(layers[i]), names[i]);
        cnn_layer_free(layers[i]);
    }
}

/* The arrays of a layer, the running statistics too. */
static void tensors(void **state)
{
    static const char *const names[] = {"weight", "bias", "running_mean",
                                        "running_var"};
    cnn_layer *conv = cnn_conv2d_create(4, 3, 2, NULL);
    cnn_layer *norm = cnn_batchnorm_create(NULL);
    cnn_tensor t = {.struct_size = sizeof(t), .rank = 77};

    (void)state;
    assert_int_equal(cnn_layer_tensor_count(conv), 0);
    assert_failed(cnn_layer_tensor(conv, 0, &t), CNN_ESTATE, "not built");
    assert_int_equal(cnn_layer_build(conv, &(cnn_shape){2, 5, 6}, 1, 1),
                     CNN_OK);
    assert_int_equal(cnn_layer_tensor_count(conv), 2);
    for (int32_t index = -1; index <= 2; index += 3)
        assert_failed(cnn_layer_tensor(conv, index, &t), CNN_EINVAL,
                      "but the conv2d layer has 2");
    assert_failed(cnn_layer_tensor(conv, 0, NULL), CNN_EINVAL, "NULL");
    assert_int_equal(t.rank, 77);
    assert_int_equal(cnn_layer_tensor(conv, 1, &t), CNN_OK);
    assert_string_equal(t.name, "bias");
    assert_ptr_equal(t.data, cnn_layer_params(conv) + 4 * 2 * 6);
    assert_ptr_equal(t.grad, cnn_layer_grads(conv) + 4 * 2 * 6);
    assert_true(t.rank == 1 && t.dims[0] == 4 && t.dims[3] == 1);
    assert_int_equal(cnn_layer_tensor(conv, 0, &t), CNN_OK);
    assert_true(t.rank == 4 && t.dims[0] == 4 && t.dims[3] == 2);

    assert_int_equal(cnn_layer_build(norm, &(cnn_shape){3, 2, 2}, 1, 1),
                     CNN_OK);
    assert_int_equal(cnn_layer_tensor_count(norm), 4);
    for (int32_t i = 0; i < 4; i++) {
        assert_int_equal(cnn_layer_tensor(norm, i, &t), CNN_OK);
        assert_string_equal(t.name, names[i]);
        assert_true((t.grad == NULL) == (i >= 2));
        assert_true(t.data[2] == (i % 3 == 0 ? 1.0f : 0.0f));
    }
    cnn_layer_free(conv);
    cnn_layer_free(norm);
}

/* A net that owns a layer keeps it; that the layer is freed in the end, and
 * once, is for the allocator to see. */
static void freeing_what_a_net_owns(void **state)
{
    cnn_net *net = cnn_net_create();
    cnn_layer *layer = cnn_dense_create(2, NULL);
    const float x = 1.0f;
    float y[2];

    (void)state;
    assert_int_equal(cnn_net_add(net, layer), CNN_OK);
    cnn_layer_free(layer);
    assert_int_equal(cnn_net_build(net, &(cnn_shape){1, 1, 1}, 1, 1), CNN_OK);
    cnn_layer_free(layer);
    assert_int_equal(cnn_net_predict(net, 1, &x, y), CNN_OK);
    cnn_layer_free(cnn_net_layer(net, 0));
    cnn_net_free(net);
    assert_int_equal(cnn_set_allocator(NULL), CNN_OK); /* nothing is left */
}

/* A layer without parameters has none to give, to clear or to move. */
static void no_parameters(void **state)
{
    cnn_layer *layer = cnn_softmax_create();
    cnn_optim *sgd = cnn_sgd_create(1.0f, NULL);

    (void)state;
    assert_int_equal(cnn_layer_build(layer, &three, 1, 1), CNN_OK);
    assert_int_equal(cnn_layer_param_count(layer), 0);
    assert_null(cnn_layer_params(layer));
    assert_null(cnn_layer_grads(layer));
    assert_int_equal(cnn_layer_zero_grad(layer), CNN_OK);
    assert_int_equal(cnn_layer_update(layer, sgd), CNN_OK);
    cnn_optim_free(sgd);
    cnn_layer_free(layer);
}

/* ------------------------------------------------------------ errors --- */

static void null_everywhere(void **state)
{
    const float x[3] = {0};
    float y[2], dx[3];
    cnn_shape shape;
    cnn_layer *layer = built(1);

    (void)state;
    assert_failed(cnn_layer_build(NULL, &three, 1, 1), CNN_EINVAL,
                  "layer_build: layer is NULL");
    assert_failed(cnn_layer_build(layer, NULL, 1, 1), CNN_EINVAL,
                  "layer_build: in is NULL");
    assert_failed(cnn_layer_forward(NULL, 0, 1, x, y), CNN_EINVAL,
                  "layer is NULL");
    assert_failed(cnn_layer_forward(layer, 0, 1, NULL, y), CNN_EINVAL, "NULL");
    assert_failed(cnn_layer_forward(layer, 0, 1, x, NULL), CNN_EINVAL, "NULL");
    assert_failed(cnn_layer_backward(NULL, 1, x, y, y, dx), CNN_EINVAL,
                  "layer is NULL");
    assert_failed(cnn_layer_backward(layer, 1, NULL, y, y, dx), CNN_EINVAL,
                  "NULL");
    assert_failed(cnn_layer_backward(layer, 1, x, NULL, y, dx), CNN_EINVAL,
                  "NULL");
    assert_failed(cnn_layer_backward(layer, 1, x, y, NULL, dx), CNN_EINVAL,
                  "NULL");
    assert_failed(cnn_layer_zero_grad(NULL), CNN_EINVAL, "layer is NULL");
    assert_failed(cnn_layer_update(NULL, NULL), CNN_EINVAL, "NULL");
    assert_failed(cnn_layer_update(layer, NULL), CNN_EINVAL, "NULL");
    assert_failed(cnn_layer_in_shape(NULL, &shape), CNN_EINVAL, "NULL");
    assert_failed(cnn_layer_out_shape(NULL, &shape), CNN_EINVAL, "NULL");
    assert_failed(cnn_layer_in_shape(layer, NULL), CNN_EINVAL, "NULL");
    assert_failed(cnn_layer_out_shape(layer, NULL), CNN_EINVAL, "NULL");
    assert_int_equal(cnn_layer_param_count(NULL), 0);
    assert_null(cnn_layer_params(NULL));
    assert_null(cnn_layer_grads(NULL));
    assert_string_equal(cnn_layer_kind(NULL), "none");
    cnn_layer_free(NULL);
    cnn_layer_free(layer);
}

static void not_built(void **state)
{
    const float x[3] = {0};
    float y[2];
    cnn_layer *layer = cnn_dense_create(2, NULL);
    cnn_optim *sgd = cnn_sgd_create(1.0f, NULL);

    (void)state;
    assert_failed(cnn_layer_forward(layer, 0, 1, x, y), CNN_ESTATE,
                  "the dense layer is not built");
    assert_failed(cnn_layer_backward(layer, 1, x, y, y, NULL), CNN_ESTATE,
                  "the dense layer is not built");
    assert_failed(cnn_layer_zero_grad(layer), CNN_ESTATE, "not built");
    assert_failed(cnn_layer_update(layer, sgd), CNN_ESTATE, "not built");
    cnn_optim_free(sgd);
    cnn_layer_free(layer);
}

static void impossible_builds(void **state)
{
    cnn_layer *layer = cnn_dense_create(2, NULL);

    (void)state;
    assert_failed(cnn_layer_build(layer, &(cnn_shape){0, 1, 1}, 1, 1),
                  CNN_EINVAL, "input 0x1x1, expected at least 1x1x1");
    assert_failed(cnn_layer_build(layer, &(cnn_shape){1, -1, 1}, 1, 1),
                  CNN_EINVAL, "input 1x-1x1, expected at least 1x1x1");
    assert_failed(cnn_layer_build(layer, &(cnn_shape){1, 1, 0}, 1, 1),
                  CNN_EINVAL, "input 1x1x0, expected at least 1x1x1");
    assert_failed(cnn_layer_build(layer, &(cnn_shape){65536, 32768, 1}, 1, 1),
                  CNN_EOVERFLOW,
                  "input 65536x32768x1 has more than 2147483647");
    assert_failed(cnn_layer_build(layer, &three, 0, 1), CNN_EINVAL,
                  "max_batch 0, expected at least 1");
    assert_failed(cnn_layer_build(layer, &three, -5, 1), CNN_EINVAL,
                  "max_batch -5, expected at least 1");
    assert_int_equal(cnn_layer_build(layer, &three, 1, 1), CNN_OK);
    assert_failed(cnn_layer_build(layer, &three, 1, 1), CNN_ESTATE,
                  "the dense layer is built already");
    cnn_layer_free(layer);
}

/* Nothing is computed with a batch or flags that are not possible. */
static void batches_and_flags(void **state)
{
    const int32_t bad[] = {0, -1, 5, INT32_MAX, INT32_MIN};
    float x[12] = {0}, y[8], dx[12];
    cnn_layer *layer = built(4);

    (void)state;
    y[0] = dx[0] = 77.0f;
    for (int i = 0; i < 5; i++) {
        assert_failed(cnn_layer_forward(layer, 0, bad[i], x, y), CNN_EINVAL,
                      "expected 1 to 4");
        assert_failed(cnn_layer_backward(layer, bad[i], x, y, y, dx),
                      CNN_EINVAL, "expected 1 to 4");
    }
    assert_failed(cnn_layer_forward(layer, 0, 5, x, y), CNN_EINVAL,
                  "batch 5, expected 1 to 4");
    assert_failed(cnn_layer_forward(layer, 2, 1, x, y), CNN_EINVAL,
                  "unknown flags 0x2, expected 0 or 0x1");
    assert_failed(cnn_layer_forward(layer, 0x80000001u, 1, x, y), CNN_EINVAL,
                  "unknown flags 0x80000001");
    assert_true(y[0] == 77.0f && dx[0] == 77.0f);
    for (int32_t batch = 1; batch <= 4; batch++)
        assert_int_equal(cnn_layer_forward(layer, CNN_TRAIN, batch, x, y),
                         CNN_OK);
    cnn_layer_free(layer);
}

/* A net's layer is built by the net; after that it may be run by hand. */
static void owned_by_a_net(void **state)
{
    const float x[] = {1, 2, 3};
    float y[2], by_net[2];
    cnn_layer *layer = cnn_dense_create(2, NULL);
    cnn_net *net = cnn_net_create();

    (void)state;
    assert_int_equal(cnn_net_add(net, layer), CNN_OK);
    assert_failed(cnn_layer_build(layer, &three, 1, 1), CNN_ESTATE,
                  "the dense layer is owned by a net");
    assert_failed(cnn_layer_forward(layer, 0, 1, x, y), CNN_ESTATE,
                  "not built");
    assert_int_equal(cnn_net_build(net, &three, 4, 1), CNN_OK);
    assert_failed(cnn_layer_build(layer, &three, 1, 1), CNN_ESTATE,
                  "owned by a net");
    assert_ptr_equal(cnn_layer_params(layer), cnn_net_params(net));
    assert_int_equal(cnn_layer_forward(layer, 0, 1, x, y), CNN_OK);
    assert_int_equal(cnn_net_predict(net, 1, x, by_net), CNN_OK);
    assert_same_bits(y, by_net, 2);
    assert_failed(cnn_layer_forward(layer, 0, 5, x, y), CNN_EINVAL,
                  "batch 5, expected 1 to 4");
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lifecycle),
        cmocka_unit_test(gradients_add_dx_overwrites),
        cmocka_unit_test(same_seed_same_parameters),
        cmocka_unit_test(looking),
        cmocka_unit_test(kinds),
        cmocka_unit_test(tensors),
        cmocka_unit_test(freeing_what_a_net_owns),
        cmocka_unit_test(no_parameters),
        cmocka_unit_test(null_everywhere),
        cmocka_unit_test(not_built),
        cmocka_unit_test(impossible_builds),
        cmocka_unit_test(batches_and_flags),
        cmocka_unit_test(owned_by_a_net),
    };

    return cmocka_run_group_tests_name("layer", tests, NULL, NULL);
}
