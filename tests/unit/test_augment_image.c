/* Images that are changed a little: every pixel from its place. */
#include <math.h>
#include <string.h>

#include "data/augment.h"
#include "support/nets.h"
#include "support/origin.h"

static double pixel(const float *x, int r, int c, double paper)
{
    return r < 0 || c < 0 || r >= H || c >= W ? paper : (double)x[r * W + c];
}

/* Between four pixels, in double. */
static double between(const float *x, double row, double col, double paper)
{
    const int r = (int)floor(row), c = (int)floor(col);
    const double v = row - r, u = col - c;

    return (1 - v) * ((1 - u) * pixel(x, r, c, paper) +
                      u * pixel(x, r, c + 1, paper)) +
           v * ((1 - u) * pixel(x, r + 1, c, paper) +
                u * pixel(x, r + 1, c + 1, paper));
}

/* Every pixel comes from where the map that was read says. The map is known to
 * 1e-5 at the corners, where neighbours differ by up to 2. */
static void moved_as_mapped(void **state)
{
    const cnn_augment_options o = {
        .shift = 6, .rotation = 30, .scale = 0.3f, .shear = 0.2f};

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        float *x = uniform(PLANE, seed), *y = uniform(PLANE, seed);
        origin from;

        trace(&o, seed, &from);
        const affine m = read_affine(&from);
        move(&o, seed, -0.5f, y);
        for (int r = 0; r < H; r++)
            for (int c = 0; c < W; c++) {
                const double v = r - (H - 1) / 2.0, u = c - (W - 1) / 2.0;
                const double row =
                    m.a * v + m.b * u + (H - 1) / 2.0 + m.shift_row;
                const double col =
                    m.c * v + m.d * u + (W - 1) / 2.0 + m.shift_col;
                const float want = (float)between(x, row, col, -0.5);

                assert_near(&y[r * W + c], &want, 1, 4e-4, 0);
            }
        test_free(x);
        test_free(y);
    }
}

/* Among some million draws there is one that is a whole number of columns: its
 * steps are 8 / 2^23. Values of 0 to 15 are then moved exactly, and what comes
 * from outside is paper, exactly. */
static void whole_pixels_are_exact(void **state)
{
    const cnn_augment_options o = {.shift = 8};
    float x[PLANE], y[PLANE];
    int found = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 1u << 24 && found < 1; seed++) {
        cnn__random random;
        float u = 0.0f;

        cnn__random_start(&random, seed, CNN__RANDOM_AUGMENT, MOVE_STEP,
                          MOVE_SAMPLE);
        for (int i = 0; i < 5; i++) /* the fifth number is the column's */
            u = cnn__random_uniform(&random);
        const float cols = 8.0f * (2.0f * u - 1.0f);
        if (cols != floorf(cols) || cols == 0.0f)
            continue;
        found++;
        for (int i = 0; i < PLANE; i++)
            x[i] = y[i] = (float)(i % W * 7 % 16);
        move(&o, seed, -3.0f, y);
        for (int r = 8; r < H - 8; r++)
            for (int c = 0; c < W; c++)
                assert_true((double)y[r * W + c] ==
                            pixel(x, r, c + (int)cols, -3.0));
    }
    assert_int_equal(found, 1);
}

/* A mixture of pixels and paper is neither darker nor lighter than all; three
 * roundings are allowed. */
static void values_stay_in_range(void **state)
{
    const cnn_augment_options o = {.shift = 9,
                                   .rotation = 45,
                                   .scale = 0.5f,
                                   .shear = 0.5f,
                                   .elastic = 20,
                                   .elastic_sigma = 3};

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        float *x = uniform(PLANE, seed);

        move(&o, seed, 0.25f, x);
        for (int i = 0; i < PLANE; i++)
            assert_true(fabsf(x[i]) <= 1.0f + 0x1p-22f);
        test_free(x);
    }
}

static void far_outside_is_paper(void **state)
{
    int blank = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        float *x = uniform(PLANE, seed);
        int paper = 0;

        move(&(cnn_augment_options){.shift = 1e30f}, seed, 3.5f, x);
        for (int i = 0; i < PLANE; i++)
            paper += x[i] == 3.5f;
        blank += paper == PLANE;
        test_free(x);
    }
    assert_int_equal(blank, 20);
}

/* All channels of an image move together. */
static void channels_move_together(void **state)
{
    const cnn_shape small = {3, 20, 30};
    const cnn_augment_options o = {.struct_size = sizeof(o),
                                   .shift = 2,
                                   .rotation = 10,
                                   .elastic = 3,
                                   .elastic_sigma = 4};
    float x[3 * 600], scratch[4 * 600];
    cnn__random random;

    (void)state;
    fill_uniform(x, 600, 1);
    memcpy(x + 600, x, 600 * sizeof(float));
    memcpy(x + 1200, x, 600 * sizeof(float));
    cnn__random_start(&random, 1, CNN__RANDOM_AUGMENT, 0, 0);
    cnn__augment(&o, &small, &random, (const float[3]){0}, scratch, x);
    assert_same_bits(x + 600, x, 600);
    assert_same_bits(x + 1200, x, 600);
}

/* A field without end would be one without smoothness; it is cut. */
static void extreme_sigmas(void **state)
{
    const float sigmas[] = {1e-30f, 0.01f, 100.0f, 1e30f};

    (void)state;
    for (int i = 0; i < 4; i++) {
        float *x = uniform(PLANE, 1);

        move(&(cnn_augment_options){.elastic = 2, .elastic_sigma = sigmas[i]},
             1, 0.0f, x);
        for (int k = 0; k < PLANE; k++)
            assert_true(fabsf(x[k]) <= 1.0f + 0x1p-22f);
        test_free(x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moved_as_mapped),
        cmocka_unit_test(whole_pixels_are_exact),
        cmocka_unit_test(values_stay_in_range),
        cmocka_unit_test(far_outside_is_paper),
        cmocka_unit_test(channels_move_together),
        cmocka_unit_test(extreme_sigmas),
    };

    return cmocka_run_group_tests_name("augment image", tests, NULL, NULL);
}
