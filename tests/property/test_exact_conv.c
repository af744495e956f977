/* Convolution is exact where arithmetic is: on whole numbers, whose sums stay
 * below 2^24, forward, dW, db and dx have the bits of the naive loops, over
 * 1,000 shapes, with 1 to 3 threads. The same program is run with several of
 * the kernels that the BLAS has. */
#include <math.h>

#include "cnn/version.h"
#include "support/conv_case.h"

#define SHAPES 1000

/* Numbers up to `most` cannot sum up to 2^24 here, so that no sum is rounded,
 * in whatever order it is made. */
static void assert_sums_are_exact(const conv_case *c, const rig *r, int most)
{
    const naive_conv *n = &c->naive;
    const double terms_of_y = (double)naive_w_size(n) / n->F;
    const double terms_of_dx = (double)naive_w_size(n);
    const double terms_of_dw = (double)r->Y / n->F;
    const double terms = fmax(terms_of_y, fmax(terms_of_dx, terms_of_dw)) + 1;

    assert_true(terms * most * most < 0x1p24);
}

static void check_with_threads(const conv_case *c, uint64_t seed)
{
    const int most = 1 + (int)(seed % 9);
    conv_wanted want;
    rig r;

    conv_case_open(c, &r);
    rig_fill_integers(&r, most, seed);
    assert_sums_are_exact(c, &r, most);
    conv_case_want(c, &r, &want);
    for (int32_t threads = 1; threads <= 3; threads++) {
        assert_int_equal(cnn_set_num_threads(threads), CNN_OK);
        conv_case_assert_wanted(c, &r, &want);
    }
    conv_wanted_free(&want);
    rig_close(&r);
}

static void exact(unsigned kind, uint64_t first, uint64_t count)
{
    for (uint64_t seed = first; seed < first + count; seed++) {
        conv_case c;

        conv_case_draw(&c, kind, seed);
        check_with_threads(&c, seed);
    }
}

static void with_groups(void **state)
{
    (void)state;
    exact(0, 10000, SHAPES * 3 / 4);
}

static void with_tables(void **state)
{
    (void)state;
    exact(CONV_TABLE, 20000, SHAPES / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_groups),
        cmocka_unit_test(with_tables),
    };

    print_message("%s\n", cnn_build_info());
    return cmocka_run_group_tests_name("exact convolution", tests, NULL, NULL);
}
