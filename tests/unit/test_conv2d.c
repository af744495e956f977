/* The convolution layer: what it computes. */
#include "support/conv_case.h"

/* One channel, 3x3, and the kernel (1 2; 3 4) with bias 10, by hand. */
static void hand_case(void **state)
{
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const float params[] = {1, 2, 3, 4, 10};
    const float want[] = {10 + 1 + 4 + 12 + 20, 10 + 2 + 6 + 15 + 24,
                          10 + 4 + 10 + 21 + 32, 10 + 5 + 12 + 24 + 36};
    const float dy[] = {1, 0, 0, 2};
    const float want_dx[] = {1, 2, 0, 3, 4 + 2, 4, 0, 6, 8};
    const float want_grad[] = {1 + 10, 2 + 12, 4 + 16, 5 + 18, 3};
    rig r;

    (void)state;
    rig_open(&r, cnn_conv2d_create(1, 2, 2, NULL), &(cnn_shape){1, 3, 3}, 1);
    assert_int_equal(r.P, 5);
    for (int i = 0; i < 9; i++)
        r.x[i] = x[i];
    for (int i = 0; i < 4; i++)
        r.dy[i] = dy[i];
    for (int i = 0; i < 5; i++)
        cnn_layer_params(r.layer)[i] = params[i];
    rig_forward(&r);
    assert_same_bits(r.y, want, 4);
    rig_backward(&r);
    assert_same_bits(r.dx, want_dx, 9);
    assert_same_bits(cnn_layer_grads(r.layer), want_grad, 5);
    rig_close(&r);
}

/* Two channels, two filters, SAME padding, stride 2: the kernel of ones with
 * 1x1 in the middle of nothing, by hand. The input is 2x2, so the one output
 * has its window over all of it, and the zeros lie below and to the right. */
static void hand_case_same(void **state)
{
    const float x[] = {1, 2, 3, 4, 10, 20, 30, 40};
    /* Filter 0 sees the top left of channel 0, filter 1 the whole of
     * channel 1 and -1 times the centre of channel 0. */
    static const float weights[] = {1, 0, 0, 0, 0,  0, 0, 0, 0,  /* f 0 c 0 */
                                    0, 0, 0, 0, 0,  0, 0, 0, 0,  /* f 0 c 1 */
                                    0, 0, 0, 0, -1, 0, 0, 0, 0,  /* f 1 c 0 */
                                    1, 1, 1, 1, 1,  1, 1, 1, 1}; /* f 1 c 1 */
    const float want[] = {1, 100 - 4};
    rig r;

    (void)state;
    rig_open(&r,
             cnn_conv2d_create(2, 3, 3,
                               &(cnn_conv2d_options){
                                   .struct_size = sizeof(cnn_conv2d_options),
                                   .flags = CNN_NO_BIAS,
                                   .stride_h = 2,
                                   .stride_w = 2,
                                   .padding = CNN_PAD_SAME}),
             &(cnn_shape){2, 2, 2}, 1);
    assert_int_equal(r.Y, 2);
    assert_int_equal(r.P, 36);
    for (int i = 0; i < 8; i++)
        r.x[i] = x[i];
    for (int i = 0; i < 36; i++)
        cnn_layer_params(r.layer)[i] = weights[i];
    rig_forward(&r);
    assert_same_bits(r.y, want, 2);
    rig_close(&r);
}

/* A sum of n products of random sign walks some sqrt(n) far, and so do its n
 * roundings of 2^-24 of that: n 2^-24, with 8 for bad luck. */
static double tolerance(size_t terms)
{
    return 8.0 * (double)terms * 0x1p-24;
}

static void compare_with_naive(const conv_case *c)
{
    const size_t F = (size_t)c->naive.F;
    const size_t weights = naive_w_size(&c->naive);
    conv_wanted want;
    rig r;

    conv_case_open(c, &r);
    rig_fill_uniform(&r, r.X);
    conv_case_want(c, &r, &want);
    rig_forward(&r);
    assert_near(r.y, want.y, r.Y, tolerance(weights / F + 1), 0);
    rig_backward(&r);
    assert_near(r.dx, want.dx, r.X, tolerance(weights / (size_t)r.in.c), 0);
    assert_near(cnn_layer_grads(r.layer), want.dp, r.P, tolerance(r.Y / F), 0);
    conv_wanted_free(&want);
    rig_close(&r);
}

static void equals_naive(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        conv_case_draw(&c, 0, seed);
        compare_with_naive(&c);
    }
}

/* Whole numbers: every order of summation gives the same bits. */
static void exact_on_integers(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 1000; seed < 1200; seed++) {
        conv_case_draw(&c, 0, seed);
        conv_case_assert_exact(&c, seed);
    }
}

static void gradients_are_right(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        conv_case_draw(&c, CONV_SMALL, seed);
        conv_case_check_gradients(&c, seed);
    }
}

/* A batch smaller than the one of the build; gradients add up; no dx. */
static void partial_batches_add_up(void **state)
{
    static float whole[8 * 3 * 9 + 8];
    rig r;

    (void)state;
    rig_open(&r, cnn_conv2d_create(8, 3, 3, NULL), &(cnn_shape){3, 6, 6}, 40);
    rig_fill_integers(&r, 4, 7);
    rig_forward(&r);
    rig_backward(&r);
    for (size_t i = 0; i < r.P; i++)
        whole[i] = cnn_layer_grads(r.layer)[i];
    assert_int_equal(cnn_layer_zero_grad(r.layer), CNN_OK);
    for (int32_t n = 0, size = 1; n < 40; n += size, size = 13) {
        const size_t x = (size_t)n * 108, y = (size_t)n * 128;
        float *some = new_floats((size_t)size * 128);

        assert_int_equal(cnn_layer_forward(r.layer, 0, size, r.x + x, some),
                         CNN_OK);
        assert_same_bits(some, r.y + y, (size_t)size * 128);
        assert_int_equal(
            cnn_layer_backward(r.layer, size, r.x + x, some, r.dy + y, NULL),
            CNN_OK);
        test_free(some);
    }
    assert_same_bits(cnn_layer_grads(r.layer), whole, r.P);
    rig_close(&r);
}

/* Several tiles of several samples, and fractions: the order of every sum is
 * the same with any number of threads. */
static void same_bits_however_it_is_run(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_conv2d_create(16, 5, 5, NULL), &(cnn_shape){6, 14, 14},
             37);
    rig_fill_uniform(&r, 3);
    rig_assert_threads_agree(&r);
    rig_assert_dx_is_optional(&r);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_case),
        cmocka_unit_test(hand_case_same),
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(exact_on_integers),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(partial_batches_add_up),
        cmocka_unit_test(same_bits_however_it_is_run),
    };

    return cmocka_run_group_tests_name("conv2d", tests, NULL, NULL);
}
