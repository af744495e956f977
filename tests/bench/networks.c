#include "bench/networks.h"

#include <stdlib.h>
#include <string.h>

#include "bench/times.h"

const network networks[] = {
    {.name = "relu",
     .filters = {6, 16},
     .units = 120,
     .activation = CNN_RELU,
     .scale = 0.1f,
     .lr = 1e-5f},
    {.name = "sigmoid",
     .filters = {6, 16, 120},
     .units = 80,
     .activation = CNN_SIGMOID,
     .scale = 1.0f,
     .lr = 1e-4f},
    {.name = "wide",
     .filters = {32, 64},
     .units = 1024,
     .activation = CNN_RELU,
     .scale = 0.1f,
     .lr = 1e-6f},
    {.name = "classic", .classic = true, .lr = 1e-6f},
};
const int network_count = sizeof(networks) / sizeof(networks[0]);

const network *network_find(const char *name)
{
    for (int i = 0; i < network_count; i++)
        if (strcmp(networks[i].name, name) == 0)
            return &networks[i];
    return NULL;
}

/* ---------------------------------------------------------- building --- */

static void add_tutorial(cnn_net *net, const network *n, int32_t width)
{
    const cnn_conv2d_options conv = {
        .struct_size = sizeof(conv),
        .padding = CNN_PAD_SAME,
        .weight_init = CNN_INIT_TRUNCATED_NORMAL,
        .weight_scale = n->scale,
        .bias_init = CNN_INIT_CONSTANT,
        .bias_scale = 0.1f,
    };
    const cnn_dense_options dense = {
        .struct_size = sizeof(dense),
        .weight_init = CNN_INIT_TRUNCATED_NORMAL,
        .weight_scale = n->scale,
        .bias_init = CNN_INIT_CONSTANT,
        .bias_scale = 0.1f,
    };

    for (int i = 0; i < 3 && n->filters[i] > 0; i++) {
        cnn_net_add(net, cnn_conv2d_create(width * n->filters[i], 5, 5, &conv));
        cnn_net_add(net, cnn_activation_create(n->activation, NULL));
        if (i < 2)
            cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    }
    cnn_net_add(net, cnn_dense_create(n->units, &dense));
    cnn_net_add(net, cnn_activation_create(n->activation, NULL));
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    cnn_net_set_loss(net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, CNN_REDUCE_SUM);
}

/* clang-format off */
/* Table I of the paper: which maps of S2 each filter of C3 sees. */
static const uint8_t c3[16][6] = {
    {1, 1, 1, 0, 0, 0}, {0, 1, 1, 1, 0, 0}, {0, 0, 1, 1, 1, 0},
    {0, 0, 0, 1, 1, 1}, {1, 0, 0, 0, 1, 1}, {1, 1, 0, 0, 0, 1},
    {1, 1, 1, 1, 0, 0}, {0, 1, 1, 1, 1, 0}, {0, 0, 1, 1, 1, 1},
    {1, 0, 0, 1, 1, 1}, {1, 1, 0, 0, 1, 1}, {1, 1, 1, 0, 0, 1},
    {1, 1, 0, 1, 1, 0}, {0, 1, 1, 0, 1, 1}, {1, 0, 1, 1, 0, 1},
    {1, 1, 1, 1, 1, 1},
};
/* clang-format on */

static void add_classic(cnn_net *net)
{
    const int32_t filters[3] = {6, 16, 120};

    for (int i = 0; i < 3; i++) {
        cnn_layer *conv = cnn_conv2d_create(filters[i], 5, 5, NULL);

        if (i == 1)
            cnn_conv2d_set_table(conv, 16, 6, c3[0]);
        cnn_net_add(net, conv);
        cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));
        if (i == 2)
            break;
        cnn_net_add(net, cnn_subsample2d_create(2, 2, NULL));
        cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));
    }
    cnn_net_add(net, cnn_dense_create(84, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));
    cnn_net_add(net, cnn_rbf_create(10, NULL));
    cnn_net_set_loss(net, CNN_LOSS_LENET_MAP, CNN_REDUCE_SUM);
}

cnn_net *network_build(const network *n, const network_size *size)
{
    const int32_t side = n->classic ? 32 : size->side;
    cnn_net *net = cnn_net_create();

    if (n->classic)
        add_classic(net);
    else
        add_tutorial(net, n, size->width);
    if (cnn_net_build(net, &(cnn_shape){1, side, side}, size->batch, 1) !=
        CNN_OK)
        bench_fail(n->name);
    return net;
}

/* -------------------------------------------------------------- work --- */

static double layer_flop(cnn_net *net, int32_t i)
{
    cnn_costs costs = {.struct_size = sizeof(costs)};

    if (cnn_layer_costs(cnn_net_layer(net, i), &costs) != CNN_OK)
        bench_fail("costs");
    return 2.0 * (double)costs.multiply_adds;
}

double network_forward_flop(cnn_net *net)
{
    double sum = 0.0;

    for (int32_t i = 0; i < cnn_net_layer_count(net); i++)
        sum += layer_flop(net, i);
    return sum;
}

double network_step_flop(cnn_net *net)
{
    int32_t first = 0;

    while (cnn_layer_param_count(cnn_net_layer(net, first)) == 0)
        first++;
    return 3.0 * network_forward_flop(net) - layer_flop(net, first);
}

/* ------------------------------------------------------------ images --- */

static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8; /* the high bits: 24 */
}

float *network_images(const cnn_net *net, int32_t count)
{
    uint32_t state = 1;
    cnn_shape in;

    if (cnn_net_in_shape(net, &in) != CNN_OK)
        bench_fail("shape");
    const size_t size =
        (size_t)count * (size_t)in.c * (size_t)in.h * (size_t)in.w;
    float *x = bench_alloc(size * sizeof(float));
    for (size_t i = 0; i < size; i++)
        x[i] = (float)draw(&state) / (float)(1 << 24);
    return x;
}

int32_t *network_labels(const cnn_net *net, int32_t count)
{
    uint32_t state = 2;
    cnn_shape out;

    if (cnn_net_out_shape(net, &out) != CNN_OK)
        bench_fail("shape");
    int32_t *labels = bench_alloc((size_t)count * sizeof(int32_t));
    for (int32_t i = 0; i < count; i++)
        labels[i] = (int32_t)(draw(&state) % (uint32_t)out.c);
    return labels;
}
