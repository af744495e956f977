/*
 * Trains a small convolutional net on images of digits, prints how many of the
 * test images it gets right, and saves the net:
 *
 *     cc train_digits.c -o train_digits $(pkg-config --cflags --libs libcnn)
 *     ./train_digits digits.safetensors train-images-idx3-ubyte \
 *         train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte
 *
 * The four IDX files may be those of MNIST or others. Without them the program
 * draws images. predict_digits.c uses the model.
 */
#include <cnn/cnn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 28, TRAIN = 3000, TEST = 500, BATCH = 50, EPOCHS = 3 };

static uint8_t images[TRAIN + TEST][SIDE][SIDE];
static int32_t labels[TRAIN + TEST];

static void check(int fine)
{
    if (fine)
        return;
    fprintf(stderr, "train_digits: %s\n", cnn_last_error());
    exit(EXIT_FAILURE);
}

/* Instead of digits: the larger the label, the lower the bar. */
static void draw(int i)
{
    const int label = i % 10, left = rand() % 12;

    labels[i] = label;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const int bar = y / 2 == label + 1 && x >= left && x < left + 16;
            images[i][y][x] = (uint8_t)(rand() % 100 + 150 * bar);
        }
}

/* Called after each step; anything but 0 would end the training. */
static int32_t show(void *user, const cnn_progress *now)
{
    if (now->step % 50 == 0)
        fprintf(user, "epoch %" PRId64 ", step %" PRId64 ": loss %.4f\n",
                now->epoch, now->step, now->metrics.loss);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 6) {
        fprintf(stderr, "usage: train_digits MODEL [FOUR IDX FILES]\n");
        return 64;
    }
    cnn_shape in = {1, SIDE, SIDE}; /* channels, height, width */
    cnn_dataset *train, *test, *drawn = NULL;
    if (argc == 6) {
        check((train = cnn_dataset_load(argv[2], argv[3], NULL)) != NULL);
        check((test = cnn_dataset_load(argv[4], argv[5], NULL)) != NULL);
    } else {
        for (int i = 0; i < TRAIN + TEST; i++)
            draw(i);
        drawn = cnn_dataset_wrap_u8(&in, TRAIN + TEST, **images, labels, NULL);
        check(drawn != NULL);
        check((train = cnn_dataset_slice(drawn, 0, TRAIN)) != NULL);
        check((test = cnn_dataset_slice(drawn, TRAIN, TEST)) != NULL);
    }

    /* The build also reports errors of the description above. */
    cnn_net *net = cnn_net_create();
    cnn_net_add(net, cnn_conv2d_create(8, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(cnn_dataset_classes(train), NULL));
    cnn_net_add(net, cnn_softmax_create());
    check(cnn_dataset_shape(train, &in) == CNN_OK);
    check(cnn_net_build(net, &in, BATCH, 1) == CNN_OK);

    cnn_optim *adam = cnn_adam_create(1e-3f, NULL);
    check(adam != NULL);
    cnn_trainer *trainer = cnn_trainer_create(net, adam, train, NULL);
    check(trainer != NULL);
    const int64_t steps = EPOCHS * cnn_dataset_count(train) / BATCH;
    cnn_metrics found;
    check(cnn_trainer_run(trainer, steps, show, stdout) == CNN_OK);
    check(cnn_net_evaluate(net, test, &found, NULL) == CNN_OK);
    printf("%" PRId64 " of %" PRId64 " right\n", found.correct, found.count);
    check(cnn_net_save(net, argv[1]) == CNN_OK);

    cnn_trainer_free(trainer); /* before the objects that it borrowed */
    cnn_optim_free(adam);
    cnn_net_free(net);
    cnn_dataset_free(test);
    cnn_dataset_free(train);
    cnn_dataset_free(drawn);
    return 0;
}
