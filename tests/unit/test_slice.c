/* Slices of datasets. */
#include <string.h>

#include "support/faulty_memory.h"
#include "support/idx_bytes.h"
#include "support/near.h"

#define COUNT 50
#define SIZE  6 /* pixels of an image */

static const cnn_shape shape = {3, 1, 2};
static uint8_t pixels[COUNT * SIZE], marks[COUNT];
static float floats[COUNT * SIZE];
static int32_t labels[COUNT];
static uint8_t images_idx[COUNT * SIZE + 20], labels_idx[COUNT + 8];
static size_t images_size, labels_size;

static int fill(void **state)
{
    const uint32_t dims[] = {COUNT, 3, 1, 2};

    (void)state;
    for (int i = 0; i < COUNT * SIZE; i++) {
        pixels[i] = (uint8_t)(i * 7);
        floats[i] = (float)i - 0.25f;
    }
    for (int i = 0; i < COUNT; i++)
        labels[i] = marks[i] = (uint8_t)(i * i % 23);
    images_size = make_idx(images_idx, 8, 4, dims, pixels, sizeof(pixels));
    labels_size = make_idx(labels_idx, 8, 1, dims, marks, sizeof(marks));
    return 0;
}

/* Is `slice` what stands from `first` on in `root`? */
static void assert_part(const cnn_dataset *slice, const cnn_dataset *root,
                        int32_t first, int32_t count)
{
    float x[COUNT * SIZE], want[COUNT * SIZE];
    int32_t got[COUNT], classes = 0;
    cnn_shape s;

    assert_non_null(slice);
    assert_int_equal(cnn_dataset_count(slice), count);
    assert_int_equal(cnn_dataset_shape(slice, &s), CNN_OK);
    assert_memory_equal(&s, &shape, sizeof(s));
    assert_int_equal(cnn_dataset_read(slice, count, NULL, x, got), CNN_OK);
    assert_int_equal(cnn_dataset_read(root, COUNT, NULL, want, NULL), CNN_OK);
    assert_same_bits(x, want + first * SIZE, (size_t)(count * SIZE));
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(got[i], labels[first + i]);
        if (got[i] >= classes)
            classes = got[i] + 1;
    }
    assert_int_equal(cnn_dataset_classes(slice), classes);
    assert_failed(cnn_dataset_read(slice, 1, &(int64_t){count}, x, got),
                  CNN_EINVAL, "index 0 is");
}

/* All slices of a dataset, and the middle of each. */
static void check_all_slices(const cnn_dataset *root)
{
    for (int32_t first = 0; first <= COUNT; first++)
        for (int32_t count = 0; count <= COUNT - first; count++) {
            cnn_dataset *a = cnn_dataset_slice(root, first, count);
            cnn_dataset *b = cnn_dataset_slice(a, count / 3, count / 2);

            assert_part(a, root, first, count);
            cnn_dataset_free(a); /* the arrays are the root's */
            assert_part(b, root, first + count / 3, count / 2);
            cnn_dataset_free(b);
        }
}

static void every_slice(void **state)
{
    cnn_dataset *roots[] = {
        cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, NULL),
        cnn_dataset_wrap_f32(&shape, COUNT, floats, labels, NULL),
        cnn_dataset_load_memory(images_idx, images_size, labels_idx,
                                labels_size, NULL),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        assert_non_null(roots[i]);
        check_all_slices(roots[i]);
        cnn_dataset_free(roots[i]);
    }
}

static void not_all_there(void **state)
{
    const int64_t cases[][2] = {
        {-1, 1},
        {0, -1},
        {0, COUNT + 1},
        {1, COUNT},
        {COUNT, 1},
        {COUNT + 1, 0},
        {INT64_MAX, INT64_MAX},
        {INT64_MIN, INT64_MIN},
        {1, INT64_MAX},
    };
    cnn_dataset *root =
        cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, NULL);

    (void)state;
    assert_null(cnn_dataset_slice(NULL, 0, 0));
    assert_error(CNN_EINVAL, "dataset is NULL");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(cnn_dataset_slice(root, cases[i][0], cases[i][1]));
        assert_error(CNN_EINVAL, "but there are 50");
    }
    cnn_dataset_free(root);
}

/* Of arrays that the caller has spoilt meanwhile. */
static void spoilt_labels(void **state)
{
    int32_t spoilt[COUNT] = {0};
    cnn_dataset *root =
        cnn_dataset_wrap_u8(&shape, COUNT, pixels, spoilt, NULL);
    cnn_dataset *slice;

    (void)state;
    spoilt[7] = -1;
    assert_null(cnn_dataset_slice(root, 5, 3));
    assert_error(CNN_EINVAL, "label 2 is -1");
    slice = cnn_dataset_slice(root, 8, 3);
    assert_non_null(slice);
    cnn_dataset_free(slice);
    cnn_dataset_free(root);
}

static void of_nothing(void **state)
{
    cnn_dataset *empty = cnn_dataset_wrap_u8(&shape, 0, NULL, NULL, NULL);
    cnn_dataset *slice = cnn_dataset_slice(empty, 0, 0);

    (void)state;
    assert_non_null(slice);
    assert_int_equal(cnn_dataset_count(slice), 0);
    assert_int_equal(cnn_dataset_classes(slice), 0);
    assert_int_equal(cnn_dataset_read(slice, 0, NULL, NULL, NULL), CNN_OK);
    assert_int_equal(cnn_dataset_fingerprint(slice),
                     cnn_dataset_fingerprint(empty));
    cnn_dataset_free(slice);
    cnn_dataset_free(empty);
}

static cnn_status wrap_and_slice(void *unused)
{
    cnn_dataset *root =
        cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, NULL);
    cnn_dataset *slice = root != NULL ? cnn_dataset_slice(root, 1, 2) : NULL;
    const cnn_status status = slice != NULL ? CNN_OK : cnn_last_status();

    (void)unused;
    cnn_dataset_free(slice);
    cnn_dataset_free(root);
    return status;
}

static void no_memory(void **state)
{
    (void)state;
    faulty_memory_install();
    assert_int_equal(assert_survives_faults(wrap_and_slice, NULL), 4);
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_slice),   cmocka_unit_test(not_all_there),
        cmocka_unit_test(spoilt_labels), cmocka_unit_test(of_nothing),
        cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests_name("slice", tests, fill, NULL);
}
