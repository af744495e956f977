/* LeNet-5 with sigmoid units, on 28 x 28 images of digits: the network that a
 * well-known tutorial begins with. */
#include "programs/example.h"

/* clang-format off */
static const layer network[] = {             /* output         parameters */
    {CONV, 6, 5}, {SIGMOID}, {MAXPOOL, 2},   /*   6 @ 14 x 14         156 */
    {CONV, 16, 5}, {SIGMOID}, {MAXPOOL, 2},  /*  16 @ 7 x 7         2,416 */
    {CONV, 120, 5}, {SIGMOID},               /* 120 @ 7 x 7        48,120 */
    {DENSE, 80}, {SIGMOID},                  /*  80               470,480 */
    {DENSE, 10}, {SOFTMAX},                  /*  10                   810 */
    {END}
};
/* clang-format on */

static const example lenet5_sigmoid = {
    .name = "lenet5_sigmoid",
    .about = "Trains LeNet-5 with sigmoid units (521,982 parameters) to read "
             "digits, tests it, and classifies the images it is given.",
    .network = network,

    /* As it was published: plain gradient descent on the summed loss, from
     * large weights. */
    .as_published = {.weights = {CNN_INIT_TRUNCATED_NORMAL, 1},
                     .biases = {CNN_INIT_TRUNCATED_NORMAL, 1},
                     .reduction = CNN_REDUCE_SUM,
                     .optimizer = "sgd",
                     .lr = 1e-3f,
                     .batch = 200,
                     .steps = 20000,
                     .eval_every = 2,
                     .hold_out = true},

    /* As one would train it today. */
    .tuned = {.weights = {CNN_INIT_HE_NORMAL, 0},
              .biases = {CNN_INIT_CONSTANT, 0},
              .reduction = CNN_REDUCE_MEAN,
              .optimizer = "adamw",
              .weight_decay = 0.1f,
              .lr = 5e-3f,
              .schedule = ONE_CYCLE,
              .batch = 100,
              .epochs = 8},
};

int main(int argc, char **argv)
{
    return example_main(&lenet5_sigmoid, argc, argv);
}
