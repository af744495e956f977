/* The convolution layer by direct kernels. The build runs it with each set of
 * kernels, and where these have none there is nothing to run. */
#include <math.h>
#include <string.h>

#include "math/simd.h"
#include "support/conv_case.h"
#include "support/gradcheck.h"

static void equals_naive(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 0; seed < 150; seed++) {
        conv_case_draw(&c, CONV_DIRECT, seed);
        conv_case_assert_exact(&c, seed);
    }
}

static void equals_naive_in_parts(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        conv_case_draw(&c, CONV_DIRECT | CONV_GROUPS, seed);
        conv_case_assert_exact(&c, seed);
        conv_case_draw(&c, CONV_DIRECT | CONV_TABLE, seed);
        conv_case_assert_exact(&c, seed);
    }
}

/* As many filters as fill a vector, which by themselves would go another way.
 */
static void equals_naive_with_a_table_of_one_channel(void **state)
{
    conv_case c;

    (void)state;
    conv_case_draw(&c, CONV_DIRECT | CONV_TABLE, 1);
    c.naive.C = 1;
    c.naive.F = 16;
    memset(c.table, 1, 16);
    conv_case_assert_exact(&c, 1);
}

/* Each width of the blocks of filters, with and without a rest; rows of one
 * vector, of several, and of a part of one. */
static void equals_naive_at_each_width(void **state)
{
    const int32_t widths[] = {2, 7, 8, 9, 15, 16, 17, 28, 33};
    conv_case c;

    (void)state;
    for (int32_t filters = 1; filters <= 12; filters++)
        for (int i = 0; i < 9; i++)
            for (int32_t kernel = 3; kernel <= 5; kernel += 2) {
                conv_case_draw(&c, CONV_DIRECT, 1);
                naive_window *w = &c.naive.window;

                c.options.padding = CNN_PAD_SAME;
                c.naive.F = filters;
                c.naive.C = 2;
                c.naive.N = 3;
                w->kernel_h = w->kernel_w = kernel;
                w->H = 5;
                w->W = widths[i];
                naive_pad_same(w, false);
                conv_case_assert_exact(&c, 1);
            }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        conv_case c;

        conv_case_draw(&c, CONV_SMALL | CONV_DIRECT, seed);
        conv_case_check_gradients(&c, seed);
    }
}

/* Fewer samples than slots, more, and more than a block of a slot. */
static void same_bits_however_it_is_run(void **state)
{
    const int32_t batches[] = {1, 5, 16, 70};

    (void)state;
    for (int i = 0; i < 4; i++)
        for (int32_t kernel = 3; kernel <= 5; kernel += 2) {
            rig r;

            rig_open(&r, conv_same(16, kernel, CNN_ALGORITHM_DIRECT),
                     &(cnn_shape){6, 14, 18}, batches[i]);
            rig_fill_uniform(&r, 3);
            rig_assert_threads_agree(&r);
            rig_assert_dx_is_optional(&r);
            rig_assert_gradients_add(&r);
            rig_close(&r);
        }
}

/* A sample's y does not depend on those beside it. */
static void a_sample_is_alone(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, conv_same(6, 5, CNN_ALGORITHM_DIRECT), &(cnn_shape){1, 28, 28},
             9);
    rig_fill_uniform(&r, 5);
    rig_forward(&r);
    const size_t X = r.X / 9, Y = r.Y / 9;
    float *one = new_floats(Y);
    for (size_t n = 0; n < 9; n++) {
        assert_int_equal(cnn_layer_forward(r.layer, 0, 1, r.x + n * X, one),
                         CNN_OK);
        assert_same_bits(one, r.y + n * Y, Y);
    }
    test_free(one);
    rig_close(&r);
}

static void long_sums_keep_their_digits(void **state)
{
    conv_case c;
    rig r;

    (void)state;
    conv_case_draw(&c, CONV_DIRECT, 1);
    c.options.padding = CNN_PAD_SAME;
    c.naive.C = 3;
    c.naive.F = 16;
    c.naive.N = 1;
    c.naive.window.kernel_h = c.naive.window.kernel_w = 3;
    c.naive.window.H = c.naive.window.W = 224;
    naive_pad_same(&c.naive.window, false);
    conv_case_open(&c, &r);
    conv_case_check_long_sums(&c, &r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_naive),
        cmocka_unit_test(equals_naive_in_parts),
        cmocka_unit_test(equals_naive_with_a_table_of_one_channel),
        cmocka_unit_test(equals_naive_at_each_width),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(a_sample_is_alone),
        cmocka_unit_test(long_sums_keep_their_digits),
    };

    if (cnn__simd_used()->direct->forward == NULL) {
        print_message("no direct kernels in the set %s\n",
                      cnn__simd_used()->name);
        return 0;
    }
    return cmocka_run_group_tests_name("direct conv2d", tests, NULL, NULL);
}
