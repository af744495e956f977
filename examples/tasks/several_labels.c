/* Several labels at once: which digits are there? Each image holds two, side by
 * side, and each of the ten outputs says by itself whether its digit is one of
 * them: sigmoid and binary cross-entropy instead of softmax.
 *
 *     sh examples/run.sh several_labels */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "images/data.h"
#include "images/samples.h"
#include "programs/task.h"
#include "support/failure.h"

enum { SIDE = 28, WIDTH = 2 * SIDE, PIXELS = SIDE * WIDTH, DIGITS = 10 };

static const cnn_shape in = {1, SIDE, WIDTH}, out = {DIGITS, 1, 1};

/* Pairs of digits; targets are 1 for those that are there, else 0. */
static samples pair_up(const cnn_dataset *digits, uint32_t seed)
{
    const int64_t count = cnn_dataset_count(digits);
    samples s = samples_open(count, in, out);
    GRand *random = g_rand_new_with_seed(seed);

    for (int64_t n = 0; n < count; n++) {
        const int64_t two[] = {n, g_rand_int_range(random, 0, (int)count)};
        float digit[2][SIDE][SIDE], *x = s.x + n * PIXELS;
        int32_t labels[2];

        check(cnn_dataset_read(digits, 2, two, &digit[0][0][0], labels), NULL);
        for (int i = 0; i < 2 * SIDE; i++) /* row by row, left and right */
            memcpy(x + i * SIDE, digit[i % 2][i / 2], sizeof(digit[0][0]));
        s.targets[n * DIGITS + labels[0]] = 1;
        s.targets[n * DIGITS + labels[1]] = 1;
    }
    g_rand_free(random);
    samples_wrap(&s);
    return s;
}

static cnn_net *network(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(16, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_conv2d_create(32, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(128, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_dense_create(DIGITS, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_SIGMOID, NULL));
    cnn_net_set_loss(net, CNN_LOSS_BINARY_CROSS_ENTROPY, CNN_REDUCE_MEAN);
    return net;
}

int main(int argc, char **argv)
{
    task t = {.about = "Learns which digits are in an image of two.",
              .recipe = {.optimizer = "adamw",
                         .lr = 3e-3f,
                         .schedule = ONE_CYCLE,
                         .batch = 100,
                         .epochs = 4}};
    cnn_scores found = {.struct_size = sizeof(found)};
    data d;

    task_start(&t, argc, argv);
    data_find(&d, t.run.data, &(pixels){0}, false);
    data_print(&d);
    samples train = pair_up(d.train, t.run.seed), test = pair_up(d.test, 0);
    cnn_net *net = network();

    check(cnn_net_build(net, &in, t.recipe.batch, t.run.seed), NULL);
    task_train(&t, NULL, net, train.data);
    check(cnn_net_score(net, test.data, NULL, &found, NULL), NULL);
    printf("all labels right: %.4f of %lld images; F1 %.4f\n", found.accuracy,
           (long long)found.count, found.micro_f1);

    const int code = task_end(&t, net, 0);
    samples_free(&train);
    samples_free(&test);
    cnn_net_free(net);
    data_free(&d);
    return code;
}
