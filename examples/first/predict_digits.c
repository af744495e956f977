/*
 * Loads a model and prints the class of each of ten images, with its
 * probability:
 *
 *     cc predict_digits.c -o predict_digits \
 *         $(pkg-config --cflags --libs libcnn)
 *     ./predict_digits digits.safetensors t10k-images-idx3-ubyte \
 *         t10k-labels-idx1-ubyte
 *
 * train_digits.c makes the model. If it trained without IDX files, leave them
 * out here too: then this program draws images of the same kind.
 */
#include <cnn/cnn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 28, COUNT = 10 };

static uint8_t images[COUNT][SIDE][SIDE];
static int32_t labels[COUNT];

static void fail(const char *why)
{
    fprintf(stderr, "predict_digits: %s\n", why);
    exit(EXIT_FAILURE);
}

static void check(int fine)
{
    if (!fine)
        fail(cnn_last_error());
}

/* As in train_digits.c. */
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

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: predict_digits MODEL [IMAGES LABELS]\n");
        return 64;
    }
    cnn_shape in, out, image = {1, SIDE, SIDE};
    cnn_dataset *data;
    cnn_net *net = cnn_net_load(argv[1], COUNT); /* all images at once */
    check(net != NULL);
    if (argc == 4) {
        data = cnn_dataset_load(argv[2], argv[3], NULL);
    } else {
        srand(2); /* other images than in training */
        for (int i = 0; i < COUNT; i++)
            draw(i);
        data = cnn_dataset_wrap_u8(&image, COUNT, **images, labels, NULL);
    }
    check(data != NULL);

    /* Arrays carry no sizes, so the program sees whether they fit. Outputs are
     * probabilities if they come out of a softmax layer. */
    check(cnn_dataset_shape(data, &image) == CNN_OK);
    check(cnn_net_in_shape(net, &in) == CNN_OK);
    check(cnn_net_out_shape(net, &out) == CNN_OK);
    cnn_layer *top = cnn_net_layer(net, cnn_net_layer_count(net) - 1);
    if (memcmp(&image, &in, sizeof(in)) != 0 ||
        cnn_dataset_count(data) < COUNT ||
        strcmp(cnn_layer_kind(top), "softmax") != 0)
        fail("model and images do not fit, or fewer than ten images");
    const size_t classes = (size_t)out.c * (size_t)out.h * (size_t)out.w;
    const size_t pixels = (size_t)in.c * (size_t)in.h * (size_t)in.w;
    float *x = calloc(COUNT * pixels, sizeof(float));
    float *y = calloc(COUNT * classes, sizeof(float));
    if (x == NULL || y == NULL)
        fail("out of memory");
    check(cnn_dataset_read(data, COUNT, NULL, x, labels) == CNN_OK);
    check(cnn_net_predict(net, COUNT, x, y) == CNN_OK);
    for (size_t i = 0; i < COUNT; i++) {
        size_t best = i * classes;
        for (size_t k = best; k < (i + 1) * classes; k++)
            best = y[k] > y[best] ? k : best;
        printf("image %zu: class %zu, probability %.4f (label %d)\n", i,
               best % classes, (double)y[best], labels[i]);
    }
    free(y);
    free(x);
    cnn_dataset_free(data);
    cnn_net_free(net);
    return 0;
}
