#include "support/nets.h"

#include <string.h>

#include "support/draw.h"

const cnn_shape conv_net_shape = {1, 12, 12};
const cnn_shape lenet5_shape = {1, 28, 28};
const cnn_shape classic_shape = {1, 32, 32};

/* A convolution with a square kernel; scale 0: the initial values of the
 * library, otherwise truncated normal weights and constant biases. */
static void add_conv(cnn_net *net, int32_t filters, int32_t kernel,
                     int32_t padding, float scale)
{
    cnn_conv2d_options o = {.struct_size = sizeof(o), .padding = padding};

    if (scale > 0.0f) {
        o.weight_init = CNN_INIT_TRUNCATED_NORMAL;
        o.bias_init = CNN_INIT_CONSTANT;
        o.weight_scale = o.bias_scale = scale;
    }
    cnn_net_add(net, cnn_conv2d_create(filters, kernel, kernel, &o));
}

static void add_dense(cnn_net *net, int32_t units, float scale)
{
    cnn_dense_options o = {.struct_size = sizeof(o)};

    if (scale > 0.0f) {
        o.weight_init = CNN_INIT_TRUNCATED_NORMAL;
        o.bias_init = CNN_INIT_CONSTANT;
        o.weight_scale = o.bias_scale = scale;
    }
    cnn_net_add(net, cnn_dense_create(units, &o));
}

static void add_activation(cnn_net *net, int32_t kind)
{
    cnn_net_add(net, cnn_activation_create(kind, NULL));
}

static void add_maxpool(cnn_net *net)
{
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
}

cnn_net *conv_net(bool softmax)
{
    cnn_net *net = cnn_net_create();

    add_conv(net, 4, 3, CNN_PAD_SAME, 0.0f);
    add_activation(net, CNN_RELU);
    add_maxpool(net);
    add_conv(net, 6, 3, CNN_PAD_VALID, 0.0f);
    add_activation(net, CNN_RELU);
    add_maxpool(net);
    add_dense(net, 16, 0.0f);
    add_activation(net, CNN_RELU);
    add_dense(net, CONV_NET_CLASSES, 0.0f);
    if (softmax)
        cnn_net_add(net, cnn_softmax_create());
    return net;
}

/* Two rounds of convolution and pooling, as both forms of LeNet-5 begin. */
static cnn_net *lenet5_start(int32_t activation, float scale)
{
    cnn_net *net = cnn_net_create();

    add_conv(net, 6, 5, CNN_PAD_SAME, scale);
    add_activation(net, activation);
    add_maxpool(net);
    add_conv(net, 16, 5, CNN_PAD_SAME, scale);
    add_activation(net, activation);
    add_maxpool(net);
    return net;
}

cnn_net *lenet5_relu(void)
{
    cnn_net *net = lenet5_start(CNN_RELU, 0.1f);

    add_dense(net, 120, 0.1f);
    add_activation(net, CNN_RELU);
    add_dense(net, 10, 0.1f);
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

cnn_net *lenet5_sigmoid(void)
{
    cnn_net *net = lenet5_start(CNN_SIGMOID, 1.0f);

    add_conv(net, 120, 5, CNN_PAD_SAME, 1.0f);
    add_activation(net, CNN_SIGMOID);
    add_dense(net, 80, 1.0f);
    add_activation(net, CNN_SIGMOID);
    add_dense(net, 10, 1.0f);
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

/* LeCun et al. (1998), table I: S2 map in rows, C3 map in columns. */
static const char *const c3[] = {
    "X...XXX..XXXX.XX", "XX...XXX..XXXX.X", "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX", "..XXX..XXXX.XX.X", "...XXX..XXXX.XXX",
};

static cnn_layer *classic_conv(int32_t filters)
{
    return cnn_conv2d_create(
        filters, 5, 5,
        &(cnn_conv2d_options){.struct_size = sizeof(cnn_conv2d_options),
                              .weight_init = CNN_INIT_LECUN});
}

static cnn_layer *classic_c3(void)
{
    cnn_layer *layer = classic_conv(16);
    uint8_t table[16 * 6];

    for (int f = 0; f < 16; f++)
        for (int c = 0; c < 6; c++)
            table[f * 6 + c] = c3[c][f] == 'X';
    assert_int_equal(cnn_conv2d_set_table(layer, 16, 6, table), CNN_OK);
    return layer;
}

static void add_squashed(cnn_net *net, cnn_layer *layer)
{
    cnn_net_add(net, layer);
    add_activation(net, CNN_LECUN_TANH);
}

cnn_net *classic_net(void)
{
    const cnn_dense_options dense = {.struct_size = sizeof(dense),
                                     .weight_init = CNN_INIT_LECUN};
    cnn_net *net = cnn_net_create();

    add_squashed(net, classic_conv(6));
    add_squashed(net, cnn_subsample2d_create(2, 2, NULL));
    add_squashed(net, classic_c3());
    add_squashed(net, cnn_subsample2d_create(2, 2, NULL));
    add_squashed(net, classic_conv(120));
    add_squashed(net, cnn_dense_create(84, &dense));
    cnn_net_add(net, cnn_rbf_create(10, NULL));
    cnn_net_set_loss(net, CNN_LOSS_LENET_MAP, CNN_REDUCE_MEAN);
    return net;
}

cnn_net *dense_net(int32_t inputs, int32_t units, int32_t max_batch)
{
    cnn_net *net = cnn_net_create();

    add_dense(net, units, 0.0f);
    build(net, &(cnn_shape){inputs, 1, 1}, max_batch, 1);
    return net;
}

cnn_net *echo_net(int32_t count, int32_t max_batch)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_reshape_create(&(cnn_shape){count, 1, 1}));
    build(net, &(cnn_shape){count, 1, 1}, max_batch, 1);
    return net;
}

void build(cnn_net *net, const cnn_shape *in, int32_t max_batch, uint64_t seed)
{
    if (cnn_net_build(net, in, max_batch, seed) != CNN_OK)
        fail_msg("build: %s", cnn_last_error());
}

float *uniform(size_t n, uint64_t seed)
{
    float *x = test_malloc(n * sizeof(*x));

    fill_uniform(x, n, seed);
    return x;
}

void fill_labels(int32_t *labels, size_t n, int32_t classes, uint64_t seed)
{
    cnn__random random;

    draw_start(&random, seed);
    for (size_t i = 0; i < n; i++)
        labels[i] = draw_between(&random, 0, classes - 1);
}

float *copy_params(cnn_net *net)
{
    const size_t size = cnn_net_param_count(net) * sizeof(float);
    float *copy = test_malloc(size);

    memcpy(copy, cnn_net_params(net), size);
    return copy;
}
