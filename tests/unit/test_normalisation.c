/* How inputs are normalised, in the metadata of a net: the same floats again,
 * in copies and files, and what other programs may have written there. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cnn/dataset.h"
#include "cnn/model.h"
#include "cnn/parts.h"
#include "support/nets.h"

enum { C = 3, X = C * 4 };

static const cnn_shape shape = {C, 2, 2};
static const float means[C] = {0.1f, -FLT_MAX, -1.17549435e-38f};
static const float deviations[C] = {1.0f / 3.0f, FLT_MAX, 1.4e-45f};

static cnn_net *net_of(const cnn_shape *in)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_dense_create(2, NULL));
    if (in != NULL)
        build(net, in, 2, 1);
    return net;
}

static void assert_has(const cnn_net *net, const float *mean,
                       const float *deviation)
{
    float m[C], d[C];

    if (cnn_net_normalisation(net, C, m, d) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    assert_same_bits(m, mean, C);
    assert_same_bits(d, deviation, C);
}

static void the_same_again(void **state)
{
    float m[C], d[C];

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        cnn_net *net = net_of(NULL); /* before it is built */

        fill_uniform(m, C, seed);
        fill_uniform(d, C, seed + 1000);
        for (int c = 0; c < C; c++) {
            m[c] = ldexpf(m[c], (int)(seed % 250) - 125);
            d[c] = ldexpf(fabsf(d[c]) + 0.1f, 125 - (int)(seed % 250));
        }
        assert_int_equal(cnn_net_set_normalisation(net, C, m, d), CNN_OK);
        assert_has(net, m, d);
        cnn_net_free(net);
    }
}

/* The text is what the format says; any JSON reader gets the floats from it. */
static void text(void **state)
{
    const float m[] = {0.5f, 0, 0.1f}, d[] = {1, 2, 1e-10f};
    cnn_net *net = net_of(&shape);

    (void)state;
    assert_int_equal(cnn_net_set_normalisation(net, C, m, d), CNN_OK);
    assert_string_equal(cnn_net_metadata(net, "normalisation"),
                        "{\"mean\": [0.5, 0.0, 0.100000001], "
                        "\"deviation\": [1.0, 2.0, 1.00000001e-10]}");
    assert_int_equal(cnn_net_set_normalisation(net, 0, NULL, NULL), CNN_OK);
    assert_null(cnn_net_metadata(net, CNN_NORMALISATION));
    assert_failed(cnn_net_normalisation(net, C, (float[C]){0}, (float[C]){0}),
                  CNN_ESTATE, "the metadata have no key normalisation");
    /* Whole numbers and members besides are fine. */
    cnn_net_set_metadata(net, CNN_NORMALISATION,
                         "{\"std\":0,\"deviation\":[1,2,1e-10],"
                         "\"mean\":[5e-1,0,0.1]}");
    assert_has(net, m, d);
    cnn_net_free(net);
}

static void copies_and_files(void **state)
{
    cnn_net *net = net_of(&shape);
    unsigned char file[4096];
    size_t size;

    (void)state;
    assert_int_equal(cnn_net_set_normalisation(net, C, means, deviations),
                     CNN_OK);
    cnn_net *copy = cnn_net_copy(net, 1);
    assert_int_equal(cnn_net_save_memory(copy, file, sizeof(file), &size),
                     CNN_OK);
    cnn_net *loaded = cnn_net_load_memory(file, size, 1);
    assert_has(copy, means, deviations);
    assert_has(loaded, means, deviations);
    cnn_net_free(loaded);
    cnn_net_free(copy);
    cnn_net_free(net);
}

/* As a dataset with these numbers reads, to the bit; without the key, nothing
 * happens. */
static void applied(void **state)
{
    const float m[] = {0.3f, -0.7f, 0.01f}, d[] = {0.3f, 7, 0.9f};
    const cnn_dataset_options o = {.struct_size = sizeof(o),
                                   .mean = m,
                                   .deviation = d,
                                   .channel_count = C};
    const int32_t labels[5] = {0};
    float x[5 * X], raw[5 * X], want[5 * X];
    cnn_net *net = net_of(&shape);

    (void)state;
    fill_uniform(raw, 5 * X, 3);
    memcpy(x, raw, sizeof(x));
    cnn_dataset *set = cnn_dataset_wrap_f32(&shape, 5, raw, labels, &o);
    assert_int_equal(cnn_dataset_read(set, 5, NULL, want, NULL), CNN_OK);
    assert_int_equal(cnn_net_normalise(net, 5, x), CNN_OK);
    assert_same_bits(x, raw, 5 * X);
    assert_int_equal(cnn_net_set_normalisation(net, C, m, d), CNN_OK);
    assert_int_equal(cnn_net_normalise(net, 5, x), CNN_OK);
    assert_same_bits(x, want, 5 * X);
    assert_int_equal(cnn_net_normalise(net, 0, NULL), CNN_OK);
    cnn_dataset_free(set);
    cnn_net_free(net);
}

/* ------------------------------------------------------------- errors --- */

static void refused(void **state)
{
    const float bad_mean[C] = {0, 0, NAN}, bad[C] = {1, 0, 1};
    float m[C], d[C];
    cnn_net *net = net_of(&shape), *plain = net_of(NULL);
    static float many[2][4000];

    (void)state;
    assert_int_equal(cnn_net_set_normalisation(net, C, means, deviations),
                     CNN_OK);
    assert_failed(cnn_net_set_normalisation(NULL, C, means, deviations),
                  CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_set_normalisation(net, -1, means, deviations),
                  CNN_EINVAL, "-1 channels");
    assert_failed(cnn_net_set_normalisation(net, C, NULL, deviations),
                  CNN_EINVAL, "mean NULL, deviation given");
    assert_failed(cnn_net_set_normalisation(net, C, means, NULL), CNN_EINVAL,
                  "mean given, deviation NULL");
    assert_failed(cnn_net_set_normalisation(net, 2, means, deviations),
                  CNN_ESHAPE, "2 channels, but the net takes 3x2x2");
    assert_failed(cnn_net_set_normalisation(net, C, bad_mean, deviations),
                  CNN_EINVAL, "mean nan of channel 2");
    assert_failed(cnn_net_set_normalisation(net, C, means, bad), CNN_EINVAL,
                  "deviation 0 of channel 1");
    assert_has(net, means, deviations);
    for (int i = 0; i < 4000; i++) {
        many[0][i] = -1.17549435e-38f;
        many[1][i] = 1.17549435e-38f;
    }
    assert_int_equal(cnn_net_set_normalisation(plain, 1800, many[0], many[1]),
                     CNN_OK);
    assert_failed(cnn_net_set_normalisation(plain, 4000, many[0], many[1]),
                  CNN_EINVAL, "expected at most 65535");
    assert_failed(cnn_net_normalisation(NULL, C, m, d), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_net_normalisation(net, 0, m, d), CNN_EINVAL,
                  "0 channels");
    assert_failed(cnn_net_normalisation(net, C, NULL, d), CNN_EINVAL,
                  "mean NULL");
    assert_failed(cnn_net_normalise(plain, 1, m), CNN_ESTATE, "built");
    assert_failed(cnn_net_normalise(net, -1, m), CNN_EINVAL, "-1 inputs");
    assert_failed(cnn_net_normalise(net, 1, NULL), CNN_EINVAL, "x is NULL");
    cnn_net_free(plain);
    cnn_net_free(net);
}

/* Any text may stand there; the net predicts all the same. */
static void hostile(void **state)
{
    static char deep[60001];
    const struct {
        const char *text;
        cnn_status status;
        const char *why;
    } rows[] = {
        {"", CNN_EFORMAT, "the metadata's normalisation"},
        {"0.5 0.5", CNN_EFORMAT, "the metadata's normalisation"},
        {"null", CNN_EFORMAT, "a list is missing"},
        {"[]", CNN_EFORMAT, "a list is missing"},
        {"{}", CNN_EFORMAT, "a list is missing"},
        {"{'mean':[0,0,0]}", CNN_EFORMAT, "a list is missing"},
        {"{'mean':[0,0,0],'deviation':1}", CNN_EFORMAT, "a list is missing"},
        {"{'mean':[0,0,'0'],'deviation':[1,1,1]}", CNN_EFORMAT, "numbers"},
        {"{'mean':[0,0,null],'deviation':[1,1,1]}", CNN_EFORMAT, "numbers"},
        {"{'mean':[0,0,1e39],'deviation':[1,1,1]}", CNN_EFORMAT, "infinite"},
        {"{'mean':[0,0,0],'deviation':[1,1e39,1]}", CNN_EFORMAT, "infinite"},
        {"{'mean':[0,0,0],'deviation':[1,1,0]}", CNN_EFORMAT, "not above 0"},
        {"{'mean':[0,0,0],'deviation':[1,-1,1]}", CNN_EFORMAT, "not above 0"},
        {"{'mean':[0,0,0],'deviation':[1,1e-50,1]}", CNN_EFORMAT, "above 0"},
        {"{'mean':[0,0,NaN],'deviation':[1,1,1]}", CNN_EFORMAT, "metadata's"},
        {"{'mean':[0,0,0],'mean':[0,0,0],'deviation':[1,1,1]}", CNN_EFORMAT,
         "metadata's"},
        {"{'mean':[0,0,0],'deviation':[1,1,1]} 1", CNN_EFORMAT, "metadata's"},
        {"{'mean':[0,0],'deviation':[1,1]}", CNN_ESHAPE,
         "mean of 2 channels, expected 3"},
        {"{'mean':[0,0,0],'deviation':[1,1,1,1]}", CNN_ESHAPE,
         "deviation of 4 channels, expected 3"},
        {deep, CNN_EFORMAT, "the metadata's normalisation"},
    };
    cnn_net *net = net_of(&shape);
    float m[C] = {7, 7, 7}, d[C] = {7, 7, 7}, x[X], before[X], y[2];

    (void)state;
    memset(deep, '[', sizeof(deep) - 1);
    fill_uniform(x, X, 1);
    memcpy(before, x, sizeof(x));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char value[60001];

        strcpy(value, rows[i].text);
        for (char *c = value; *c != '\0'; c++)
            *c = (char)(*c == '\'' ? '"' : *c);
        assert_int_equal(cnn_net_set_metadata(net, CNN_NORMALISATION, value),
                         CNN_OK);
        assert_failed(cnn_net_normalisation(net, C, m, d), rows[i].status,
                      rows[i].why);
        assert_failed(cnn_net_normalise(net, 1, x), rows[i].status,
                      rows[i].why);
        assert_int_equal(cnn_net_predict(net, 1, x, y), CNN_OK);
    }
    assert_same_bits(x, before, X);
    for (int c = 0; c < C; c++)
        assert_true(m[c] == 7 && d[c] == 7);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again),   cmocka_unit_test(text),
        cmocka_unit_test(copies_and_files), cmocka_unit_test(applied),
        cmocka_unit_test(refused),          cmocka_unit_test(hostile),
    };

    return cmocka_run_group_tests_name("normalisation", tests, NULL, NULL);
}
