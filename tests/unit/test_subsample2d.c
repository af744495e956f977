/* Trainable sub-sampling. */
#include <math.h>
#include <string.h>

#include "support/gradcheck.h"
#include "support/pool_case.h"

/* Two channels of 2x4, windows of 2x2: coefficients 3 and -1, biases 10 and
 * 20. */
static void by_hand(void **state)
{
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 0, 0, 1, 1, 0, 2};
    const float params[] = {3, -1, 10, 20}, dy[] = {1, 2, 5, 7};
    const float y[] = {3 * 14 + 10, 3 * 22 + 10, -4 + 20, -2 + 20};
    const float dx[] = {3, 3, 6, 6, 3, 3, 6, 6, -5, -5, -7, -7, -5, -5, -7, -7};
    const float grads[] = {14 + 2 * 22, 5 * 4 + 7 * 2, 1 + 2, 5 + 7};
    rig r;

    (void)state;
    rig_open(&r, cnn_subsample2d_create(2, 2, NULL), &(cnn_shape){2, 2, 4}, 1);
    assert_string_equal(cnn_layer_kind(r.layer), "subsample2d");
    assert_int_equal(r.P, 4);
    memcpy(r.x, x, sizeof(x));
    memcpy(r.dy, dy, sizeof(dy));
    memcpy(cnn_layer_params(r.layer), params, sizeof(params));
    rig_forward(&r);
    assert_same_bits(r.y, y, 4);
    rig_backward(&r);
    assert_same_bits(r.dx, dx, 16);
    assert_same_bits(cnn_layer_grads(r.layer), grads, 4);
    rig_close(&r);
}

/* Coefficients uniform in +-2.4 / 4, which is the number of inputs of a unit;
 * biases zero. */
static void initial_values(void **state)
{
    enum { C = 1000 };
    cnn_layer *layer = cnn_subsample2d_create(2, 2, NULL);
    float most = 0.0f, sum = 0.0f;

    (void)state;
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){C, 2, 2}, 1, 5),
                     CNN_OK);
    for (int c = 0; c < C; c++) {
        const float w = cnn_layer_params(layer)[c];

        most = fmaxf(most, fabsf(w));
        sum += w;
        assert_true(cnn_layer_params(layer)[C + c] == 0.0f);
    }
    assert_true(most <= 0.6f && most > 0.59f);
    /* The deviation of the sum is 0.6 sqrt(C / 3) = 11. */
    assert_true(fabsf(sum) < 44.0f);
    cnn_layer_free(layer);
}

/* ------------------------------------------------- any configuration --- */

/* It is a convolution in which each channel has one filter of its own, all of
 * whose weights are the same number. */
typedef struct reference {
    naive_conv conv;
    size_t area;
    float *w, *dw, *y, *dx, *grads;
} reference;

static void want(reference *f, const pool_case *c, const rig *r)
{
    const size_t C = (size_t)c->C;

    f->conv = (naive_conv){.window = c->naive.window,
                           .N = c->N,
                           .C = c->C,
                           .F = c->C,
                           .groups = c->C};
    f->area = naive_w_size(&f->conv) / C;
    f->w = new_floats(C * f->area);
    f->dw = new_floats(C * f->area);
    f->y = new_floats(r->Y);
    f->dx = new_floats(r->X);
    f->grads = new_floats(2 * C);
    const float *params = cnn_layer_params(r->layer);
    for (size_t i = 0; i < C * f->area; i++)
        f->w[i] = params[i / f->area];
    naive_conv_forward(&f->conv, r->x, f->w, params + C, f->y);
    naive_conv_backward(&f->conv, r->x, f->w, r->dy, f->dw, f->grads + C,
                        f->dx);
    for (size_t i = 0; i < C; i++) {
        double sum = 0.0;

        for (size_t k = 0; k < f->area; k++)
            sum += (double)f->dw[i * f->area + k];
        f->grads[i] = (float)sum;
    }
}

static void free_reference(reference *f)
{
    test_free(f->w);
    test_free(f->dw);
    test_free(f->y);
    test_free(f->dx);
    test_free(f->grads);
}

static void open(pool_case *c, rig *r, bool small, uint64_t seed)
{
    const naive_window *w = &c->naive.window;

    pool_case_draw(c, false, small, seed);
    rig_open(r, cnn_subsample2d_create(w->kernel_h, w->kernel_w, &c->options),
             &(cnn_shape){c->C, w->H, w->W}, c->N);
    assert_int_equal(r->out.c, c->C);
    assert_int_equal(r->out.h, naive_out_h(w));
    assert_int_equal(r->out.w, naive_out_w(w));
}

/* A sum of up to 16 numbers of up to 1 has 15 roundings of 2^-21 at most; the
 * product and the bias add two more, and so does a gradient. Each of the terms
 * of dw holds such a sum, and the reference rounds dw of each weight. */
static void equals_naive(void **state)
{
    const double off = 18 * 0x1p-21;

    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        pool_case c;
        reference f;
        rig r;

        open(&c, &r, false, seed);
        rig_fill_uniform(&r, seed);
        want(&f, &c, &r);
        rig_forward(&r);
        assert_near(r.y, f.y, r.Y, off, 0);
        rig_backward(&r);
        assert_near(r.dx, f.dx, r.X, off, 0);
        assert_near(cnn_layer_grads(r.layer), f.grads, r.P,
                    off * sqrt((double)r.Y), 1e-6);
        free_reference(&f);
        rig_close(&r);
    }
}

/* With numbers of up to 3, dw is a sum of at most 17,500 products of 3 and 48,
 * which is below 2^24. */
static void exact_on_integers(void **state)
{
    (void)state;
    for (uint64_t seed = 1000; seed < 1300; seed++) {
        pool_case c;
        reference f;
        rig r;

        open(&c, &r, false, seed);
        rig_fill_integers(&r, 3, seed);
        want(&f, &c, &r);
        rig_forward(&r);
        assert_near(r.y, f.y, r.Y, 0, 0);
        rig_backward(&r);
        assert_near(r.dx, f.dx, r.X, 0, 0);
        assert_near(cnn_layer_grads(r.layer), f.grads, r.P, 0, 0);
        free_reference(&f);
        rig_close(&r);
    }
}

/* Where row `row` of planes 6 x W stands in planes 7 x (W + 1). */
static size_t row_of_more(size_t row, int32_t W)
{
    return (row / 6 * 7 + row % 6) * (size_t)(W + 1);
}

/* Windows of 2 x 2 that tile the image go a way of their own. One row and
 * column more, which no window sees, and they go the way of all others: the
 * same bits. */
static void halving_is_not_special(void **state)
{
    (void)state;
    for (int32_t W = 2; W <= 40; W += 2) {
        const cnn_shape tiled = {2, 6, W}, more = {2, 7, W + 1};
        rig a, b;

        rig_open(&a, cnn_subsample2d_create(2, 2, NULL), &tiled, 3);
        rig_open(&b, cnn_subsample2d_create(2, 2, NULL), &more, 3);
        rig_fill_uniform(&a, (uint64_t)W);
        rig_fill_uniform(&b, 0);
        assert_int_equal(a.Y, b.Y);
        memcpy(b.dy, a.dy, a.Y * sizeof(float));
        memcpy(cnn_layer_params(b.layer), cnn_layer_params(a.layer),
               a.P * sizeof(float));
        for (size_t row = 0; row < 3 * 2 * 6; row++)
            memcpy(b.x + row_of_more(row, W), a.x + row * (size_t)W,
                   (size_t)W * sizeof(float));
        rig_forward(&a);
        rig_forward(&b);
        assert_same_bits(a.y, b.y, a.Y);
        rig_backward(&a);
        rig_backward(&b);
        for (size_t row = 0; row < 3 * 2 * 6; row++)
            assert_same_bits(a.dx + row * (size_t)W, b.dx + row_of_more(row, W),
                             (size_t)W);
        assert_same_bits(cnn_layer_grads(a.layer), cnn_layer_grads(b.layer),
                         a.P);
        rig_close(&a);
        rig_close(&b);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        pool_case c;
        rig r;

        open(&c, &r, true, seed);
        gradcheck_fill(&r, seed);
        gradcheck(&r, (size_t)c.C, c.what);
        rig_close(&r);
    }
}

static void same_bits_however_it_is_run(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_subsample2d_create(2, 2, NULL), &(cnn_shape){6, 24, 24},
             13);
    rig_fill_uniform(&r, 3);
    rig_assert_threads_agree(&r);
    rig_assert_dx_is_optional(&r);
    rig_assert_gradients_add(&r);
    rig_close(&r);
}

/* What it shares with pooling is tested in test_layer_options.c. */
static void errors(void **state)
{
    const cnn_pool2d_options counted = {.struct_size = sizeof(counted),
                                        .count_include_pad = 1};
    cnn_layer *layer = cnn_subsample2d_create(3, 3, NULL);

    (void)state;
    assert_null(cnn_subsample2d_create(2, 2, &counted));
    assert_error(CNN_EINVAL, "subsample2d: count_include_pad is for averages");
    assert_failed(cnn_layer_build(layer, &(cnn_shape){1, 2, 3}, 1, 1),
                  CNN_ESHAPE, "window 3x3 does not fit input 2x3");
    cnn_layer_free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(initial_values),
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(exact_on_integers),
        cmocka_unit_test(halving_is_not_special),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("subsample2d", tests, NULL, NULL);
}
