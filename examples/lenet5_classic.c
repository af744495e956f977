/* LeNet-5 as it was in 1998, all eight layers (Y. LeCun, L. Bottou, Y. Bengio,
 * P. Haffner: Gradient-Based Learning Applied to Document Recognition, Proc.
 * IEEE 86), on 28 x 28 images in the middle of 32 x 32. */
#include "programs/example.h"

/* clang-format off */
/* Which maps of S2 (rows) each map of C3 (columns) sees; table I there. */
static const char *const c3[] = {
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
    NULL
};

/* LECUN_TANH is f(a) = 1.7159 tanh(2a / 3). */
static const layer network[] = {                /*  output      parameters */
    {CONV, 6, 5, VALID}, {LECUN_TANH},      /* C1    6 @ 28 x 28       156 */
    {SUBSAMPLE, 2}, {LECUN_TANH},           /* S2    6 @ 14 x 14        12 */
    {CONV, 16, 5, VALID, c3}, {LECUN_TANH}, /* C3   16 @ 10 x 10     1,516 */
    {SUBSAMPLE, 2}, {LECUN_TANH},           /* S4   16 @ 5 x 5          32 */
    {CONV, 120, 5, VALID}, {LECUN_TANH},    /* C5  120 @ 1 x 1      48,120 */
    {DENSE, 84}, {LECUN_TANH},              /* F6   84              10,164 */
    {END}
};
/* clang-format on */

static const example lenet5_classic = {
    .name = "lenet5_classic",
    .about = "Trains LeNet-5 of 1998 (60,000 parameters) to read digits, "
             "tests it, and classifies the images it is given.",
    .network = network,

    /* The distances of F6 to a fixed 7 x 12 picture of each digit; or what one
     * puts there since, with 850 parameters more. */
    .heads = {{"rbf", {{RBF, 10}, {END}}, CNN_LOSS_LENET_MAP},
              {"softmax",
               {{DENSE, 10}, {SOFTMAX}, {END}},
               CNN_LOSS_SOFTMAX_CROSS_ENTROPY}},

    /* Background and ink, so that a mean image is about 0 and its variance
     * about 1. */
    .pixels = {.margin = 2, .low = -0.1f, .high = 1.175f},

    /* As it was published: 20 passes over all images, one image at a time, with
     * a learning rate that falls to a fiftieth. There it is scaled for each
     * weight by an estimate of the second derivative; here it is one for all.
     */
    .as_published = {.weights = {CNN_INIT_LECUN, 0},
                     .biases = {CNN_INIT_CONSTANT, 0},
                     .reduction = CNN_REDUCE_MEAN,
                     .optimizer = "sgd",
                     .lr = 1e-3f,
                     .schedule = DECAY,
                     .batch = 1,
                     .epochs = 20},

    /* As one would train it today. */
    .tuned = {.weights = {CNN_INIT_GLOROT_UNIFORM, 0},
              .biases = {CNN_INIT_CONSTANT, 0},
              .reduction = CNN_REDUCE_MEAN,
              .optimizer = "adamw",
              .weight_decay = 0.3f,
              .lr = 5e-3f,
              .schedule = ONE_CYCLE,
              .batch = 100,
              .epochs = 12,
              .augmented_epochs = 20},
};

int main(int argc, char **argv)
{
    return example_main(&lenet5_classic, argc, argv);
}
