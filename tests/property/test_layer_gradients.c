/* The gradients of every kind of layer, by finite differences, over 2,000
 * configurations. support/gradcheck.h says what is compared, and how closely.
 */
#include <math.h>
#include <string.h>

#include "support/conv_case.h"
#include "support/draw.h"
#include "support/gradcheck.h"
#include "support/pool_case.h"

static void convolutions(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 30000; seed < 30600; seed++) {
        conv_case_draw(&c, CONV_SMALL, seed);
        conv_case_check_gradients(&c, seed);
    }
}

static void transposed_convolutions(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 35000; seed < 35300; seed++) {
        rig r;

        conv_case_draw(&c, CONV_SMALL, seed);
        conv_case_open_adjoint(&c, &r);
        gradcheck_fill(&r, seed);
        gradcheck(&r, conv_case_adjoint_biases(&c), c.what);
        rig_close(&r);
    }
}

static void convolutions_with_tables(void **state)
{
    conv_case c;

    (void)state;
    for (uint64_t seed = 40000; seed < 40400; seed++) {
        conv_case_draw(&c, CONV_SMALL | CONV_TABLE, seed);
        conv_case_check_gradients(&c, seed);
    }
}

static void pools(void **state)
{
    pool_case c;

    (void)state;
    for (uint64_t seed = 50000; seed < 50500; seed++) {
        pool_case_draw(&c, seed % 2, true, seed);
        pool_case_check_gradients(&c, seed);
    }
}

static void global_pools(void **state)
{
    (void)state;
    for (uint64_t seed = 55000; seed < 55200; seed++) {
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r,
                 seed % 2 ? cnn_global_maxpool2d_create()
                          : cnn_global_avgpool2d_create(),
                 &(cnn_shape){draw_between(&random, 1, 4),
                              draw_between(&random, 1, 6),
                              draw_between(&random, 1, 6)},
                 draw_between(&random, 1, 4));
        gradcheck_fill(&r, seed);
        /* No two inputs within two steps. */
        fill_distinct(r.x, r.X, 4 * GRADCHECK_STEP, seed);
        gradcheck(&r, 0, cnn_layer_kind(r.layer));
        rig_close(&r);
    }
}

static void upsamplings(void **state)
{
    (void)state;
    for (uint64_t seed = 56000; seed < 56200; seed++) {
        const int32_t factor_h = 1 + (int32_t)(seed % 5);
        const int32_t factor_w = 1 + (int32_t)(seed % 3);
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r,
                 cnn_upsample2d_create(factor_h, factor_w, (int32_t)(seed % 2)),
                 &(cnn_shape){draw_between(&random, 1, 3),
                              draw_between(&random, 1, 4),
                              draw_between(&random, 1, 4)},
                 draw_between(&random, 1, 3));
        gradcheck_fill(&r, seed);
        /* Shares like 1 / 6 are not exact, so nothing may cancel. */
        for (size_t i = 0; i < r.Y; i++)
            r.dy[i] = fabsf(r.dy[i]);
        gradcheck(&r, 0, "upsample2d");
        rig_close(&r);
    }
}

static void sub_samplings(void **state)
{
    (void)state;
    for (uint64_t seed = 90000; seed < 90200; seed++) {
        pool_case c;
        rig r;

        pool_case_draw(&c, false, true, seed);
        const naive_window *w = &c.naive.window;
        rig_open(&r,
                 cnn_subsample2d_create(w->kernel_h, w->kernel_w, &c.options),
                 &(cnn_shape){c.C, w->H, w->W}, c.N);
        gradcheck_fill(&r, seed);
        gradcheck(&r, (size_t)c.C, c.what);
        rig_close(&r);
    }
}

/* Any small shape and batch, and a layer that goes on it. */
static void check(cnn_layer *layer, size_t biases, uint64_t seed)
{
    cnn__random random;
    rig r;

    draw_start(&random, seed);
    rig_open(&r, layer,
             &(cnn_shape){draw_between(&random, 1, 4),
                          draw_between(&random, 1, 4),
                          draw_between(&random, 1, 3)},
             draw_between(&random, 1, 5));
    gradcheck_fill(&r, seed);
    /* Softmax has no slope along dy that are all alike, and little along some
     * others: numbers in order, 1/4 apart. */
    if (strcmp(cnn_layer_kind(layer), "softmax") == 0)
        fill_distinct(r.dy, r.Y, 0.25f, seed);
    gradcheck(&r, biases, cnn_layer_kind(layer));
    rig_close(&r);
}

static void dense_layers(void **state)
{
    (void)state;
    for (uint64_t seed = 60000; seed < 60200; seed++) {
        const cnn_dense_options o = {.struct_size = sizeof(o),
                                     .flags = seed % 3 ? 0 : CNN_NO_BIAS};
        const int32_t units = 1 + (int32_t)(seed % 9);

        check(cnn_dense_create(units, &o), seed % 3 ? (size_t)units : 0, seed);
    }
}

static void activations(void **state)
{
    (void)state;
    for (uint64_t seed = 70000; seed < 70440; seed++)
        check(cnn_activation_create((int32_t)(seed % (CNN_CLAMP + 1)), NULL), 0,
              seed);
}

/* The number of elements has to fit, so the shape is given. */
static void reshapings(void **state)
{
    (void)state;
    for (int32_t n = 1; n < 20; n++) {
        rig r;

        rig_open(&r, cnn_reshape_create(&(cnn_shape){2, n, 3}),
                 &(cnn_shape){n, 1, 6}, 2);
        gradcheck_fill(&r, (uint64_t)n);
        gradcheck(&r, 0, "reshape");
        rig_close(&r);
    }
}

static void softmax_layers(void **state)
{
    (void)state;
    for (uint64_t seed = 80000; seed < 80060; seed++)
        check(cnn_softmax_create(), 0, seed);
}

static void radial_basis_functions(void **state)
{
    float codes[9 * 4 * 4 * 3];

    (void)state;
    fill_integers(codes, sizeof(codes) / sizeof(codes[0]), 3, 1);
    for (uint64_t seed = 100000; seed < 100100; seed++)
        check(cnn_rbf_create(1 + (int32_t)(seed % 9), codes), 0, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions),
        cmocka_unit_test(convolutions_with_tables),
        cmocka_unit_test(transposed_convolutions),
        cmocka_unit_test(pools),
        cmocka_unit_test(global_pools),
        cmocka_unit_test(upsamplings),
        cmocka_unit_test(sub_samplings),
        cmocka_unit_test(dense_layers),
        cmocka_unit_test(activations),
        cmocka_unit_test(reshapings),
        cmocka_unit_test(softmax_layers),
        cmocka_unit_test(radial_basis_functions),
    };

    return cmocka_run_group_tests_name("layer gradients", tests, NULL, NULL);
}
