/* Euclidean radial basis functions, and the codes of the digits. */
#include <string.h>

#include "layers/digit_codes.h"
#include "support/draw.h"
#include "support/gradcheck.h"
#include "support/model_bytes.h"
#include "support/nets.h"

/* Codes (1 2 3) and (0 0 -1) seen from (1 0 1): 0 + 4 + 4 and 1 + 0 + 4. */
static void by_hand(void **state)
{
    const float codes[] = {1, 2, 3, 0, 0, -1};
    /* 2 * 10 (x - w0) + 2 (-1) (x - w1) */
    const float dx[] = {0 - 2, -40, -40 - 4};
    rig r;

    (void)state;
    rig_open(&r, cnn_rbf_create(2, codes), &(cnn_shape){3, 1, 1}, 1);
    assert_string_equal(cnn_layer_kind(r.layer), "rbf");
    assert_int_equal(r.P, 0);
    assert_int_equal(r.out.c, 2);
    memcpy(r.x, (const float[]){1, 0, 1}, 3 * sizeof(float));
    memcpy(r.dy, (const float[]){10, -1}, 2 * sizeof(float));
    rig_forward(&r);
    assert_same_bits(r.y, (const float[]){8, 5}, 2);
    rig_backward(&r);
    assert_near(r.dx, dx, 3, 0, 0);
    rig_close(&r);
}

/* ------------------------------------------------- codes of the digits --- */

static int difference(const float *a, const float *b)
{
    int count = 0;

    for (int i = 0; i < CNN__DIGIT_PIXELS; i++)
        count += a[i] != b[i];
    return count;
}

/* All of +1 and -1, and no two alike: the nearest, 3 and 8 or 8 and 9, are
 * several pixels apart. */
static void digits_differ(void **state)
{
    float codes[CNN__DIGITS][CNN__DIGIT_PIXELS];

    (void)state;
    for (int32_t d = 0; d < CNN__DIGITS; d++) {
        int ink = 0;

        cnn__digit_code(d, codes[d]);
        for (int i = 0; i < CNN__DIGIT_PIXELS; i++) {
            assert_true(codes[d][i] == 1.0f || codes[d][i] == -1.0f);
            ink += codes[d][i] == 1.0f;
        }
        assert_in_range(ink, 15, 60);
        for (int32_t other = 0; other < d; other++)
            assert_true(difference(codes[d], codes[other]) >= 6);
    }
}

/* The picture of a digit is at distance 0 from it, and 4 for each pixel from
 * another. */
static void digits_are_the_default(void **state)
{
    float codes[CNN__DIGITS][CNN__DIGIT_PIXELS];
    rig r;

    (void)state;
    rig_open(&r, cnn_rbf_create(10, NULL), &(cnn_shape){84, 1, 1}, 10);
    for (int32_t d = 0; d < CNN__DIGITS; d++) {
        cnn__digit_code(d, codes[d]);
        memcpy(r.x + d * CNN__DIGIT_PIXELS, codes[d], sizeof(codes[d]));
    }
    rig_forward(&r);
    for (int32_t n = 0; n < CNN__DIGITS; n++)
        for (int32_t d = 0; d < CNN__DIGITS; d++)
            assert_true(r.y[n * CNN__DIGITS + d] ==
                        (float)(4 * difference(codes[n], codes[d])));
    rig_close(&r);
}

/* Fewer classes: the first digits. */
static void fewer_digits(void **state)
{
    float code[CNN__DIGIT_PIXELS];
    rig r;

    (void)state;
    rig_open(&r, cnn_rbf_create(3, NULL), &(cnn_shape){7, 12, 1}, 1);
    cnn__digit_code(2, code);
    memcpy(r.x, code, sizeof(code));
    rig_forward(&r);
    assert_true(r.y[0] > 0.0f && r.y[1] > 0.0f && r.y[2] == 0.0f);
    rig_close(&r);
}

/* ------------------------------------------------- any configuration --- */

/* Distances and gradients as defined, for codes (units, inputs); sums are kept
 * in double and rounded once. */
static void assert_naive(rig *r, const float *codes, double tolerance)
{
    const size_t U = (size_t)r->out.c, I = r->X / (size_t)r->batch;

    rig_forward(r);
    rig_backward(r);
    for (size_t n = 0; n < (size_t)r->batch; n++)
        for (size_t i = 0; i < I; i++) {
            double dx = 0.0;

            for (size_t u = 0; u < U; u++)
                dx += 2.0 * (double)r->dy[n * U + u] *
                      ((double)r->x[n * I + i] - (double)codes[u * I + i]);
            assert_near(&r->dx[n * I + i], &(float){(float)dx}, 1, tolerance,
                        0);
        }
    for (size_t n = 0; n < (size_t)r->batch; n++)
        for (size_t u = 0; u < U; u++) {
            double y = 0.0;

            for (size_t i = 0; i < I; i++) {
                const double d =
                    (double)r->x[n * I + i] - (double)codes[u * I + i];
                y += d * d;
            }
            assert_near(&r->y[n * U + u], &(float){(float)y}, 1, 0, 0x1p-23);
        }
}

/* A layer of any shape, whose codes fill() fills; they are given back. */
static float *draw(rig *r, uint64_t seed,
                   void (*fill)(float *, size_t, uint64_t))
{
    cnn__random random;

    draw_start(&random, seed);
    const cnn_shape in = {draw_between(&random, 1, 9),
                          draw_between(&random, 1, 5),
                          draw_between(&random, 1, 5)};
    const int32_t units = draw_between(&random, 1, 12);
    const size_t count = (size_t)(units * in.c * in.h * in.w);
    float *codes = new_floats(count);
    fill(codes, count, seed);
    rig_open(r, cnn_rbf_create(units, codes), &in, draw_between(&random, 1, 6));
    return codes;
}

static void fill_small_integers(float *x, size_t n, uint64_t seed)
{
    fill_integers(x, n, 9, seed);
}

/* dx is a float sum of up to 12 products of up to 4, of which each and the sum
 * are rounded: 36 roundings of at most 2^-20. */
static void equals_naive(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        rig r;
        float *codes = draw(&r, seed, fill_uniform);

        rig_fill_uniform(&r, seed);
        assert_naive(&r, codes, 36 * 0x1p-20);
        test_free(codes);
        rig_close(&r);
    }
}

static void exact_on_integers(void **state)
{
    (void)state;
    for (uint64_t seed = 1000; seed < 1200; seed++) {
        rig r;
        float *codes = draw(&r, seed, fill_small_integers);

        rig_fill_integers(&r, 9, seed);
        assert_naive(&r, codes, 0);
        test_free(codes);
        rig_close(&r);
    }
}

/* Squares have no third derivative. */
static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        rig r;
        float *codes = draw(&r, seed, fill_small_integers);

        gradcheck_fill(&r, seed);
        gradcheck(&r, 0, "rbf");
        test_free(codes);
        rig_close(&r);
    }
}

static void same_bits_however_it_is_run(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_rbf_create(10, NULL), &(cnn_shape){84, 1, 1}, 40);
    rig_fill_uniform(&r, 3);
    rig_assert_threads_agree(&r);
    rig_assert_dx_is_optional(&r);
    rig_close(&r);
}

/* ------------------------------------------------- codes of the caller --- */

/* A net of two inputs, a dense layer, and three given codes. */
static cnn_net *net_of(float *codes)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_dense_create(4, NULL));
    cnn_net_add(net, cnn_rbf_create(3, codes));
    cnn_net_set_loss(net, CNN_LOSS_LENET_MAP, CNN_REDUCE_MEAN);
    build(net, &(cnn_shape){2, 1, 1}, 4, 1);
    return net;
}

/* They are read by the build, and no training moves them. */
static void codes_are_copied_and_fixed(void **state)
{
    float codes[12], copy[12], x[4], y[3], other[3];
    cnn_optim *optim = cnn_adam_create(0.1f, NULL);

    (void)state;
    fill_uniform(codes, 12, 1);
    fill_uniform(x, 4, 2);
    memcpy(copy, codes, sizeof(copy));
    cnn_net *net = net_of(codes), *twin = net_of(copy);
    memset(codes, 0, sizeof(codes));
    for (int t = 0; t < 5; t++)
        assert_int_equal(
            cnn_net_train_step(net, optim, 2, x, (const int32_t[]){0, 2}, NULL),
            CNN_OK);
    memcpy(cnn_net_params(twin), cnn_net_params(net),
           cnn_net_param_count(net) * sizeof(float));
    cnn_net_predict(net, 1, x, y);
    cnn_net_predict(twin, 1, x, other);
    assert_same_bits(y, other, 3);
    cnn_optim_free(optim);
    cnn_net_free(net);
    cnn_net_free(twin);
}

/* A model file holds them. */
static void save_and_load(void **state)
{
    float codes[12], x[4], y[6], z[6];
    model_bytes m;

    (void)state;
    fill_uniform(codes, 12, 3);
    fill_uniform(x, 4, 4);
    cnn_net *net = net_of(codes);
    memset(codes, 0, sizeof(codes));
    model_of(&m, net);
    assert_true(model_holds(&m, "'1.codes':{'dtype':'F32','shape':[3,4]"));
    cnn_net *loaded = cnn_net_load_memory(m.data, m.size, 2);
    assert_non_null(loaded);
    cnn_net_predict(net, 2, x, y);
    cnn_net_predict(loaded, 2, x, z);
    assert_same_bits(z, y, 6);
    model_free(&m);
    cnn_net_free(net);
    cnn_net_free(loaded);
}

static void errors(void **state)
{
    const float one[] = {1};
    cnn_layer *digits = cnn_rbf_create(10, NULL);
    cnn_layer *many = cnn_rbf_create(1 << 16, one);

    (void)state;
    assert_null(cnn_rbf_create(0, one));
    assert_error(CNN_EINVAL, "rbf: units 0, expected at least 1");
    assert_null(cnn_rbf_create(-3, NULL));
    assert_error(CNN_EINVAL, "rbf: units -3, expected at least 1");
    assert_null(cnn_rbf_create(11, NULL));
    assert_error(CNN_EINVAL, "rbf: units 11 without codes, expected 1 to 10");
    assert_failed(cnn_layer_build(digits, &(cnn_shape){83, 1, 1}, 1, 1),
                  CNN_ESHAPE,
                  "the codes of the digits have 84 elements, the input 83");
    assert_failed(cnn_layer_build(many, &(cnn_shape){1 << 15, 1, 1}, 1, 1),
                  CNN_EOVERFLOW,
                  "0 parameters and 2147483648 fixed ones, more than");
    cnn_layer_free(digits);
    cnn_layer_free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(digits_differ),
        cmocka_unit_test(digits_are_the_default),
        cmocka_unit_test(fewer_digits),
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(exact_on_integers),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(codes_are_copied_and_fixed),
        cmocka_unit_test(save_and_load),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("rbf", tests, NULL, NULL);
}
