/* Clothes instead of digits: Fashion-MNIST, by a deeper net than LeNet-5, with
 * batch normalisation, dropout, and every second image turned left to right.
 *
 *     sh examples/run.sh fashion
 *
 * As in lenet5_relu.c, only what is particular to this network is here. */
#include "programs/example.h"

/* Convolution, normalisation, ReLU and pooling: height and width are halved.
 * The normalisation adds a bias of its own to each map. */
static void add_stage(cnn_net *net, const recipe *r, int32_t filters)
{
    cnn_conv2d_options conv = recipe_conv2d(r);

    conv.padding = CNN_PAD_SAME;
    conv.flags = CNN_NO_BIAS;
    conv.bias_init = CNN_INIT_DEFAULT;
    cnn_net_add(net, cnn_conv2d_create(filters, 3, 3, &conv));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
}

static cnn_net *network(const recipe *r)
{
    const cnn_dense_options dense = recipe_dense(r);
    cnn_net *net = cnn_net_create();

    add_stage(net, r, 32);  /* 32 @ 14 x 14 */
    add_stage(net, r, 64);  /* 64 @ 7 x 7 */
    add_stage(net, r, 128); /* 128 @ 3 x 3 */
    cnn_net_add(net, cnn_dropout_create(0.3f));
    cnn_net_add(net, cnn_dense_create(256, &dense));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_dropout_create(0.3f));
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

static const example fashion = {
    .name = "fashion",
    .about = "Trains a net of three convolutions on Fashion-MNIST, tests it, "
             "and classifies the images it is given.",
    .network = network,
    .data = "fashion",
    .as_published = {.weights = {CNN_INIT_HE_NORMAL, 0},
                     .biases = {CNN_INIT_CONSTANT, 0},
                     .reduction = CNN_REDUCE_MEAN,
                     .optimizer = "adamw",
                     .weight_decay = 0.05f,
                     .lr = 3e-3f,
                     .schedule = ONE_CYCLE,
                     .batch = 100,
                     .epochs = 9,
                     .augment = {.struct_size = sizeof(cnn_augment_options),
                                 .mirror = 1}},
};

int main(int argc, char **argv)
{
    return example_main(&fashion, argc, argv);
}
