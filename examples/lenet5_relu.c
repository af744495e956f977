/* LeNet-5 with ReLU, on 28 x 28 images of digits.
 *
 * What is particular to this network is the two tables below; how it is built,
 * trained and shown is in common/, which all networks share:
 * running/network.c makes the layers, running/training_run.c runs them,
 * programs/example.c is the program around both. */
#include "programs/example.h"

/* clang-format off */
static const layer network[] = {          /* output        parameters */
    {CONV, 6, 5}, {RELU}, {MAXPOOL, 2},   /*  6 @ 14 x 14         156 */
    {CONV, 16, 5}, {RELU}, {MAXPOOL, 2},  /* 16 @ 7 x 7         2,416 */
    {DENSE, 120}, {RELU},                 /* 120               94,200 */
    {DENSE, 10}, {SOFTMAX},               /* 10                 1,210 */
    {END}
};
/* clang-format on */

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
