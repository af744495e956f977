/* Datasets over a reader of the program: what they read, and what they refuse.
 * Training from them: test_read_ahead.c. */
#include <math.h>
#include <string.h>

#include "cnn/dataset.h"
#include "support/nets.h"
#include "support/reading.h"

enum { COUNT = 300, C = 2, H = 2, W = 3, X = C * H * W, T = 4, K = 5 };

static const cnn_shape shape = {C, H, W}, target_shape = {T, 1, 1};

static float images[COUNT * X], targets[COUNT * T], weights[COUNT];
static int32_t labels[COUNT];
static row_reader r;
static cnn_dataset_reader reader;

static int set_up(void **state)
{
    (void)state;
    fill_uniform(images, COUNT * X, 1);
    fill_uniform(targets, COUNT * T, 2);
    fill_labels(labels, COUNT, K, 3);
    for (int i = 0; i < COUNT; i++)
        weights[i] = (float)(i % 7);
    r = (row_reader){.target_floats = T,
                     .images = images,
                     .targets = targets,
                     .weights = weights,
                     .labels = labels};
    reader = reader_over(&r, &shape, COUNT, K);
    return 0;
}

/* Padding and scaling too, and more samples than a reader is asked for at a
 * time. */
static void reads_what_arrays_hold(void **state)
{
    const cnn_dataset_options o = {
        .struct_size = sizeof(o), .scale = 3, .offset = -0.25f, .pad = 2};
    static float x[COUNT * C * (H + 4) * (W + 4)], want[COUNT * C * 42];
    int32_t got[COUNT];
    int64_t index[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++)
        index[i] = (i * 7 + 3) % COUNT;
    for (int padded = 0; padded <= 1; padded++) {
        const cnn_dataset_options *with = padded ? &o : NULL;
        const size_t n = COUNT * (padded ? C * 42 : X);
        cnn_dataset *a =
            cnn_dataset_wrap_f32(&shape, COUNT, images, labels, with);
        cnn_dataset *d = cnn_dataset_create_callback(&reader, with);

        assert_int_equal(cnn_dataset_count(d), COUNT);
        assert_int_equal(cnn_dataset_classes(d), K);
        for (int listed = 0; listed <= 1; listed++) {
            const int64_t *which = listed ? index : NULL;

            atomic_store(&r.calls, 0);
            assert_int_equal(cnn_dataset_read(a, COUNT, which, want, NULL),
                             CNN_OK);
            assert_int_equal(cnn_dataset_read(d, COUNT, which, x, got), CNN_OK);
            assert_same_bits(x, want, n);
            for (int i = 0; i < COUNT; i++)
                assert_int_equal(got[i], labels[listed ? index[i] : i]);
            assert_int_equal(atomic_load(&r.calls), 2); /* 256 and 44 */
        }
        cnn_dataset_free(a);
        cnn_dataset_free(d);
    }
}

static void slices(void **state)
{
    float x[X], w[2];
    int32_t label, many[30];

    (void)state;
    reader.flags = CNN_READS_WEIGHTS;
    cnn_dataset *d = dataset_over(&reader);
    cnn_dataset *outer = cnn_dataset_slice(d, 100, 150);
    cnn_dataset *inner = cnn_dataset_slice(outer, 20, 30);
    cnn_dataset_free(outer);
    assert_int_equal(cnn_dataset_classes(inner), K);
    assert_int_equal(cnn_dataset_read(inner, 1, &(int64_t){5}, x, &label),
                     CNN_OK);
    assert_same_bits(x, images + 125 * X, X);
    assert_int_equal(label, labels[125]);
    assert_int_equal(cnn_dataset_read_weights(inner, 2, NULL, w), CNN_OK);
    assert_same_bits(w, weights + 120, 2);
    atomic_store(&r.fail_at, 125);
    r.code = CNN_EIO;
    r.why = "no such file";
    assert_int_equal(cnn_dataset_read(inner, 30, NULL, NULL, many), CNN_EIO);
    assert_error(CNN_EIO,
                 "dataset: the reader failed at sample 125: no such file");
    cnn_dataset_free(inner);
    cnn_dataset_free(d);
}

static void targets_of_its_own(void **state)
{
    float t[2 * T], x[X], own[X];
    cnn_shape found;

    (void)state;
    reader.target_shape = target_shape;
    reader.class_count = 0;
    cnn_dataset *d = dataset_over(&reader);
    assert_int_equal(cnn_dataset_target_shape(d, &found), CNN_OK);
    assert_memory_equal(&found, &target_shape, sizeof(found));
    assert_int_equal(cnn_dataset_read_targets(d, 2, (const int64_t[]){9, 4}, t),
                     CNN_OK);
    assert_same_bits(t, targets + 9 * T, T);
    assert_same_bits(t + T, targets + 4 * T, T);
    assert_failed(cnn_dataset_read(d, 1, NULL, NULL, &(int32_t){0}), CNN_ESTATE,
                  "no labels");
    assert_int_equal(cnn_dataset_read_weights(d, 2, NULL, t), CNN_OK);
    assert_true(t[0] == 1 && t[1] == 1);
    cnn_dataset_free(d);
    reader.target_shape = (cnn_shape){0, 0, 0};
    reader.flags = CNN_OWN_TARGETS;
    const cnn_dataset_options o = {.struct_size = sizeof(o), .scale = 0.5f};
    d = cnn_dataset_create_callback(&reader, &o);
    assert_int_equal(cnn_dataset_read(d, 1, NULL, x, NULL), CNN_OK);
    assert_int_equal(cnn_dataset_read_targets(d, 1, NULL, own), CNN_OK);
    assert_true(x[0] == images[0] * 0.5f);
    assert_same_bits(x, own, X);
    cnn_dataset_free(d);
}

/* ------------------------------------------------------------- errors --- */

static void failures_keep_their_text(void **state)
{
    static char longer[200];
    const struct {
        int32_t code;
        cnn_status status;
        const char *why, *text;
    } rows[] = {
        {CNN_EFORMAT, CNN_EFORMAT, "cut short", "sample 7: cut short"},
        {CNN_EDIVERGED, CNN_EDIVERGED, "", "sample 7"},
        {1, CNN_EIO, "a\nline", "sample 7: a?line"},
        {INT32_MAX, CNN_EIO, longer, "sample 7: yyyy"},
    };
    float x[COUNT * X];

    (void)state;
    memset(longer, 'y', sizeof(longer) - 1);
    cnn_dataset *d = dataset_over(&reader);
    atomic_store(&r.fail_at, 7);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        r.code = rows[i].code;
        r.why = rows[i].why;
        assert_failed(cnn_dataset_read(d, 20, NULL, x, NULL), rows[i].status,
                      rows[i].text);
    }
    atomic_store(&r.fail_at, -1);
    assert_int_equal(cnn_dataset_read(d, 20, NULL, x, NULL), CNN_OK);
    cnn_dataset_free(d);
}

/* It fills nothing in and does not end `why`; `at` is nowhere. */
static int32_t fails_badly(void *user, cnn_read *rows)
{
    memset(rows->why, 'z', sizeof(rows->why));
    rows->at = *(const int32_t *)user;
    rows->index = NULL;
    rows->count = INT32_MAX;
    return CNN_ENOMEM;
}

static void a_careless_reader(void **state)
{
    int32_t at[] = {-1, 3, INT32_MAX};

    (void)state;
    reader.read = fails_badly;
    for (int i = 0; i < 3; i++) {
        int32_t label[3];

        reader.user = &at[i];
        cnn_dataset *d = dataset_over(&reader);
        assert_failed(cnn_dataset_read(d, 3, NULL, NULL, label), CNN_ENOMEM,
                      "sample 0: zzz");
        cnn_dataset_free(d);
    }
}

static void what_it_reads_is_checked(void **state)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    float out[COUNT * T];
    int32_t got[COUNT];

    (void)state;
    reader.flags = CNN_READS_WEIGHTS;
    reader.target_shape = target_shape;
    cnn_dataset *d = dataset_over(&reader);
    for (int i = 0; i < 3; i++) {
        const int32_t wrong[] = {-1, K, INT32_MAX};

        labels[11] = wrong[i];
        assert_failed(cnn_dataset_read(d, COUNT, NULL, NULL, got), CNN_EINVAL,
                      "the reader gave sample 11 the label ");
        labels[11] = 0;
        targets[270 * T + 3] = bad[i];
        assert_failed(cnn_dataset_read_targets(d, COUNT, NULL, out), CNN_EINVAL,
                      "the reader gave sample 270 the target ");
        targets[270 * T + 3] = 0;
        weights[2] = i == 0 ? -1.0f : bad[i - 1];
        assert_failed(cnn_dataset_read_weights(d, COUNT, NULL, out), CNN_EINVAL,
                      "the reader gave sample 2 the weight ");
        weights[2] = 0;
    }
    assert_int_equal(cnn_dataset_read(d, COUNT, NULL, NULL, got), CNN_OK);
    images[0] = NAN; /* as it may be in an array */
    assert_int_equal(cnn_dataset_read(d, 1, NULL, out, NULL), CNN_OK);
    assert_true(isnan(out[0]));
    cnn_dataset_free(d);
}

static cnn_dataset *itself;

static void read_itself(row_reader *of)
{
    (void)of;
    assert_failed(cnn_dataset_read(itself, 1, NULL, NULL, &(int32_t){0}),
                  CNN_ESTATE, "its reader reads from it");
}

static void not_from_itself(void **state)
{
    int32_t label;

    (void)state;
    itself = dataset_over(&reader);
    r.first = read_itself;
    assert_int_equal(cnn_dataset_read(itself, 1, NULL, NULL, &label), CNN_OK);
    cnn_dataset_free(itself);
}

/* ------------------------------------------------------------- create --- */

static void assert_refused(cnn_dataset_reader with, cnn_status status,
                           const char *text)
{
    assert_null(cnn_dataset_create_callback(&with, NULL));
    assert_error(status, text);
}

static void refused(void **state)
{
    cnn_dataset_reader w = reader;

    (void)state;
    assert_null(cnn_dataset_create_callback(NULL, NULL));
    assert_error(CNN_EINVAL, "reader is NULL");
    w.read = NULL;
    assert_refused(w, CNN_EINVAL, "read is NULL");
    w = reader, w.struct_size = 3;
    assert_refused(w, CNN_EINVAL, "struct_size");
    w = reader, w.flags = 4;
    assert_refused(w, CNN_EINVAL, "unknown flags 0x4");
    w = reader, w.reserved = 1;
    assert_refused(w, CNN_EINVAL, "reserved 1");
    w = reader, w.class_count = -1;
    assert_refused(w, CNN_EINVAL, "class_count -1");
    w = reader, w.class_count = INT32_MAX;
    assert_refused(w, CNN_EINVAL, "class_count 2147483647");
    w = reader, w.count = -1;
    assert_refused(w, CNN_EINVAL, "-1 samples");
    w = reader, w.count = (int64_t)INT32_MAX + 1;
    assert_refused(w, CNN_EOVERFLOW, "2147483648 images");
    w = reader, w.shape.h = 0;
    assert_refused(w, CNN_EINVAL, "shape 2x0x3");
    w = reader, w.target_shape = (cnn_shape){1, 0, 1};
    assert_refused(w, CNN_EINVAL, "target_shape 1x0x1");
    w = reader, w.target_shape = target_shape, w.flags = CNN_OWN_TARGETS;
    assert_refused(w, CNN_EINVAL, "targets of two kinds");
    w = reader, w.count = INT32_MAX;
    cnn_dataset *d = dataset_over(&w);
    assert_int_equal(cnn_dataset_count(d), INT32_MAX);
    cnn_dataset_free(d);
    assert_int_equal(atomic_load(&r.calls), 0);
}

/* Without reading anything. */
static void fingerprints(void **state)
{
    uint32_t seen[6];

    (void)state;
    for (int i = 0; i < 6; i++) {
        cnn_dataset_reader w = reader;

        w.fingerprint = i == 1 ? 1 : i == 2 ? (uint64_t)1 << 40 : 0;
        w.count -= i == 3;
        w.class_count += i == 4;
        cnn_dataset *d = dataset_over(&w);
        cnn_dataset *part = cnn_dataset_slice(d, i == 5, 9);
        seen[i] = cnn_dataset_fingerprint(i == 5 ? part : d);
        assert_true(cnn_dataset_fingerprint(part) != seen[i] || i == 5);
        cnn_dataset_free(part);
        assert_int_equal(cnn_dataset_fingerprint(d) == seen[i], i != 5);
        cnn_dataset_free(d);
        for (int k = 0; k < i; k++)
            assert_int_not_equal(seen[k], seen[i]);
    }
    assert_int_equal(atomic_load(&r.calls), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reads_what_arrays_hold, set_up),
        cmocka_unit_test_setup(slices, set_up),
        cmocka_unit_test_setup(targets_of_its_own, set_up),
        cmocka_unit_test_setup(failures_keep_their_text, set_up),
        cmocka_unit_test_setup(a_careless_reader, set_up),
        cmocka_unit_test_setup(what_it_reads_is_checked, set_up),
        cmocka_unit_test_setup(not_from_itself, set_up),
        cmocka_unit_test_setup(refused, set_up),
        cmocka_unit_test_setup(fingerprints, set_up),
    };

    return cmocka_run_group_tests_name("dataset callback", tests, NULL, NULL);
}
