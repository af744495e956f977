/* The fully connected layer. */
#include <math.h>
#include <string.h>

#include "support/draw.h"
#include "support/gradcheck.h"
#include "support/naive.h"

/* y = W x + b with W = (1 2 3; 4 5 6), b = (10 20), by hand. */
static void hand_case(void **state)
{
    const float params[] = {1, 2, 3, 4, 5, 6, 10, 20};
    const float x[] = {1, 0, -1, 2, 1, 0};      /* (2, 3) */
    const float want[] = {8, 18, 14, 33};       /* (2, 2) */
    const float dy[] = {1, 0, 0, 1};            /* (2, 2) */
    const float want_dx[] = {1, 2, 3, 4, 5, 6}; /* dY W */
    const float want_grad[] = {1, 0, -1, 2, 1, 0, 1, 1};
    rig r;

    (void)state;
    rig_open(&r, cnn_dense_create(2, NULL), &(cnn_shape){3, 1, 1}, 2);
    assert_int_equal(r.P, 8);
    memcpy(cnn_layer_params(r.layer), params, sizeof(params));
    memcpy(r.x, x, sizeof(x));
    memcpy(r.dy, dy, sizeof(dy));
    rig_forward(&r);
    assert_same_bits(r.y, want, 4);
    rig_backward(&r);
    assert_same_bits(r.dx, want_dx, 6);
    assert_same_bits(cnn_layer_grads(r.layer), want_grad, 8);
    rig_close(&r);
}

/* A sample of any shape is read as one vector; the output is {units, 1, 1}. */
static void flattens(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_dense_create(7, NULL), &(cnn_shape){2, 3, 4}, 1);
    assert_int_equal(r.P, 7 * 24 + 7);
    assert_int_equal(r.out.c, 7);
    assert_int_equal(r.out.h, 1);
    assert_int_equal(r.out.w, 1);
    rig_close(&r);
}

/* ------------------------------------------------- any configuration --- */

/* As a convolution sees it: inputs are channels of one pixel. */
typedef struct dense_case {
    naive_conv naive;
    bool biased;
} dense_case;

static void draw(dense_case *c, bool small, uint64_t seed)
{
    cnn__random r;

    draw_start(&r, seed);
    c->naive = (naive_conv){
        .window = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
        .N = draw_between(&r, 1, small ? 4 : 40),
        .C = draw_between(&r, 1, small ? 12 : 150),
        .F = draw_between(&r, 1, small ? 8 : 60),
        .groups = 1,
    };
    c->biased = draw_between(&r, 0, 3) > 0;
}

static void open_case(const dense_case *c, rig *r)
{
    const cnn_dense_options o = {.struct_size = sizeof(o),
                                 .flags = c->biased ? 0 : CNN_NO_BIAS};

    rig_open(r, cnn_dense_create(c->naive.F, &o),
             &(cnn_shape){c->naive.C, 1, 1}, c->naive.N);
}

/* A sum of n products of random sign walks some sqrt(n) far, and so do its
 * roundings: n 2^-24, with 8 for bad luck. 0 on whole numbers. */
static double allowed(int32_t terms, bool exact)
{
    return exact ? 0 : 8.0 * (terms + 1) * 0x1p-24;
}

static void compare_with_naive(const dense_case *c, bool exact, uint64_t seed)
{
    const naive_conv *n = &c->naive;
    const size_t W = naive_w_size(n);
    rig r;

    open_case(c, &r);
    if (exact)
        rig_fill_integers(&r, 9, seed);
    else
        rig_fill_uniform(&r, seed);
    const float *w = cnn_layer_params(r.layer);
    float *y = new_floats(r.Y), *dx = new_floats(r.X), *dp = new_floats(r.P);
    naive_conv_forward(n, r.x, w, c->biased ? w + W : NULL, y);
    naive_conv_backward(n, r.x, w, r.dy, dp, c->biased ? dp + W : NULL, dx);
    rig_forward(&r);
    assert_near(r.y, y, r.Y, allowed(n->C, exact), 0);
    rig_backward(&r);
    assert_near(r.dx, dx, r.X, allowed(n->F, exact), 0);
    assert_near(cnn_layer_grads(r.layer), dp, r.P, allowed(n->N, exact), 0);
    test_free(y);
    test_free(dx);
    test_free(dp);
    rig_close(&r);
}

static void equals_naive(void **state)
{
    dense_case c;

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        draw(&c, false, seed);
        compare_with_naive(&c, false, seed);
    }
}

static void exact_on_integers(void **state)
{
    dense_case c;

    (void)state;
    for (uint64_t seed = 1000; seed < 1200; seed++) {
        draw(&c, false, seed);
        compare_with_naive(&c, true, seed);
    }
}

static void gradients_are_right(void **state)
{
    dense_case c;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        rig r;

        draw(&c, true, seed);
        open_case(&c, &r);
        gradcheck_fill(&r, seed);
        gradcheck(&r, c.biased ? (size_t)c.naive.F : 0, "dense");
        rig_close(&r);
    }
}

/* Large enough to be cut up: the same bits with any number of threads. */
static void same_bits_however_it_is_run(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_dense_create(200, NULL), &(cnn_shape){300, 1, 1}, 70);
    rig_fill_uniform(&r, 5);
    rig_assert_threads_agree(&r);
    rig_assert_dx_is_optional(&r);
    rig_close(&r);
}

static void errors(void **state)
{
    cnn_dense_options o = {.struct_size = sizeof(o)};

    (void)state;
    assert_null(cnn_dense_create(0, NULL));
    assert_error(CNN_EINVAL, "dense: units 0, expected at least 1");
    assert_null(cnn_dense_create(-3, NULL));
    assert_error(CNN_EINVAL, "dense: units -3, expected at least 1");
    o.flags = 2;
    assert_null(cnn_dense_create(3, &o));
    assert_error(CNN_EINVAL, "dense: unknown flags 0x2, expected 0 or 0x1");
    o = (cnn_dense_options){.struct_size = sizeof(o), .weight_init = 9};
    assert_null(cnn_dense_create(3, &o));
    assert_error(CNN_EINVAL, "dense: weight init 9");
    o = (cnn_dense_options){.struct_size = sizeof(o), .bias_scale = NAN};
    assert_null(cnn_dense_create(3, &o));
    assert_error(CNN_EINVAL, "dense: bias scale nan");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_case),
        cmocka_unit_test(flattens),
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(exact_on_integers),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("dense", tests, NULL, NULL);
}
