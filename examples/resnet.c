/* A residual network, ResNet-20 (K. He, X. Zhang, S. Ren, J. Sun: Deep Residual
 * Learning for Image Recognition, CVPR 2016, section 4.2), on Fashion-MNIST.
 *
 *     sh examples/run.sh resnet
 *     sh examples/run.sh resnet --blocks 1 --epochs 3     (ResNet-8, short)
 *
 * As in lenet5_relu.c, only what is particular to this network is here. */
#include "programs/example.h"

/* What the command line may change. A net has 6 N + 2 layers with weights. */
static int32_t blocks = 3; /* N, of each stage */
static int32_t width = 16; /* filters of the first stage */

/* The network, of images of 28 x 28. Below the stages there is a convolution of
 * `width` filters, above them the mean of each map, and 10 classes.
 *
 *     block  x -- conv 3 x 3 -- ReLU -- conv 3 x 3 -- + -- ReLU --
 *             \------------- shortcut ---------------/
 *
 * Each convolution is normalised. The shortcut is x itself, or in the first
 * block of a stage that halves the image a convolution of 1 x 1. */
static const struct {
    int32_t times;  /* width: filters */
    int32_t stride; /* of the first block */
} stages[] = {
    {1, 1}, /* 16 @ 28 x 28 */
    {2, 2}, /* 32 @ 14 x 14 */
    {4, 2}, /* 64 @ 7 x 7 */
};

enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

/* The normalisation adds a bias of its own to each map. */
static int32_t conv(cnn_net *net, const recipe *r, int32_t from, int32_t kernel,
                    int32_t filters, int32_t stride)
{
    cnn_conv2d_options options = recipe_conv2d(r);

    options.padding = CNN_PAD_SAME;
    options.stride_h = options.stride_w = stride;
    options.flags = CNN_NO_BIAS;
    options.bias_init = CNN_INIT_DEFAULT;
    const int32_t x = cnn_net_append(
        net, from, cnn_conv2d_create(filters, kernel, kernel, &options));
    return cnn_net_append(net, x, cnn_batchnorm_create(NULL));
}

static int32_t relu(cnn_net *net, int32_t from)
{
    return cnn_net_append(net, from, cnn_activation_create(CNN_RELU, NULL));
}

static int32_t block(cnn_net *net, const recipe *r, int32_t x, int32_t filters,
                     int32_t stride)
{
    int32_t y = relu(net, conv(net, r, x, 3, filters, stride));

    y = conv(net, r, y, 3, filters, 1);
    if (stride > 1)
        x = conv(net, r, x, 1, filters, stride);
    return relu(net, cnn_net_join(net, CNN_JOIN_ADD, 2, (int32_t[]){y, x}));
}

static cnn_net *network(const recipe *r)
{
    const cnn_dense_options dense = recipe_dense(r);
    cnn_net *net = cnn_net_create();
    int32_t x = relu(net, conv(net, r, CNN_NET_INPUT, 3, width, 1));

    for (int i = 0; i < STAGES; i++)
        for (int32_t k = 0; k < blocks; k++)
            x = block(net, r, x, stages[i].times * width,
                      k == 0 ? stages[i].stride : 1);
    cnn_net_add(net, cnn_global_avgpool2d_create());
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

static const example resnet = {
    .name = "resnet",
    .about = "Trains ResNet-20 (272,186 parameters), or another residual "
             "network, on Fashion-MNIST, tests it, and classifies the images "
             "it is given.",
    .network = network,
    .sizes = {{"blocks", "blocks in each of the three stages [3]", 1, 190,
               &blocks},
              {"width", "filters of the first stage [16]", 1, 1024, &width}},
    .data = "fashion",

    /* The paper's optimiser, weight decay and batch, its images shifted and
     * mirrored, too. It takes 64,000 steps and divides the rate by 10 twice;
     * one cycle takes fewer. */
    .as_published = {.weights = {CNN_INIT_HE_NORMAL, 0},
                     .biases = {CNN_INIT_CONSTANT, 0},
                     .reduction = CNN_REDUCE_MEAN,
                     .optimizer = "momentum",
                     .weight_decay = 1e-4f,
                     .lr = 0.1f,
                     .schedule = ONE_CYCLE,
                     .batch = 128,
                     .epochs = 30,
                     .augment = {.struct_size = sizeof(cnn_augment_options),
                                 .shift = 2,
                                 .mirror = 1}},
};

int main(int argc, char **argv)
{
    return example_main(&resnet, argc, argv);
}
