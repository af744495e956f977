/* The fingerprint of a dataset: saved trainings hold it, so its values are
 * fixed for ever. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "support/idx_bytes.h"
#include "support/near.h"

static const cnn_shape shape = {1, 2, 3};
static const uint8_t pixels[24] = {
    0,  1,  2,  3,  4,  5,  10, 11, 12, 13, 14, 15,
    20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 255,
};
static const int32_t labels[4] = {3, 0, 7, 1};

/* Of a dataset that is then freed. */
static uint32_t print_of(cnn_dataset *d)
{
    assert_non_null(d);
    const uint32_t print = cnn_dataset_fingerprint(d);
    assert_int_equal(cnn_dataset_fingerprint(d), print);
    cnn_dataset_free(d);
    return print;
}

static uint32_t print_padded(int32_t pad)
{
    const cnn_dataset_options o = {.struct_size = sizeof(o), .pad = pad};

    return print_of(cnn_dataset_wrap_u8(&shape, 4, pixels, labels, &o));
}

static uint32_t print_u8(const cnn_shape *s, int64_t count, const uint8_t *x,
                         const int32_t *y, float scale, float offset)
{
    const cnn_dataset_options o = {
        .struct_size = sizeof(o), .scale = scale, .offset = offset};

    return print_of(cnn_dataset_wrap_u8(s, count, x, y, &o));
}

/* As Python's zlib.crc32() over struct.pack('<iiiiiq', 1, 2, 3, 0, 1, 4) + ...
 */
static void known_values(void **state)
{
    const cnn_dataset_options o = {
        .struct_size = sizeof(o), .scale = -2.0f, .offset = 0.5f};
    const float x[] = {0.5f, -1.0f, 1e-3f, 7.0f};
    const int32_t y[] = {1, 0};

    (void)state;
    assert_int_equal(
        print_of(cnn_dataset_wrap_u8(&shape, 4, pixels, labels, NULL)),
        0x6e5f10c8);
    assert_int_equal(
        print_of(cnn_dataset_wrap_f32(&(cnn_shape){2, 1, 1}, 2, x, y, &o)),
        0xf01debb3);
    assert_int_equal(print_padded(2), 0xab444da3);
    /* ... + struct.pack('<ff', 0.5, 0.25) */
    const cnn_dataset_options normalised = {.struct_size = sizeof(normalised),
                                            .mean = (const float[]){0.5f},
                                            .deviation = (const float[]){0.25f},
                                            .channel_count = 1};
    assert_int_equal(
        print_of(cnn_dataset_wrap_u8(&shape, 4, pixels, labels, &normalised)),
        0xa9f6c69c);
}

static void same_content(void **state)
{
    const uint8_t marks[] = {3, 0, 7, 1};
    const uint32_t dims[] = {4, 2, 3};
    uint8_t images[100], y[100], packed[200];
    uint8_t more[36];
    int32_t more_labels[] = {9, 3, 0, 7, 1, 9};
    const size_t n = make_idx(images, 8, 3, dims, pixels, sizeof(pixels));
    const size_t k = make_idx(y, 8, 1, dims, marks, sizeof(marks));
    const size_t p = make_gzip(packed, sizeof(packed), images, n);

    (void)state;
    assert_int_equal(print_of(cnn_dataset_load_memory(images, n, y, k, NULL)),
                     0x6e5f10c8);
    assert_int_equal(print_of(cnn_dataset_load_memory(packed, p, y, k, NULL)),
                     0x6e5f10c8);
    /* The default scale, said aloud. */
    assert_int_equal(print_u8(&shape, 4, pixels, labels, 1.0f / 255.0f, 0.0f),
                     0x6e5f10c8);

    memcpy(more + 6, pixels, sizeof(pixels));
    cnn_dataset *root = cnn_dataset_wrap_u8(&shape, 6, more, more_labels, NULL);
    assert_int_equal(print_of(cnn_dataset_slice(root, 1, 4)), 0x6e5f10c8);
    cnn_dataset_free(root);
}

static void any_change_shows(void **state)
{
    const uint32_t was = print_u8(&shape, 4, pixels, labels, 0.0f, 0.0f);
    uint8_t x[24];
    int32_t y[4];

    (void)state;
    for (int bit = 0; bit < 24 * 8; bit++) {
        memcpy(x, pixels, sizeof(x));
        x[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(print_u8(&shape, 4, x, labels, 0.0f, 0.0f), was);
    }
    for (int i = 0; i < 4; i++)
        for (int bit = 0; bit < 30; bit++) {
            memcpy(y, labels, sizeof(y));
            y[i] ^= 1 << bit;
            assert_int_not_equal(print_u8(&shape, 4, pixels, y, 0.0f, 0.0f),
                                 was);
        }
    assert_int_not_equal(print_u8(&shape, 3, pixels, labels, 0.0f, 0.0f), was);
    assert_int_not_equal(print_u8(&shape, 4, pixels, labels, 1.0f, 0.0f), was);
    assert_int_not_equal(print_u8(&shape, 4, pixels, labels, 0.0f, 1.0f), was);
    assert_int_equal(print_padded(0), was);
    assert_int_not_equal(print_padded(1), was);
    assert_int_not_equal(
        print_u8(&(cnn_shape){1, 3, 2}, 4, pixels, labels, 0.0f, 0.0f), was);
    assert_int_not_equal(
        print_u8(&(cnn_shape){2, 1, 3}, 4, pixels, labels, 0.0f, 0.0f), was);
}

/* Arrays longer than the blocks in which they are worked through. */
static void long_arrays(void **state)
{
    const int32_t counts[] = {1023, 1024, 1025, 3000};
    const cnn_shape one = {1, 1, 1};
    static int32_t y[3000];
    static float x[3000];

    (void)state;
    for (int i = 0; i < 3000; i++) {
        y[i] = i * 77;
        x[i] = (float)i / 7.0f;
    }
    for (int i = 0; i < 4; i++) {
        /* c, h, w, pad, bytes of a pixel, count in two halves. */
        const int32_t head[] = {1, 1, 1, 0, 4, counts[i], 0};
        const float scaling[] = {1.0f, 0.0f};
        const size_t bytes = 4 * (size_t)counts[i];
        uLong want = crc32_z(0, (const Bytef *)head, sizeof(head));

        want = crc32_z(want, (const Bytef *)scaling, sizeof(scaling));
        want = crc32_z(want, (const Bytef *)y, bytes);
        want = crc32_z(want, (const Bytef *)x, bytes);
        if (*(const uint8_t *)&(const uint16_t){1} == 1) /* little-endian */
            assert_int_equal(
                print_of(cnn_dataset_wrap_f32(&one, counts[i], x, y, NULL)),
                want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(same_content),
        cmocka_unit_test(any_change_shows),
        cmocka_unit_test(long_arrays),
    };

    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
