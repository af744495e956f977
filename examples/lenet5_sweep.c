/* LeNet-5 with more filters, more layers, another activation, learning rate or
 * optimiser. One of these is varied at a time. */
#include "programs/comparison.h"

static const recipe as_published = {
    .weights = {CNN_INIT_TRUNCATED_NORMAL, 0.1f},
    .biases = {CNN_INIT_CONSTANT, 0.1f},
    .reduction = CNN_REDUCE_SUM,
    .optimizer = "sgd",
    .lr = 1e-4f,
    .batch = 200,
    .steps = 300,
    .eval_every = 10,
    .hold_out = true,
};

static const recipe tuned = {
    .weights = {CNN_INIT_GLOROT_UNIFORM, 0},
    .biases = {CNN_INIT_CONSTANT, 0},
    .reduction = CNN_REDUCE_MEAN,
    .optimizer = "adam",
    .lr = 1e-3f,
    .batch = 100,
    .epochs = 1,
};

/* Convolutions are told to pad with zeros, so that they leave height and width
 * as they are; by default they do not pad (CNN_PAD_VALID). */
static cnn_net *network(const configuration *c, const recipe *r)
{
    static const int32_t kinds[] = {
        [SIGMOID] = CNN_SIGMOID, [TANH] = CNN_TANH, [RELU] = CNN_RELU};
    const int32_t kind = kinds[c->activation];
    cnn_conv2d_options conv = recipe_conv2d(r);
    const cnn_dense_options dense = recipe_dense(r);
    cnn_net *net = cnn_net_create();

    conv.padding = CNN_PAD_SAME;
    for (int32_t i = 0; i < c->layers; i++) {
        cnn_net_add(net, cnn_conv2d_create(c->width[i > 0], 5, 5, &conv));
        cnn_net_add(net, cnn_activation_create(kind, NULL));
        if (i < 2)
            cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    }
    cnn_net_add(net, cnn_dense_create(c->width[2], &dense));
    cnn_net_add(net, cnn_activation_create(kind, NULL));
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

/* Every configuration is this one, except for the changes of its row. */
static const configuration base = {
    .width = {6, 16, 120}, .layers = 2, .activation = RELU};

/* clang-format off */
static const variation variations[] = {
    {"width", "filters of the two convolutions, and units of the dense layer", {
        {"6/16/120", .width = {6, 16, 120}},
        {"16/32/256", .width = {16, 32, 256}},
        {"32/64/1024", .width = {32, 64, 1024}}}},
    {"layers", "convolutions", {
        {"1", .layers = 1},
        {"2", .layers = 2},
        {"3", .layers = 3}}},
    {"activation", "what follows each layer", {
        {"sigmoid", .activation = SIGMOID},
        {"tanh", .activation = TANH},
        {"relu", .activation = RELU}}},
    {"lr", "the learning rate, as a multiple of the recipe's", {
        {"x 0.1", .lr_factor = 0.1f},
        {"x 1", .lr_factor = 1},
        {"x 10", .lr_factor = 10}}},
    {"optimizer", "and a learning rate that suits it", {
        {"sgd", .optimizer = "sgd"},
        {"momentum", .optimizer = "momentum", .lr_factor = 0.1f},
        {"adam", .optimizer = "adam", .lr = 1e-3f},
        {"rmsprop", .optimizer = "rmsprop", .lr = 1e-3f}}},
};
/* clang-format on */

int main(int argc, char **argv)
{
    return comparison_main(
        &(comparison){.name = "lenet5_sweep",
                      .about = "Trains LeNet-5 in many configurations and "
                               "sets side by side what they cost and how fast "
                               "they learn.",
                      .network = network,
                      .base = &base,
                      .variations = variations,
                      .count = sizeof(variations) / sizeof(variations[0]),
                      .as_published = &as_published,
                      .tuned = &tuned},
        argc, argv);
}
