/* LeNet-5 with ReLU and many more filters, on 28 x 28 images of digits. */
#include "programs/example.h"

/* clang-format off */
static const layer network[] = {          /* output        parameters */
    {CONV, 32, 5}, {RELU}, {MAXPOOL, 2},  /* 32 @ 14 x 14         832 */
    {CONV, 64, 5}, {RELU}, {MAXPOOL, 2},  /* 64 @ 7 x 7        51,264 */
    {DENSE, 1024}, {RELU},                /* 1,024          3,212,288 */
    {DENSE, 10}, {SOFTMAX},               /* 10                10,250 */
    {END}
};
/* clang-format on */

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
