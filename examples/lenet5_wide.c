/* LeNet-5 with ReLU and many more filters, on 28 x 28 images of digits. */
#include "programs/example.h"

/* Convolutions are told to pad with zeros, so that they leave height and width
 * as they are; by default they do not pad (CNN_PAD_VALID). */
static cnn_net *network(const recipe *r)
{
    cnn_conv2d_options conv = recipe_conv2d(r);
    const cnn_dense_options dense = recipe_dense(r);
    cnn_net *net = cnn_net_create();

    conv.padding = CNN_PAD_SAME;

    /* 32 @ 14 x 14, 832 parameters */
    cnn_net_add(net, cnn_conv2d_create(32, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));

    /* 64 @ 7 x 7, 51,264 parameters */
    cnn_net_add(net, cnn_conv2d_create(64, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));

    /* 1,024 units, 3,212,288 parameters */
    cnn_net_add(net, cnn_dense_create(1024, &dense));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));

    /* 10 classes, 10,250 parameters */
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

static const example lenet5_wide = {
    .name = "lenet5_wide",
    .about = "Trains LeNet-5 with 32, 64 and 1,024 units (3,274,634 "
             "parameters) to read digits, tests it, and classifies the images "
             "it is given.",
    .network = network,

    /* As it was published: plain gradient descent on the summed loss. */
    .as_published = {.weights = {CNN_INIT_TRUNCATED_NORMAL, 0.1f},
                     .biases = {CNN_INIT_CONSTANT, 0.1f},
                     .reduction = CNN_REDUCE_SUM,
                     .optimizer = "sgd",
                     .lr = 1e-4f,
                     .batch = 200,
                     .steps = 1000,
                     .eval_every = 2,
                     .hold_out = true},

    /* As one would train it today. */
    .tuned = {.weights = {CNN_INIT_HE_NORMAL, 0},
              .biases = {CNN_INIT_CONSTANT, 0},
              .reduction = CNN_REDUCE_MEAN,
              .optimizer = "adamw",
              .weight_decay = 0.1f,
              .lr = 2e-3f,
              .schedule = ONE_CYCLE,
              .batch = 100,
              .epochs = 6,
              .augmented_epochs = 16},
};

int main(int argc, char **argv)
{
    return example_main(&lenet5_wide, argc, argv);
}
