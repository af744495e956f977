/*
 * Trains a net to tell upright bars from level ones in small noisy images.
 * Saves the net, loads it again, and tests it on new images:
 *
 *     bars [MODEL]
 */
#include <cnn/cnn.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 12, PIXELS = SIDE * SIDE, CLASSES = 2, TRAIN = 600, TEST = 200 };

static float images[TRAIN + TEST][PIXELS];
static int32_t labels[TRAIN + TEST];

static void check(int fine)
{
    if (fine)
        return;
    fprintf(stderr, "bars: %s\n", cnn_last_error());
    exit(EXIT_FAILURE);
}

/* Label 0 is a level bar, 1 an upright one. */
static void draw(float *image, int32_t label)
{
    const int at = rand() % SIDE, first = rand() % (SIDE / 2);

    for (int i = 0; i < PIXELS; i++)
        image[i] = (float)rand() / (float)RAND_MAX * 0.7f;
    for (int i = first; i < first + SIDE / 2; i++)
        image[label == 0 ? at * SIDE + i : i * SIDE + at] += 0.6f;
}

static void train(const char *path)
{
    const cnn_shape in = {1, SIDE, SIDE};
    cnn_dataset *data =
        cnn_dataset_wrap_f32(&in, TRAIN, images[0], labels, NULL);
    cnn_optim *adam = cnn_adam_create(3e-3f, NULL);
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(8, 8, NULL));
    cnn_net_add(net, cnn_dense_create(CLASSES, NULL));
    cnn_net_add(net, cnn_softmax_create());
    check(cnn_net_build(net, &in, 50, 1) == CNN_OK);

    cnn_trainer *trainer = cnn_trainer_create(net, adam, data, NULL);
    check(trainer != NULL);
    check(cnn_trainer_run(trainer, 400, NULL, NULL) == CNN_OK);
    check(cnn_net_save(net, path) == CNN_OK);
    cnn_trainer_free(trainer);
    cnn_net_free(net);
    cnn_optim_free(adam);
    cnn_dataset_free(data);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "bars.safetensors";
    static float y[TEST][CLASSES];
    int right = 0;

    for (int i = 0; i < TRAIN + TEST; i++)
        draw(images[i], labels[i] = i % CLASSES);
    train(path);

    cnn_net *net = cnn_net_load(path, 50);
    check(net != NULL);
    check(cnn_net_predict(net, TEST, images[TRAIN], y[0]) == CNN_OK);
    for (int i = 0; i < TEST; i++)
        right += (y[i][1] > y[i][0]) == labels[TRAIN + i];
    printf("%s: %d of %d new images recognised\n", path, right, TEST);
    cnn_net_free(net);
    return right > TEST * 9 / 10 ? EXIT_SUCCESS : EXIT_FAILURE;
}
