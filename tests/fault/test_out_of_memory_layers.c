/* Memory that runs out while layers are made, built and added to a net. */
#include "support/faulty_memory.h"
#include "support/own_layer.h"
#include "support/training.h"

static cnn_status status_of(const void *made)
{
    return made != NULL ? CNN_OK : cnn_last_status();
}

static cnn_layer *conv(void)
{
    return cnn_conv2d_create(3, 2, 2, NULL);
}

static cnn_layer *dense(void)
{
    return cnn_dense_create(3, NULL);
}

static cnn_layer *maxpool(void)
{
    return cnn_maxpool2d_create(2, 2, NULL);
}

static cnn_layer *avgpool(void)
{
    return cnn_avgpool2d_create(2, 2, NULL);
}

static cnn_layer *relu(void)
{
    return cnn_activation_create(CNN_RELU, NULL);
}

static cnn_layer *gelu(void)
{
    return cnn_activation_create(CNN_GELU, NULL);
}

static cnn_layer *subsample(void)
{
    return cnn_subsample2d_create(2, 2, NULL);
}

static cnn_layer *dropout(void)
{
    return cnn_dropout_create(0.5f);
}

static cnn_layer *batchnorm(void)
{
    return cnn_batchnorm_create(NULL);
}

static cnn_layer *layernorm(void)
{
    return cnn_layernorm_create(NULL);
}

static cnn_layer *transpose(void)
{
    return cnn_conv2d_transpose_create(2, 3, 3, NULL);
}

static cnn_layer *upsample(void)
{
    return cnn_upsample2d_create(2, 2, CNN_UPSAMPLE_NEAREST);
}

static cnn_layer *reshape(void)
{
    return cnn_reshape_create(&(cnn_shape){4, 2, 2});
}

static cnn_layer *rbf(void)
{
    static const float codes[2 * 16];

    return cnn_rbf_create(2, codes);
}

static cnn_layer *own_kind(void)
{
    return own_layer(1.0f, CNN_BY_SAMPLES, NULL);
}

static cnn_layer *(*const kinds[])(void) = {
    conv,
    dense,
    maxpool,
    avgpool,
    relu,
    gelu,
    cnn_softmax_create,
    subsample,
    dropout,
    batchnorm,
    rbf,
    cnn_global_maxpool2d_create,
    cnn_global_avgpool2d_create,
    layernorm,
    transpose,
    upsample,
    reshape,
    own_kind,
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Built by itself, and again if that failed. */
static cnn_status build_layer(void *data)
{
    cnn_layer *layer = (*(cnn_layer * (*const *)(void)) data)();
    const cnn_shape in = {1, 4, 4};
    const cnn_status status =
        layer != NULL ? cnn_layer_build(layer, &in, 2, 1) : cnn_last_status();

    if (layer != NULL && status != CNN_OK)
        assert_int_equal(cnn_layer_param_count(layer), 0);
    cnn_layer_free(layer);
    return status;
}

/* On a net that has to grow for it, which the error sticks to. */
static cnn_status add_layer(void *data)
{
    cnn_net *net = cnn_net_create();
    cnn_status first = status_of(net);

    if (net == NULL)
        return first;
    for (int i = 0; i < 17; i++) {
        cnn_layer *layer = (*(cnn_layer * (*const *)(void)) data)();
        const cnn_status status = cnn_net_add(net, layer);

        if (first == CNN_OK)
            first = status;
    }
    if (first != CNN_OK)
        assert_int_equal(cnn_net_build(net, &tiny_shape, 1, 1), first);
    cnn_net_free(net);
    return first;
}

static void layers(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        cnn_layer *(*kind)(void) = kinds[i];

        /* The layer and its memory; twice. */
        assert_true(assert_survives_faults(build_layer, &kind) >= 4);
        assert_true(assert_survives_faults(add_layer, &kind) >= 2 * 20);
    }
}

static cnn_status set_table(void *data)
{
    const uint8_t *table = data;
    cnn_layer *layer = conv();
    cnn_status status = status_of(layer);

    if (layer != NULL)
        status = cnn_conv2d_set_table(layer, 3, 2, table);
    /* Once more over it; building then plans with it. */
    if (status == CNN_OK)
        status = cnn_conv2d_set_table(layer, 3, 2, table);
    if (status == CNN_OK)
        status = cnn_layer_build(layer, &(cnn_shape){2, 3, 3}, 1, 1);
    cnn_layer_free(layer);
    return status;
}

static void tables(void **state)
{
    uint8_t table[] = {1, 0, 0, 1, 1, 1};

    (void)state;
    /* The layer, two tables, the plan, the lists of a table, the arrays. */
    assert_int_equal(assert_survives_faults(set_table, table), 2 * 6);
}

static int install(void **state)
{
    (void)state;
    faulty_memory_install();
    return 0;
}

static int put_back(void **state)
{
    (void)state;
    faulty_memory_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layers, install, put_back),
        cmocka_unit_test_setup_teardown(tables, install, put_back),
    };

    return cmocka_run_group_tests_name("out of memory, layers", tests, NULL,
                                       NULL);
}
