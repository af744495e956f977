/*
 * Training from a file that need not fit into memory: it is mapped, so that
 * the system reads what is used, and keeps what there is room for:
 *
 *     cc mapped.c -o mapped $(pkg-config --cflags --libs libcnn) -lm
 *     ./mapped [FILE]
 *
 * FILE holds the images as bytes, then the labels as int32_t. If it is not
 * there, it is written first; without a name, a file that is gone at the end.
 */
#define _POSIX_C_SOURCE 200809L

#include <cnn/cnn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { COUNT = 20000, SIDE = 16, PIXELS = SIDE * SIDE, CLASSES = 4 };

static const cnn_shape shape = {1, SIDE, SIDE};
static const size_t size = (size_t)COUNT * (PIXELS + sizeof(int32_t));

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void check(cnn_status status)
{
    if (status == CNN_OK)
        return;
    fprintf(stderr, "mapped: %s\n", cnn_last_error());
    exit(EXIT_FAILURE);
}

/* Spots, whose quarter of the image is the class, in noise. */
static void write_to(FILE *file)
{
    unsigned char x[PIXELS];

    for (int n = 0; n < COUNT; n++) {
        const double row = n % 4 / 2 * 8 + 2 + rand() % 4;
        const double col = n % 2 * 8 + 2 + rand() % 4;
        for (int i = 0; i < PIXELS; i++)
            x[i] = (unsigned char)(rand() % 60 +
                                   190 / (1 + hypot(i / SIDE - row,
                                                    i % SIDE - col)));
        fwrite(x, 1, PIXELS, file);
    }
    for (int32_t n = 0; n < COUNT; n++)
        fwrite(&(int32_t){n % 4}, sizeof(int32_t), 1, file);
    if (fflush(file) != 0 || ferror(file))
        fail("writing");
}

int main(int argc, char **argv)
{
    cnn_net *net = cnn_net_create();
    cnn_optim *sgd = cnn_sgd_create(0.05f, NULL);
    cnn_metrics m;

    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        file = argc > 1 ? fopen(argv[1], "w+b") : tmpfile();
        if (file == NULL)
            fail(argc > 1 ? argv[1] : "a temporary file");
        write_to(file);
    }
    if (fseek(file, 0, SEEK_END) != 0 || ftell(file) != (long)size) {
        fprintf(stderr, "mapped: %s is not of %zu bytes\n", argv[1], size);
        return EXIT_FAILURE;
    }
    const void *data = mmap(NULL, size, PROT_READ, MAP_SHARED, fileno(file), 0);
    if (data == MAP_FAILED)
        fail("mmap");
    /* Nothing is read here but the labels. */
    const uint8_t *images = data;
    const int32_t *labels = (const void *)(images + (size_t)COUNT * PIXELS);
    cnn_dataset *all = cnn_dataset_wrap_u8(&shape, COUNT, images, labels, NULL);
    cnn_dataset *test = cnn_dataset_slice(all, 0, COUNT / 10);
    cnn_dataset *train = cnn_dataset_slice(all, COUNT / 10, COUNT * 9 / 10);

    cnn_net_add(net, cnn_conv2d_create(8, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(CLASSES, NULL));
    check(cnn_net_build(net, &shape, 50, 1));
    /* A page that is not in memory is waited for: a thread does that. */
    const cnn_trainer_options ahead = {.struct_size = sizeof(ahead),
                                       .read_ahead = 2};
    cnn_trainer *trainer = cnn_trainer_create(net, sgd, train, &ahead);
    check(cnn_trainer_run(trainer, COUNT / 50, NULL, NULL));
    check(cnn_net_evaluate(net, test, &m, NULL));
    printf("%lld of %lld right\n", (long long)m.correct, (long long)m.count);
    return m.correct > m.count * 9 / 10 ? EXIT_SUCCESS : EXIT_FAILURE;
}
