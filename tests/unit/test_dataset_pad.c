/* Datasets whose images are padded when they are read. */
#include <stdbool.h>

#include "support/idx_bytes.h"
#include "support/near.h"

enum { COUNT = 4 };

static const cnn_shape shape = {1, 2, 3};
static const uint8_t pixels[COUNT * 6] = {
    0,  1,  2,  3,  4,  5,  10, 11, 12, 13, 14, 15,
    20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 255,
};
static const int32_t labels[COUNT] = {3, 0, 7, 1};

/* The same from files. */
static cnn_dataset *load_memory(const cnn_dataset_options *o)
{
    const uint32_t dims[] = {COUNT, 2, 3};
    const uint8_t marks[COUNT] = {3, 0, 7, 1};
    uint8_t x[100], y[100];
    const size_t n = make_idx(x, 8, 3, dims, pixels, sizeof(pixels));

    return cnn_dataset_load_memory(
        x, n, y, make_idx(y, 8, 1, dims, marks, sizeof(marks)), o);
}

/* The first of two channels is 2x3 pixels, and so is the second; around each
 * is what a pixel 0 is read as. */
static void each_channel(void **state)
{
    const cnn_shape two = {2, 2, 3};
    const cnn_dataset_options o = {
        .struct_size = sizeof(o), .scale = 2.0f, .offset = 0.5f, .pad = 2};
    cnn_dataset *d = cnn_dataset_wrap_u8(&two, 2, pixels, labels, &o);
    float x[2 * 2 * 6 * 7];
    int32_t got[2];
    cnn_shape s;

    (void)state;
    assert_int_equal(cnn_dataset_shape(d, &s), CNN_OK);
    assert_memory_equal(&s, &((cnn_shape){2, 6, 7}), sizeof(s));
    assert_int_equal(cnn_dataset_read(d, 2, (const int64_t[]){1, 0}, x, got),
                     CNN_OK);
    assert_int_equal(got[0], labels[1]);
    for (int i = 0; i < 2 * 2 * 42; i++) {
        const int plane = i / 42, row = i % 42 / 7 - 2, col = i % 7 - 2;
        const int from = plane < 2 ? plane + 2 : plane - 2;
        const bool inside = row >= 0 && row < 2 && col >= 0 && col < 3;
        const int pixel = inside ? pixels[from * 6 + row * 3 + col] : 0;

        assert_true(x[i] == (float)pixel * 2.0f + 0.5f);
    }
    /* A slice is padded alike. */
    cnn_dataset *slice = cnn_dataset_slice(d, 1, 1);
    float y[84];
    assert_int_equal(cnn_dataset_shape(slice, &s), CNN_OK);
    assert_int_equal(s.h, 6);
    assert_int_equal(cnn_dataset_read(slice, 1, NULL, y, NULL), CNN_OK);
    assert_same_bits(y, x, 84);
    cnn_dataset_free(slice);
    cnn_dataset_free(d);
}

static void floats_and_files(void **state)
{
    const cnn_dataset_options o = {.struct_size = sizeof(o), .pad = 1};
    const float ones[] = {1, 1, 1, 1};
    const float want[] = {0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0};
    float x[20];

    (void)state;
    cnn_dataset *d =
        cnn_dataset_wrap_f32(&(cnn_shape){1, 2, 2}, 1, ones, labels, &o);
    assert_int_equal(cnn_dataset_read(d, 1, NULL, x, NULL), CNN_OK);
    assert_same_bits(x, want, 16);
    cnn_dataset_free(d);
    d = load_memory(&o);
    assert_int_equal(cnn_dataset_read(d, 1, NULL, x, NULL), CNN_OK);
    for (int i = 0; i < 20; i++) {
        const int row = i / 5 - 1, col = i % 5 - 1;
        const bool inside = row >= 0 && row < 2 && col >= 0 && col < 3;

        assert_true(
            x[i] ==
            (inside ? (float)pixels[row * 3 + col] * (1.0f / 255.0f) : 0.0f));
    }
    cnn_dataset_free(d);
}

static void errors(void **state)
{
    const int32_t bad[] = {-1, 4097, INT32_MAX, INT32_MIN};

    (void)state;
    for (int i = 0; i < 4; i++) {
        const cnn_dataset_options o = {.struct_size = sizeof(o), .pad = bad[i]};

        assert_null(cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, &o));
        assert_error(CNN_EINVAL, "expected 0 to 4096");
        assert_null(load_memory(&o));
        assert_error(CNN_EINVAL, "dataset: pad ");
    }
}

/* Longer than a shape can say. There is no image of this size. */
static void too_large_with_padding(void **state)
{
    const cnn_shape shapes[] = {{1, INT32_MAX, 1}, {1, 1, INT32_MAX - 7}};
    const cnn_dataset_options o = {.struct_size = sizeof(o), .pad = 4};

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_null(cnn_dataset_wrap_u8(&shapes[i], 0, NULL, NULL, &o));
        assert_error(CNN_EOVERFLOW, "with 4 of padding on each side");
    }
    const cnn_shape fits = {1, 1, INT32_MAX - 8};
    cnn_dataset *d = cnn_dataset_wrap_u8(&fits, 0, NULL, NULL, &o);
    cnn_shape padded;
    assert_non_null(d);
    assert_int_equal(cnn_dataset_shape(d, &padded), CNN_OK);
    assert_int_equal(padded.w, INT32_MAX);
    cnn_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_channel),
        cmocka_unit_test(floats_and_files),
        cmocka_unit_test(errors),
        cmocka_unit_test(too_large_with_padding),
    };

    return cmocka_run_group_tests_name("dataset pad", tests, NULL, NULL);
}
