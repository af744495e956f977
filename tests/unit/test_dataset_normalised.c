/* Datasets whose channels are normalised, and the statistics for it. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/idx_bytes.h"
#include "support/near.h"
#include "support/reading.h"

enum { COUNT = 2, C = 2, PLANE = 4, X = C * PLANE };

static const cnn_shape shape = {C, 2, 2};
static const uint8_t pixels[COUNT * X] = {0, 2, 4, 6, 9, 9, 9, 9,
                                          8, 8, 0, 4, 9, 9, 9, 9};
static const int32_t labels[COUNT] = {1, 0};

/* By hand: the pixels of the first channel are 0 2 4 6 8 8 0 4, their mean is 4
 * and their squared distances 16 + 4 + 0 + 4 + 16 + 16 + 16 + 0 = 72 from it,
 * 9 on average; those of the second are all 9. */
static void statistics_by_hand(void **state)
{
    float mean[C], deviation[C];

    (void)state;
    for (int pad = 0; pad <= 3; pad += 3) {
        const cnn_dataset_options o = {
            .struct_size = sizeof(o), .scale = 0.5f, .offset = -1, .pad = pad};
        cnn_dataset *d = cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, &o);
        assert_int_equal(cnn_dataset_statistics(d, C, mean, deviation), CNN_OK);
        assert_true(mean[0] == 1 && deviation[0] == 1.5f);
        assert_true(mean[1] == 3.5f && deviation[1] == 1); /* not 0 */
        cnn_dataset_free(d);
    }
}

/* (p - 4) / 2 and (p - 1) / 8; what is padded with is a pixel 0. */
static void reads_by_hand(void **state)
{
    float mean[C] = {4, 1}, deviation[C] = {2, 8};
    const cnn_dataset_options o = {.struct_size = sizeof(o),
                                   .scale = 1,
                                   .pad = 1,
                                   .mean = mean,
                                   .deviation = deviation,
                                   .channel_count = C};
    const float want[C * 16] = {
        -2, -2,     -2,     -2, -2, -2,     -1,     -2,     -2,     0,      1,
        -2, -2,     -2,     -2, -2, -0.125, -0.125, -0.125, -0.125, -0.125, 1,
        1,  -0.125, -0.125, 1,  1,  -0.125, -0.125, -0.125, -0.125, -0.125,
    };
    float x[C * 16];

    (void)state;
    cnn_dataset *d = cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, &o);
    memset(mean, 0, sizeof(mean)); /* they are copied, ... */
    memset(deviation, 0, sizeof(deviation));
    cnn_dataset *slice = cnn_dataset_slice(d, 0, 1);
    cnn_dataset *part = cnn_dataset_slice(slice, 0, 1);
    assert_int_equal(cnn_dataset_read(d, 1, NULL, x, NULL), CNN_OK);
    assert_same_bits(x, want, C * 16);
    cnn_dataset_free(d); /* ... by slices, too */
    cnn_dataset_free(slice);
    assert_int_equal(cnn_dataset_read(part, 1, NULL, x, NULL), CNN_OK);
    assert_same_bits(x, want, C * 16);
    cnn_dataset_free(part);
}

/* One of the two alone; targets that are the images are as these are read. */
static void halves(void **state)
{
    const float two[] = {2, -1}, four[] = {4, 0.5f};
    const cnn_dataset_source source = {.struct_size = sizeof(source),
                                       .flags = CNN_OWN_TARGETS,
                                       .count = COUNT,
                                       .shape = shape,
                                       .bytes = pixels};
    float x[X], t[X];

    (void)state;
    for (int i = 0; i < 2; i++) {
        const cnn_dataset_options o = {.struct_size = sizeof(o),
                                       .scale = 1,
                                       .mean = i == 0 ? two : NULL,
                                       .deviation = i == 1 ? four : NULL,
                                       .channel_count = C};
        cnn_dataset *d = cnn_dataset_create(&source, &o);
        const int64_t second = 1;

        assert_int_equal(cnn_dataset_read(d, 1, &second, x, NULL), CNN_OK);
        assert_int_equal(cnn_dataset_read_targets(d, 1, &second, t), CNN_OK);
        for (int k = 0; k < X; k++) {
            const float p = pixels[X + k];
            const int c = k / PLANE;

            assert_true(x[k] == (i == 0 ? p - two[c] : p / four[c]));
            assert_true(x[k] == t[k]);
        }
        cnn_dataset_free(d);
    }
}

/* Not those of other numbers, nor that of none; nor the same numbers of the
 * other kind. */
static void fingerprints(void **state)
{
    const float a[] = {1, 2}, b[] = {1, 3}, zero[] = {0, 0}, one[] = {1, 1};
    const struct {
        const float *mean, *deviation;
    } rows[] = {{NULL, NULL}, {a, NULL}, {NULL, a}, {b, NULL}, {a, b}};
    uint32_t seen[5];

    (void)state;
    for (int i = 0; i < 5; i++) {
        const cnn_dataset_options o = {.struct_size = sizeof(o),
                                       .mean = rows[i].mean,
                                       .deviation = rows[i].deviation,
                                       .channel_count = i > 0 ? C : 0};
        const cnn_dataset_options said = {
            .struct_size = sizeof(said),
            .mean = o.mean != NULL ? o.mean : zero,
            .deviation = o.deviation != NULL ? o.deviation : one,
            .channel_count = C};
        cnn_dataset *d = cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, &o);
        cnn_dataset *same =
            cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, &said);
        cnn_dataset *whole = cnn_dataset_slice(d, 0, COUNT);

        seen[i] = cnn_dataset_fingerprint(d);
        assert_int_equal(cnn_dataset_fingerprint(whole), seen[i]);
        assert_int_equal(cnn_dataset_fingerprint(same) == seen[i], i > 0);
        for (int k = 0; k < i; k++)
            assert_int_not_equal(seen[k], seen[i]);
        cnn_dataset_free(whole);
        cnn_dataset_free(same);
        cnn_dataset_free(d);
    }
}

/* Far from zero, and one pixel far from all others: sums of squares would have
 * lost everything. */
static void far_from_zero(void **state)
{
    static float x[3 * 1024];
    const cnn_shape large = {1, 32, 32};
    const int32_t none[3] = {0, 0, 0};
    float mean, deviation;

    (void)state;
    for (int i = 0; i < 3 * 1024; i++)
        x[i] = 16777214.0f + (float)(i % 2 * 2); /* +- 1 */
    cnn_dataset *d = cnn_dataset_wrap_f32(&large, 3, x, none, NULL);
    assert_int_equal(cnn_dataset_statistics(d, 1, &mean, &deviation), CNN_OK);
    assert_true(mean == 16777215.0f && deviation == 1);
    for (int i = 0; i < 3 * 1024; i++)
        x[i] = 0.1f; /* the mean of so many is no rounding error off */
    assert_int_equal(cnn_dataset_statistics(d, 1, &mean, &deviation), CNN_OK);
    assert_true(mean == 0.1f && deviation == 1);
    x[0] = FLT_MAX;
    x[1] = -FLT_MAX;
    assert_int_equal(cnn_dataset_statistics(d, 1, &mean, &deviation), CNN_OK);
    assert_near(&deviation, &(float){FLT_MAX / 39.191835f}, 1, 0, 1e-6);
    cnn_dataset_free(d);
}

/* A large image at a time, never more. */
static void memory_is_bounded(void **state)
{
    const cnn_shape large = {1, 512, 512};
    float *x = test_calloc(4 * 512 * 512, sizeof(*x));
    const int32_t none[4] = {0, 0, 0, 0};
    float mean, deviation;

    (void)state;
    x[3 * 512 * 512] = 1024;
    cnn_dataset *d = cnn_dataset_wrap_f32(&large, 4, x, none, NULL);
    faulty_memory_reset();
    assert_int_equal(cnn_dataset_statistics(d, 1, &mean, &deviation), CNN_OK);
    assert_true(faulty_memory_peak() < (1 << 20) + 4096);
    assert_true(mean == 1.0f / 1024);
    cnn_dataset_free(d);
    test_free(x);
}

/* ------------------------------------------------------------- errors --- */

static void refused(void **state)
{
    static const float good[C] = {1, 2};
    static const float bad[][C] = {{1, NAN}, {INFINITY, 1}, {1, -INFINITY},
                                   {0, 1},   {1, -1},       {-0.0f, 1}};
    const uint32_t dims[] = {COUNT, C, 2, 2};
    const uint8_t marks[COUNT] = {1, 0};
    uint8_t x[100], y[100];
    const size_t n = make_idx(x, 8, 4, dims, pixels, sizeof(pixels));
    const size_t k = make_idx(y, 8, 1, dims, marks, sizeof(marks));
    struct {
        cnn_dataset_options o;
        const char *text;
    } rows[] = {
        {{.mean = bad[0], .channel_count = C}, "mean nan of channel 1"},
        {{.mean = bad[1], .channel_count = C}, "mean inf of channel 0"},
        {{.deviation = bad[2], .channel_count = C},
         "deviation -inf of channel 1, expected a finite number above 0"},
        {{.deviation = bad[3], .channel_count = C}, "deviation 0 of channel 0"},
        {{.mean = good, .deviation = bad[4], .channel_count = C},
         "deviation -1 of channel 1"},
        {{.deviation = bad[5], .channel_count = C}, "deviation -0 of channel"},
        {{.mean = good}, "channel_count 0 with a mean or deviation"},
        {{.mean = good, .channel_count = -1}, "channel_count -1 with a mean"},
        {{.channel_count = C}, "channel_count 2 without mean or deviation"},
        {{.mean = good, .channel_count = 1},
         "mean and deviation of 1 channels, but images of 2x2x2"},
        {{.reserved = 7}, "reserved 7"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rows[i].o.struct_size = sizeof(rows[i].o);
        assert_null(
            cnn_dataset_wrap_u8(&shape, COUNT, pixels, labels, &rows[i].o));
        assert_error(CNN_EINVAL, rows[i].text);
        assert_null(cnn_dataset_load_memory(x, n, y, k, &rows[i].o));
        assert_error(CNN_EINVAL, rows[i].text);
    }
    row_reader r = {.pixels = X};
    const cnn_dataset_reader reader = reader_over(&r, &shape, COUNT, 2);
    assert_null(cnn_dataset_create_callback(&reader, &rows[9].o));
    assert_error(CNN_EINVAL, rows[9].text);
}

static void statistics_refused(void **state)
{
    float floats[COUNT * X] = {0}, mean[C] = {7, 7}, deviation[C] = {7, 7};
    cnn_dataset *d = cnn_dataset_wrap_f32(&shape, COUNT, floats, labels, NULL);
    cnn_dataset *none = cnn_dataset_slice(d, 1, 0);
    row_reader r = {.pixels = X, .images = floats, .labels = labels};
    cnn_dataset_reader reader = reader_over(&r, &shape, COUNT, 2);
    cnn_dataset *fails = dataset_over(&reader);

    (void)state;
    assert_failed(cnn_dataset_statistics(d, C, NULL, deviation), CNN_EINVAL,
                  "mean is NULL");
    assert_failed(cnn_dataset_statistics(d, C, mean, NULL), CNN_EINVAL,
                  "deviation is NULL");
    assert_failed(cnn_dataset_statistics(d, 3, mean, deviation), CNN_EINVAL,
                  "channel_count 3, but images of 2x2x2");
    assert_failed(cnn_dataset_statistics(none, C, mean, deviation), CNN_EINVAL,
                  "no samples");
    assert_failed(cnn_dataset_statistics(NULL, C, mean, deviation), CNN_EINVAL,
                  "dataset is NULL");
    floats[X + PLANE] = NAN;
    assert_failed(cnn_dataset_statistics(d, C, mean, deviation), CNN_EINVAL,
                  "sample 1 has a pixel in channel 1 that is no finite number");
    floats[X + PLANE] = -INFINITY;
    assert_failed(cnn_dataset_statistics(d, C, mean, deviation), CNN_EINVAL,
                  "sample 1 has a pixel in channel 1");
    atomic_store(&r.fail_at, 1);
    r.code = CNN_EIO;
    r.why = "gone";
    assert_failed(cnn_dataset_statistics(fails, C, mean, deviation), CNN_EIO,
                  "the reader failed at sample 1: gone");
    for (int c = 0; c < C; c++)
        assert_true(mean[c] == 7 && deviation[c] == 7);
    cnn_dataset_free(fails);
    cnn_dataset_free(none);
    cnn_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_by_hand),
        cmocka_unit_test(reads_by_hand),
        cmocka_unit_test(halves),
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(far_from_zero),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(refused),
        cmocka_unit_test(statistics_refused),
    };

    return cmocka_run_group_tests_name("dataset normalised", tests, NULL, NULL);
}
