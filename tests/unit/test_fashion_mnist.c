/* The real Fashion-MNIST, as Debian's dataset-fashion-mnist installs it. */
#include <stdio.h>
#include <stdlib.h>

#include <unistd.h>

#include <zlib.h>

#include "support/near.h"

#define FOLDER "/usr/share/datasets/fashion-mnist/"
#define PIXELS ((size_t)784)

typedef struct part {
    const char *images, *labels;
    int32_t count;
    int32_t first[10]; /* labels, from a look at the file */
} part;

static const part parts[] = {
    {FOLDER "train-images-idx3-ubyte.gz",
     FOLDER "train-labels-idx1-ubyte.gz",
     60000,
     {9, 0, 0, 3, 0, 2, 7, 2, 5, 5}},
    {FOLDER "t10k-images-idx3-ubyte.gz",
     FOLDER "t10k-labels-idx1-ubyte.gz",
     10000,
     {9, 2, 1, 1, 6, 1, 4, 6, 5, 7}},
};

static void need(const part *p)
{
    if (access(p->images, R_OK) == 0 && access(p->labels, R_OK) == 0)
        return;
    print_message("skipped: no %s (Debian's dataset-fashion-mnist)\n",
                  p->images);
    skip();
}

/* The same file inflated by gzread(), zlib's own way. */
static uint8_t *inflate_file(const char *path, size_t room, size_t *size)
{
    uint8_t *data = malloc(room);
    gzFile file = gzopen(path, "rb");

    assert_non_null(data);
    assert_non_null(file);
    *size = (size_t)gzread(file, data, (unsigned)room);
    assert_true(*size < room);
    assert_int_equal(gzclose(file), Z_OK);
    return data;
}

static void check_part(const part *p)
{
    int32_t histogram[10] = {0};
    float x[PIXELS];
    cnn_shape shape;

    need(p);
    cnn_dataset *d = cnn_dataset_load(p->images, p->labels, NULL);
    assert_non_null(d);
    assert_int_equal(cnn_dataset_count(d), p->count);
    assert_int_equal(cnn_dataset_classes(d), 10);
    assert_int_equal(cnn_dataset_shape(d, &shape), CNN_OK);
    assert_memory_equal(&shape, &((cnn_shape){1, 28, 28}), sizeof(shape));

    size_t images_size, labels_size;
    uint8_t *images = inflate_file(p->images, 50000000, &images_size);
    uint8_t *labels = inflate_file(p->labels, 70000, &labels_size);
    assert_int_equal(images_size, 16 + PIXELS * (size_t)p->count);
    assert_int_equal(labels_size, 8 + p->count);
    for (int32_t i = 0; i < p->count; i++) {
        const uint8_t *image = images + 16 + PIXELS * (size_t)i;
        int32_t label, wrong = 0;

        assert_int_equal(cnn_dataset_read(d, 1, &(int64_t){i}, x, &label),
                         CNN_OK);
        for (size_t j = 0; j < PIXELS; j++)
            wrong += x[j] != (float)image[j] * (1.0f / 255.0f);
        assert_int_equal(wrong, 0);
        assert_int_equal(label, labels[8 + i]);
        histogram[label]++;
        if (i < 10)
            assert_int_equal(label, p->first[i]);
    }
    for (int k = 0; k < 10; k++)
        assert_int_equal(histogram[k], p->count / 10);

    cnn_dataset *raw =
        cnn_dataset_load_memory(images, images_size, labels, labels_size, NULL);
    assert_non_null(raw);
    assert_int_equal(cnn_dataset_fingerprint(raw), cnn_dataset_fingerprint(d));
    cnn_dataset_free(raw);
    cnn_dataset_free(d);
    free(images);
    free(labels);
}

static void train(void **state)
{
    (void)state;
    check_part(&parts[0]);
}

static void test(void **state)
{
    (void)state;
    check_part(&parts[1]);
}

/* Images of one part, labels of the other. */
static void mixed_up(void **state)
{
    (void)state;
    need(&parts[0]);
    need(&parts[1]);
    assert_null(cnn_dataset_load(parts[1].images, parts[0].labels, NULL));
    assert_error(CNN_EFORMAT, "t10k-images-idx3-ubyte.gz holds 10000 images");
    assert_error(CNN_EFORMAT, "train-labels-idx1-ubyte.gz 60000 labels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(train),
        cmocka_unit_test(test),
        cmocka_unit_test(mixed_up),
    };

    return cmocka_run_group_tests_name("fashion_mnist", tests, NULL, NULL);
}
