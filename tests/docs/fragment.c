/* Where a fragment of a document stands: everything that such fragments take
 * for granted. test_blocks.py puts one in place of the last comment. */
#include <cnn/cnn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 20, PIXELS = 28 * 28, CLASSES = 10 };

static void check(cnn_status status)
{
    if (status == CNN_OK)
        return;
    fprintf(stderr, "%s\n", cnn_last_error());
    exit(EXIT_FAILURE);
}

static cnn_net *make_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(4, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(4, 4, NULL));
    cnn_net_add(net, cnn_dense_create(CLASSES, NULL));
    check(cnn_net_build(net, &(cnn_shape){1, 28, 28}, BATCH, 1));
    return net;
}

static cnn_dataset *load(const char *images, const char *labels)
{
    cnn_dataset *data = cnn_dataset_load(images, labels, NULL);

    if (data == NULL)
        check(cnn_last_status());
    return data;
}

int main(void)
{
    static float x[BATCH * PIXELS], y[BATCH * CLASSES], dy[BATCH * CLASSES];
    static int32_t labels[BATCH];
    cnn_dataset *train =
        load("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    cnn_dataset *test =
        load("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    cnn_net *net = make_net();
    cnn_optim *optim = cnn_adam_create(1e-3f, NULL);
    cnn_trainer *trainer = cnn_trainer_create(net, optim, train, NULL);

    check(cnn_dataset_read(train, BATCH, NULL, x, labels));
    memset(dy, 0, sizeof(dy));
    memset(y, 0, sizeof(y));
    {
        /* BLOCK */
    }
    cnn_trainer_free(trainer);
    cnn_optim_free(optim);
    cnn_net_free(net);
    cnn_dataset_free(test);
    cnn_dataset_free(train);
    return EXIT_SUCCESS;
}
