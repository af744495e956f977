/* LeNet-5 as it was in 1998, all eight layers (Y. LeCun, L. Bottou, Y. Bengio,
 * P. Haffner: Gradient-Based Learning Applied to Document Recognition, Proc.
 * IEEE 86), on 28 x 28 images in the middle of 32 x 32. Convolutions do not
 * pad, as is the library's default. */
#include "programs/example.h"
#include "support/failure.h"

/* Table I of the paper: which maps of S2 (rows) a map of C3 (columns) sees. */
enum { S2_MAPS = 6, C3_MAPS = 16 };
static const char *const seen[S2_MAPS] = {
    "X...XXX..XXXX.XX", "XX...XXX..XXXX.X", "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX", "..XXX..XXXX.XX.X", "...XXX..XXXX.XXX",
};

static cnn_layer *create_c3(const cnn_conv2d_options *options)
{
    cnn_layer *c3 = cnn_conv2d_create(C3_MAPS, 5, 5, options);
    uint8_t table[C3_MAPS][S2_MAPS];

    for (int i = 0; i < C3_MAPS; i++)
        for (int j = 0; j < S2_MAPS; j++)
            table[i][j] = seen[j][i] == 'X';
    check(cnn_conv2d_set_table(c3, C3_MAPS, S2_MAPS, *table), NULL);
    return c3;
}

/* Up to F6. CNN_LECUN_TANH is f(a) = 1.7159 tanh(2a / 3). */
static cnn_net *network(const recipe *r)
{
    const cnn_conv2d_options conv = recipe_conv2d(r);
    const cnn_dense_options dense = recipe_dense(r);
    cnn_net *net = cnn_net_create();

    /* C1: 6 @ 28 x 28, 156 parameters; S2: 6 @ 14 x 14, 12 parameters */
    cnn_net_add(net, cnn_conv2d_create(6, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));
    cnn_net_add(net, cnn_subsample2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));

    /* C3: 16 @ 10 x 10, 1,516 parameters; S4: 16 @ 5 x 5, 32 parameters */
    cnn_net_add(net, create_c3(&conv));
    cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));
    cnn_net_add(net, cnn_subsample2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));

    /* C5: 120 @ 1 x 1, 48,120 parameters */
    cnn_net_add(net, cnn_conv2d_create(120, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));

    /* F6: 84 units, 10,164 parameters */
    cnn_net_add(net, cnn_dense_create(84, &dense));
    cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));
    return net;
}

/* The distances of F6 to a fixed 7 x 12 picture of each digit. */
static void add_rbf(cnn_net *net, const recipe *r)
{
    (void)r;
    cnn_net_add(net, cnn_rbf_create(10, NULL));
}

/* The usual head of today, with 850 parameters more. */
static void add_softmax(cnn_net *net, const recipe *r)
{
    const cnn_dense_options dense = recipe_dense(r);

    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
}

static const example lenet5_classic = {
    .name = "lenet5_classic",
    .about = "Trains LeNet-5 of 1998 (60,000 parameters) to read digits, "
             "tests it, and classifies the images it is given.",
    .network = network,

    .heads = {{"rbf", add_rbf, CNN_LOSS_LENET_MAP},
              {"softmax", add_softmax, CNN_LOSS_SOFTMAX_CROSS_ENTROPY}},

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
