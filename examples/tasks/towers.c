/* Two towers side by side, as the paths of an Inception module (Szegedy et al.,
 * 2015): one looks at clothes through small windows, the other through large
 * ones, and the layers above see what both have found.
 *
 *     sh examples/run.sh towers
 *
 * As in lenet5_relu.c, only what is particular to this network is here. */
#include "programs/example.h"

enum { TOWERS = 2, STAGES = 2 };

static const struct {
    int32_t kernel, filters[STAGES];
} towers[TOWERS] = {
    {3, {16, 32}},
    {5, {16, 32}},
};

/* From the input up: convolution, ReLU and pooling, which halves height and
 * width. Returns the number of the highest layer. */
static int32_t add_tower(cnn_net *net, const recipe *r, int32_t kernel,
                         const int32_t *filters)
{
    cnn_conv2d_options conv = recipe_conv2d(r);
    int32_t x = CNN_NET_INPUT;

    conv.padding = CNN_PAD_SAME;
    for (int i = 0; i < STAGES; i++) {
        x = cnn_net_append(
            net, x, cnn_conv2d_create(filters[i], kernel, kernel, &conv));
        x = cnn_net_append(net, x, cnn_activation_create(CNN_RELU, NULL));
        x = cnn_net_append(net, x, cnn_maxpool2d_create(2, 2, NULL));
    }
    return x;
}

static cnn_net *network(const recipe *r)
{
    const cnn_dense_options dense = recipe_dense(r);
    cnn_net *net = cnn_net_create();
    int32_t tops[TOWERS]; /* each 32 @ 7 x 7 */

    for (int i = 0; i < TOWERS; i++)
        tops[i] = add_tower(net, r, towers[i].kernel, towers[i].filters);
    cnn_net_join(net, CNN_JOIN_CONCAT, TOWERS, tops);

    /* From here on it is a stack. */
    cnn_net_add(net, cnn_dropout_create(0.3f));
    cnn_net_add(net, cnn_dense_create(128, &dense));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_dropout_create(0.3f));
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

static const example example_of_towers = {
    .name = "towers",
    .about = "Trains a net of two parallel towers on Fashion-MNIST, tests it, "
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
                     .epochs = 6},
};

int main(int argc, char **argv)
{
    return example_main(&example_of_towers, argc, argv);
}
