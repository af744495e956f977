/* Signals of one dimension, as images of one row: (C, 1, L). */
#include <math.h>

#include "support/conv_case.h"
#include "support/gradcheck.h"
#include "support/nets.h"
#include "support/pool_case.h"

/* Whole numbers: bit for bit what the loops make of them, forth and back. */
static void convolutions(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        conv_wanted want;
        conv_case c;
        rig r;

        conv_case_draw(&c, seed % 3 ? 0 : CONV_GROUPS, seed);
        conv_case_flatten(&c);
        conv_case_assert_exact(&c, seed);
        conv_case_open_adjoint(&c, &r);
        rig_fill_integers(&r, 4, seed);
        conv_case_want_adjoint(&c, &r, &want);
        conv_case_assert_wanted(&c, &r, &want);
        conv_wanted_free(&want);
        rig_close(&r);
    }
}

static void gradients_of_convolutions(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        conv_case c;

        conv_case_draw(&c, CONV_SMALL, seed);
        conv_case_flatten(&c);
        conv_case_check_gradients(&c, seed);
    }
}

/* A mean of up to 4 numbers of up to 1 is a sum of 4, a product and its factor.
 * A pixel lies under up to 4 windows: sums of up to 4 are rounded by 2^-23, and
 * each summand twice by 2^-25. */
static void pools(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        const bool average = seed % 2 == 1;
        pool_case c;
        rig r;

        pool_case_draw(&c, average, false, seed);
        naive_window *w = &c.naive.window;
        w->H = w->kernel_h = w->stride_h = c.options.stride_h = 1;
        w->top = w->bottom = c.options.pad_top = c.options.pad_bottom = 0;
        pool_case_open(&c, &r);
        if (average)
            rig_fill_uniform(&r, seed);
        else
            rig_fill_integers(&r, 9, seed);
        pool_case_assert_near(&c, &r, average ? 12 * 0x1p-24 : 0);
        rig_close(&r);
    }
}

/* SAME padding keeps the length, or divides it by the stride, rounded up; so do
 * pools; upsampling multiplies. */
static void lengths(void **state)
{
    (void)state;
    for (int32_t L = 1; L < 40; L++)
        for (int32_t s = 1; s < 4; s++) {
            const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                          .stride_w = s,
                                          .padding = CNN_PAD_SAME};
            const cnn_conv2d_transpose_options t = {.struct_size = sizeof(t),
                                                    .stride_w = s,
                                                    .padding = CNN_PAD_SAME};
            const cnn_pool2d_options p = {.struct_size = sizeof(p),
                                          .padding = CNN_PAD_SAME};
            const int32_t shorter = (L + s - 1) / s;
            const struct {
                cnn_layer *layer;
                int32_t w;
            } cases[] = {
                {cnn_conv2d_create(2, 1, 5, &o), shorter},
                {cnn_maxpool2d_create(1, s, &p), shorter},
                {cnn_avgpool2d_create(1, s, &p), shorter},
                {cnn_upsample2d_create(1, s, CNN_UPSAMPLE_BILINEAR), L * s},
                {cnn_conv2d_transpose_create(2, 1, 5, &t), L * s},
                {cnn_batchnorm_create(NULL), L},
            };

            for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                rig r;

                rig_open(&r, cases[i].layer, &(cnn_shape){2, 1, L}, 1);
                assert_int_equal(r.out.c, 2);
                assert_int_equal(r.out.h, 1);
                assert_int_equal(r.out.w, cases[i].w);
                rig_close(&r);
            }
        }
}

/* A ramp stays a ramp. Batch normalisation sees the mean and the deviation of
 * each channel: 0 1 2 3 around 1.5, by the root of 1.25. */
static void along_the_row(void **state)
{
    const float half[] = {0, 0.25f, 0.75f, 1.25f, 1.75f, 2.25f, 2.75f, 3};
    rig r;

    (void)state;
    rig_open(&r, cnn_upsample2d_create(1, 2, CNN_UPSAMPLE_BILINEAR),
             &(cnn_shape){1, 1, 4}, 1);
    for (int i = 0; i < 4; i++)
        r.x[i] = (float)i;
    rig_forward(&r);
    assert_same_bits(r.y, half, 8);
    rig_close(&r);
    rig_open(&r, cnn_batchnorm_create(NULL), &(cnn_shape){2, 1, 4}, 3);
    for (size_t i = 0; i < r.X; i++)
        r.x[i] = (float)(i % 4) * (i / 4 % 2 ? 1.0f : 100.0f);
    rig_forward(&r);
    for (size_t i = 0; i < r.X; i++) {
        const float want = ((float)(i % 4) - 1.5f) / sqrtf(1.25f);

        /* An epsilon of 1e-5 is 4e-6 of a root of 1.1. */
        assert_near(&r.y[i], &want, 1, 8e-6, 0);
    }
    rig_close(&r);
}

/* Where a pulse is in a signal of 32, in quarters. */
static void learns(void **state)
{
    enum { N = 32, L = 32 };
    static float x[N][L];
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};
    cnn_net *net = cnn_net_create();
    cnn_optim *adam = cnn_adam_create(0.01f, NULL);
    int32_t labels[N];
    cnn_metrics m;

    (void)state;
    for (int32_t n = 0; n < N; n++) {
        x[n][n] = 1.0f;
        labels[n] = n / 8;
    }
    cnn_net_add(net, cnn_conv2d_create(8, 1, 5, &same));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(1, 2, NULL));
    cnn_net_add(net, cnn_dense_create(4, NULL));
    build(net, &(cnn_shape){1, 1, L}, N, 1);
    for (int step = 0; step < 60; step++)
        assert_int_equal(cnn_net_train_step(net, adam, N, x[0], labels, &m),
                         CNN_OK);
    assert_int_equal(m.correct, N);
    cnn_optim_free(adam);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions),
        cmocka_unit_test(gradients_of_convolutions),
        cmocka_unit_test(pools),
        cmocka_unit_test(lengths),
        cmocka_unit_test(along_the_row),
        cmocka_unit_test(learns),
    };

    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
