/* LeNet-5 with ReLU, on 28 x 28 images of digits.
 *
 * This file has the layers of this network, and how it is trained. The folder
 * common/ has what all networks share: programs/example.c is the program around
 * a network, running/training_run.c trains, pages/ draws the results. */
#include "programs/example.h"

/* Convolutions are told to pad with zeros, so that they leave height and width
 * as they are; by default they do not pad (CNN_PAD_VALID). */
static cnn_net *network(const recipe *r)
{
    cnn_conv2d_options conv = recipe_conv2d(r);
    const cnn_dense_options dense = recipe_dense(r);
    cnn_net *net = cnn_net_create();

    conv.padding = CNN_PAD_SAME;

    /* 6 @ 14 x 14, 156 parameters */
    cnn_net_add(net, cnn_conv2d_create(6, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));

    /* 16 @ 7 x 7, 2,416 parameters */
    cnn_net_add(net, cnn_conv2d_create(16, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));

    /* 120 units, 94,200 parameters */
    cnn_net_add(net, cnn_dense_create(120, &dense));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));

    /* 10 classes, 1,210 parameters */
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

static const example lenet5_relu = {
    .name = "lenet5_relu",
    .about = "Trains LeNet-5 with ReLU (97,982 parameters) to read digits, "
             "tests it, and classifies the images it is given.",
    .network = network,

    /* As it was published: plain gradient descent on the summed loss. */
    .as_published = {.weights = {CNN_INIT_TRUNCATED_NORMAL, 0.1f},
                     .biases = {CNN_INIT_CONSTANT, 0.1f},
                     .reduction = CNN_REDUCE_SUM,
                     .optimizer = "sgd",
                     .lr = 1e-4f,
                     .schedule = CONSTANT,
                     .batch = 200,
                     .steps = 300,
                     .eval_every = 10,
                     .hold_out = true},

    /* As one would train it today. */
    .tuned = {.weights = {CNN_INIT_HE_NORMAL, 0},
              .biases = {CNN_INIT_CONSTANT, 0},
              .reduction = CNN_REDUCE_MEAN,
              .optimizer = "adamw",
              .weight_decay = 0.1f,
              .lr = 4e-3f,
              .schedule = ONE_CYCLE,
              .batch = 100,
              .epochs = 7},
};

int main(int argc, char **argv)
{
    return example_main(&lenet5_relu, argc, argv);
}
