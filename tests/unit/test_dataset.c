/* Datasets: loaded, wrapped, sliced, read. */
#include <math.h>
#include <string.h>

#include "support/idx_bytes.h"
#include "support/near.h"
#include "support/temp_file.h"

#define COUNT 4 /* samples of the little dataset, 2x3 each */

static const cnn_shape shape = {1, 2, 3};
static const uint8_t pixels[COUNT * 6] = {
    0,  1,  2,  3,  4,  5,  10, 11, 12, 13, 14, 15,
    20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 255,
};
static const uint8_t marks[COUNT] = {3, 0, 7, 1};
static const int32_t labels[COUNT] = {3, 0, 7, 1};

/* The two files, and how large they are. */
static uint8_t images_idx[100], labels_idx[100];
static size_t images_size, labels_size;

static int make_files(void **state)
{
    const uint32_t dims[] = {COUNT, 2, 3};

    (void)state;
    images_size = make_idx(images_idx, 8, 3, dims, pixels, sizeof(pixels));
    labels_size = make_idx(labels_idx, 8, 1, dims, marks, sizeof(marks));
    return 0;
}

static cnn_dataset *wrap_pixels(const cnn_dataset_options *options)
{
    cnn_dataset *d =
        cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, options);

    assert_non_null(d);
    return d;
}

/* Is it the little dataset, with pixels in 0..1? */
static void assert_little(const cnn_dataset *d)
{
    float x[COUNT * 6], want[COUNT * 6];
    int32_t got[COUNT];
    cnn_shape s;

    assert_non_null(d);
    assert_int_equal(cnn_dataset_count(d), COUNT);
    assert_int_equal(cnn_dataset_classes(d), 8);
    assert_int_equal(cnn_dataset_shape(d, &s), CNN_OK);
    assert_memory_equal(&s, &shape, sizeof(s));
    assert_int_equal(cnn_dataset_read(d, COUNT, NULL, x, got), CNN_OK);
    for (int i = 0; i < COUNT * 6; i++)
        want[i] = (float)pixels[i] * (1.0f / 255.0f);
    assert_same_bits(x, want, COUNT * 6);
    assert_memory_equal(got, labels, sizeof(got));
}

static void load_files(void **state)
{
    uint8_t packed[200];
    const char *images = temp_write("images", images_idx, images_size);
    const char *marks_gz =
        temp_write("labels.gz", packed,
                   make_gzip(packed, sizeof(packed), labels_idx, labels_size));
    /* Names do not matter: raw content under a name that ends in .gz. */
    const char *marks_raw = temp_write("raw.gz", labels_idx, labels_size);
    const char *images_gz =
        temp_write("packed", packed,
                   make_gzip(packed, sizeof(packed), images_idx, images_size));
    const char *pairs[][2] = {
        {images, marks_raw},
        {images, marks_gz},
        {images_gz, marks_raw},
        {images_gz, marks_gz},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        cnn_dataset *d = cnn_dataset_load(pairs[i][0], pairs[i][1], NULL);

        assert_little(d);
        cnn_dataset_free(d);
    }
}

static void load_memory_copies(void **state)
{
    uint8_t images[100], marks_[100];

    (void)state;
    memcpy(images, images_idx, images_size);
    memcpy(marks_, labels_idx, labels_size);
    cnn_dataset *d =
        cnn_dataset_load_memory(images, images_size, marks_, labels_size, NULL);
    memset(images, 0, sizeof(images));
    memset(marks_, 0, sizeof(marks_));
    assert_little(d);
    cnn_dataset_free(d);
}

static void load_colour(void **state)
{
    const uint32_t dims[] = {2, 3, 2, 2};
    cnn_shape s;

    (void)state;
    const size_t n = make_idx(images_idx, 8, 4, dims, pixels, 24);
    labels_size = make_idx(labels_idx, 8, 1, dims, marks, 2);
    cnn_dataset *d =
        cnn_dataset_load_memory(images_idx, n, labels_idx, labels_size, NULL);
    assert_non_null(d);
    assert_int_equal(cnn_dataset_count(d), 2);
    assert_int_equal(cnn_dataset_shape(d, &s), CNN_OK);
    assert_memory_equal(&s, &((cnn_shape){3, 2, 2}), sizeof(s));
    cnn_dataset_free(d);
    make_files(NULL);
}

/* Each new label is the largest so far. */
static void load_classes(void **state)
{
    const uint32_t dims[] = {3, 1, 1};
    uint8_t x[30], y[30];
    const size_t n = make_idx(x, 8, 3, dims, pixels, 3);

    (void)state;
    for (uint8_t most = 0; most < 3; most++) {
        const uint8_t rising[] = {0, most > 0, most};
        cnn_dataset *d = cnn_dataset_load_memory(
            x, n, y, make_idx(y, 8, 1, dims, rising, 3), NULL);

        assert_int_equal(cnn_dataset_classes(d), most + 1);
        cnn_dataset_free(d);
    }
}

static void load_refuses(void **state)
{
    const uint32_t three = 3;
    const char *images = temp_write("images", images_idx, images_size);
    const char *marks_ = temp_write("labels", labels_idx, labels_size);

    (void)state;
    assert_null(cnn_dataset_load(NULL, marks_, NULL));
    assert_error(CNN_EINVAL, "the path of the images is NULL");
    assert_null(cnn_dataset_load(images, NULL, NULL));
    assert_error(CNN_EINVAL, "the path of the labels is NULL");
    assert_null(cnn_dataset_load_memory(NULL, 9, labels_idx, 9, NULL));
    assert_error(CNN_EINVAL, "images is NULL");
    assert_null(cnn_dataset_load_memory(images_idx, 9, NULL, 9, NULL));
    assert_error(CNN_EINVAL, "labels is NULL");

    assert_null(cnn_dataset_load(images, temp_path("missing"), NULL));
    assert_error(CNN_EIO, "missing: cannot open: No such file");
    assert_null(cnn_dataset_load(marks_, images, NULL));
    assert_error(CNN_EFORMAT, "labels: IDX of 1 dimensions, expected 3 to 4");
    assert_null(cnn_dataset_load(images, images, NULL));
    assert_error(CNN_EFORMAT, "images: IDX of 3 dimensions, expected 1");
    assert_null(cnn_dataset_load_memory(images_idx, images_size, labels_idx,
                                        labels_size - 1, NULL));
    assert_error(CNN_EFORMAT, "labels: cut short: 4 announces 4 bytes, but "
                              "there are 3");

    labels_size = make_idx(labels_idx, 8, 1, &three, marks, 3);
    marks_ = temp_write("labels", labels_idx, labels_size);
    assert_null(cnn_dataset_load(images, marks_, NULL));
    assert_error(CNN_EFORMAT, "images holds 4 images, but ");
    assert_error(CNN_EFORMAT, "labels 3 labels");
    make_files(NULL);
}

static void wrapped_arrays_are_borrowed(void **state)
{
    float images[] = {0.5f, -1.0f, INFINITY, 1e-40f};
    int32_t two[] = {0, INT32_MAX - 1};
    float x[4];

    (void)state;
    cnn_dataset *d =
        cnn_dataset_wrap_f32(&(cnn_shape){2, 1, 1}, 2, images, two, NULL);
    assert_non_null(d);
    assert_int_equal(cnn_dataset_classes(d), INT32_MAX);
    assert_int_equal(cnn_dataset_read(d, 2, NULL, x, NULL), CNN_OK);
    assert_same_bits(x, images, 4);
    images[1] = 8.0f;
    assert_int_equal(cnn_dataset_read(d, 2, NULL, x, NULL), CNN_OK);
    assert_same_bits(x, images, 4);
    cnn_dataset_free(d);

    d = wrap_pixels(NULL);
    assert_little(d);
    cnn_dataset_free(d);
    cnn_dataset_free(NULL);
}

static void wrap_refuses(void **state)
{
    const int32_t negative[] = {0, -1}, large[] = {0, INT32_MAX};
    const int32_t most = INT32_MAX;

    (void)state;
    assert_null(cnn_dataset_wrap_u8(NULL, 1, pixels, labels, NULL));
    assert_error(CNN_EINVAL, "shape is NULL");
    assert_null(
        cnn_dataset_wrap_u8(&(cnn_shape){1, 0, 3}, 1, pixels, labels, NULL));
    assert_error(CNN_EINVAL, "shape 1x0x3");
    assert_null(
        cnn_dataset_wrap_u8(&(cnn_shape){1, 2, 0}, 1, pixels, labels, NULL));
    assert_error(CNN_EINVAL, "shape 1x2x0");
    assert_null(
        cnn_dataset_wrap_f32(&(cnn_shape){-1, 1, 1}, 0, NULL, NULL, NULL));
    assert_error(CNN_EINVAL, "shape -1x1x1");
    assert_null(cnn_dataset_wrap_u8(&shape, -1, pixels, labels, NULL));
    assert_error(CNN_EINVAL, "-1 samples");
    assert_null(cnn_dataset_wrap_u8(&shape, 1, NULL, labels, NULL));
    assert_error(CNN_EINVAL, "images is NULL");
    assert_null(cnn_dataset_wrap_u8(&shape, 1, pixels, NULL, NULL));
    assert_error(CNN_EINVAL, "labels is NULL");
    assert_null(cnn_dataset_wrap_u8(&shape, 2, pixels, negative, NULL));
    assert_error(CNN_EINVAL, "label 1 is -1");
    assert_null(cnn_dataset_wrap_u8(&shape, 2, pixels, large, NULL));
    assert_error(CNN_EINVAL, "label 1 is 2147483647");
    assert_null(
        cnn_dataset_wrap_u8(&shape, (int64_t)most + 1, pixels, labels, NULL));
    assert_error(CNN_EOVERFLOW, "2147483648 images of 1x2x3");
    assert_null(cnn_dataset_wrap_u8(&(cnn_shape){most, most, most}, 1, pixels,
                                    labels, NULL));
    assert_error(CNN_EOVERFLOW, "1 images of 2147483647x2147483647x2147483647");
    /* All of them do not fit; one of them does not, as float. */
    assert_null(cnn_dataset_wrap_u8(&(cnn_shape){1, 1 << 28, 1 << 28}, 1000,
                                    pixels, labels, NULL));
    assert_error(CNN_EOVERFLOW, "1000 images of 1x268435456x268435456");
    assert_null(cnn_dataset_wrap_u8(&(cnn_shape){1, most, most}, 1, pixels,
                                    labels, NULL));
    assert_error(CNN_EOVERFLOW, "1 images of 1x2147483647x2147483647");
    assert_null(cnn_dataset_wrap_f32(&(cnn_shape){1, most, most}, 1,
                                     (const float[]){0}, labels, NULL));
    assert_error(CNN_EOVERFLOW, "too many");
}

static void scaling(void **state)
{
    cnn_dataset_options o = {
        .struct_size = sizeof(o), .scale = -2.0f, .offset = 0.5f};
    const float want[] = {0.5f, -1.5f, -3.5f, -5.5f, -7.5f, -9.5f};
    const float one[] = {3.0f};
    float x[6];

    (void)state;
    cnn_dataset *d = wrap_pixels(&o);
    assert_int_equal(cnn_dataset_read(d, 1, NULL, x, NULL), CNN_OK);
    assert_same_bits(x, want, 6);
    cnn_dataset_free(d);

    d = cnn_dataset_wrap_f32(&(cnn_shape){1, 1, 1}, 1, one, labels, &o);
    assert_int_equal(cnn_dataset_read(d, 1, NULL, x, NULL), CNN_OK);
    assert_same_bits(x, (const float[]){-5.5f}, 1);
    cnn_dataset_free(d);

    d = cnn_dataset_load_memory(images_idx, images_size, labels_idx,
                                labels_size, &o);
    assert_int_equal(cnn_dataset_read(d, 1, NULL, x, NULL), CNN_OK);
    assert_same_bits(x, want, 6);
    cnn_dataset_free(d);
}

static void options_are_checked(void **state)
{
    const cnn_dataset_options bad[] = {
        {.struct_size = sizeof(bad[0]), .scale = NAN},
        {.struct_size = sizeof(bad[0]), .scale = INFINITY},
        {.struct_size = sizeof(bad[0]), .offset = NAN},
        {.struct_size = sizeof(bad[0]), .offset = -INFINITY},
        {.struct_size = 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *part = i < 4 ? "expected finite" : "struct_size is 0";

        assert_null(
            cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, &bad[i]));
        assert_error(CNN_EINVAL, part);
        assert_null(cnn_dataset_wrap_f32(&shape, 0, NULL, NULL, &bad[i]));
        assert_error(CNN_EINVAL, part);
        assert_null(cnn_dataset_load("missing", "missing", &bad[i]));
        assert_error(CNN_EINVAL, part);
        assert_null(cnn_dataset_load_memory(images_idx, images_size, labels_idx,
                                            labels_size, &bad[i]));
        assert_error(CNN_EINVAL, part);
    }
}

static void reading_by_index(void **state)
{
    const int64_t index[] = {3, 0, 0, 2, 3};
    float all[COUNT * 6], x[5 * 6];
    int32_t got[5];
    cnn_dataset *d = wrap_pixels(NULL);

    (void)state;
    assert_int_equal(cnn_dataset_read(d, COUNT, NULL, all, NULL), CNN_OK);
    assert_int_equal(cnn_dataset_read(d, 5, index, x, got), CNN_OK);
    for (int i = 0; i < 5; i++) {
        assert_same_bits(x + i * 6, all + index[i] * 6, 6);
        assert_int_equal(got[i], labels[index[i]]);
    }
    memset(got, 0, sizeof(got));
    assert_int_equal(cnn_dataset_read(d, 1, index, NULL, got), CNN_OK);
    assert_int_equal(got[0], labels[3]);
    assert_int_equal(got[1], 0);
    assert_int_equal(cnn_dataset_read(d, 5, index, NULL, NULL), CNN_OK);
    assert_int_equal(cnn_dataset_read(d, 0, NULL, x, got), CNN_OK);
    cnn_dataset_free(d);
}

static void reading_refuses(void **state)
{
    const int64_t bad[][3] = {
        {0, 1, COUNT}, {0, -1, 1}, {INT32_MIN, 0, 0}, {0, (int64_t)1 << 32, 0}};
    float x[5 * 6], was[5 * 6];
    int32_t got[5], had[5];
    cnn_dataset *d = wrap_pixels(NULL);

    (void)state;
    memset(x, 1, sizeof(x));
    memset(got, 1, sizeof(got));
    memcpy(was, x, sizeof(x));
    memcpy(had, got, sizeof(got));
    assert_failed(cnn_dataset_read(d, 3, bad[0], x, got), CNN_EINVAL,
                  "index 2 is 4, but there are 4 samples");
    assert_failed(cnn_dataset_read(d, 3, bad[1], x, got), CNN_EINVAL,
                  "index 1 is -1");
    assert_failed(cnn_dataset_read(d, 3, bad[2], x, got), CNN_EINVAL,
                  "index 0 is -2147483648");
    assert_failed(cnn_dataset_read(d, 3, bad[3], x, got), CNN_EINVAL,
                  "index 1 is 4294967296, but there are 4");
    assert_failed(cnn_dataset_read(d, ((int64_t)1 << 32) + 1, NULL, x, got),
                  CNN_EINVAL, "4294967297 samples wanted");
    assert_failed(cnn_dataset_read(d, 5, NULL, x, got), CNN_EINVAL,
                  "5 samples wanted, but there are 4");
    assert_failed(cnn_dataset_read(d, -1, bad[0], x, got), CNN_EINVAL,
                  "-1 samples wanted");
    assert_failed(cnn_dataset_read(NULL, 1, NULL, x, got), CNN_EINVAL,
                  "dataset is NULL");
    assert_memory_equal(x, was, sizeof(x));
    assert_memory_equal(got, had, sizeof(got));
    cnn_dataset_free(d);
}

static void getters_refuse(void **state)
{
    cnn_dataset *d = wrap_pixels(NULL);
    cnn_shape s;

    (void)state;
    assert_failed(cnn_dataset_shape(NULL, &s), CNN_EINVAL, "dataset is NULL");
    assert_failed(cnn_dataset_shape(d, NULL), CNN_EINVAL, "shape is NULL");
    assert_int_equal(cnn_dataset_count(NULL), 0);
    assert_int_equal(cnn_dataset_classes(NULL), 0);
    assert_int_equal(cnn_dataset_fingerprint(NULL), 0);
    cnn_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_files),
        cmocka_unit_test(load_memory_copies),
        cmocka_unit_test(load_colour),
        cmocka_unit_test(load_classes),
        cmocka_unit_test(load_refuses),
        cmocka_unit_test(wrapped_arrays_are_borrowed),
        cmocka_unit_test(wrap_refuses),
        cmocka_unit_test(scaling),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(reading_by_index),
        cmocka_unit_test(reading_refuses),
        cmocka_unit_test(getters_refuse),
    };

    return cmocka_run_group_tests_name("dataset", tests, make_files, NULL);
}
