/* What one pixel that is NaN, infinite or large does to outputs that do not
 * look at it: nothing, but for Winograd's algorithm, where it reaches the
 * outputs of its tile, and no other sample. */
#include <math.h>
#include <string.h>

#include "math/simd.h"
#include "support/rig.h"

enum { N = 3, C = 8, F = 9, SIDE = 14, KERNEL = 3, TILE = 4 };
enum { SAMPLE = 1, CHANNEL = 3, ROW = 6, COLUMN = 9 };

static void open_rig(rig *r, int32_t algorithm)
{
    const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                  .padding = CNN_PAD_SAME,
                                  .algorithm = algorithm};

    rig_open(r, cnn_conv2d_create(F, KERNEL, KERNEL, &o),
             &(cnn_shape){C, SIDE, SIDE}, N);
    rig_fill_uniform(r, 4);
}

static float *pixel(rig *r)
{
    return &r->x[((SAMPLE * C + CHANNEL) * SIDE + ROW) * SIDE + COLUMN];
}

static bool is_broken(float value)
{
    return !isfinite(value);
}

/* Does any output in [o, o + count) look at input `at`, of one direction? */
static bool sees(int o, int count, int at)
{
    return at >= o - KERNEL / 2 && at < o + count - 1 + KERNEL - KERNEL / 2;
}

/* Does the output look at the pixel, or somebody in its tile? */
static bool is_near(int n, int i, int j, int tile)
{
    return n == SAMPLE && sees(i / tile * tile, tile, ROW) &&
           sees(j / tile * tile, tile, COLUMN);
}

/* y with that value in place of the pixel; where it is not near, the bits are
 * those without. */
static void put(int32_t algorithm, float value, rig *r)
{
    const int tile = algorithm == CNN_ALGORITHM_WINOGRAD ? TILE : 1;
    float *want, *got;

    open_rig(r, algorithm);
    want = new_floats(r->Y);
    rig_forward(r);
    memcpy(want, r->y, r->Y * sizeof(float));
    *pixel(r) = value;
    rig_forward(r);
    got = r->y;
    for (int n = 0; n < N; n++)
        for (int f = 0; f < F; f++)
            for (int i = 0; i < SIDE; i++)
                for (int j = 0; j < SIDE; j++) {
                    const size_t at =
                        (size_t)(((n * F + f) * SIDE + i) * SIDE + j);

                    if (!is_near(n, i, j, tile))
                        assert_same_bits(&got[at], &want[at], 1);
                    else if (is_broken(value) && is_near(n, i, j, 1))
                        assert_true(is_broken(got[at]));
                }
    test_free(want);
}

/* Outputs of the sample that are not finite. */
static int count_broken(const rig *r)
{
    int count = 0;

    for (size_t i = 0; i < r->Y; i++)
        count += is_broken(r->y[i]);
    return count;
}

static bool has_direct(void)
{
    return strcmp(cnn__simd_used()->name, "baseline") != 0;
}

static void not_beyond_the_tile(void **state)
{
    static const int32_t algorithms[] = {
        CNN_ALGORITHM_IM2COL, CNN_ALGORITHM_WINOGRAD, CNN_ALGORITHM_DIRECT};
    const float values[] = {NAN, INFINITY, -INFINITY, 1e6f, 3e38f};

    (void)state;
    for (int a = 0; a < 2 + has_direct(); a++)
        for (int v = 0; v < 5; v++) {
            rig r;

            put(algorithms[a], values[v], &r);
            if (v < 3) /* 3 x 3 outputs of each filter look at it */
                assert_true(algorithms[a] == CNN_ALGORITHM_WINOGRAD
                                ? count_broken(&r) > 9 * F
                                : count_broken(&r) == 9 * F);
            rig_close(&r);
        }
}

/* A zero input gives the bias and nothing else, but in the tile of a large
 * pixel. */
static void zeros_become_others(void **state)
{
    static const int32_t algorithms[] = {CNN_ALGORITHM_IM2COL,
                                         CNN_ALGORITHM_WINOGRAD};

    (void)state;
    for (int a = 0; a < 2; a++) {
        int others = 0;
        rig r;

        open_rig(&r, algorithms[a]);
        memset(r.x, 0, r.X * sizeof(float));
        for (int f = 0; f < F; f++)
            cnn_layer_params(r.layer)[F * C * KERNEL * KERNEL + f] = 0.0f;
        *pixel(&r) = 1e6f;
        rig_forward(&r);
        for (size_t i = 0; i < r.Y; i++)
            others += r.y[i] != 0.0f;
        assert_true(algorithms[a] == CNN_ALGORITHM_WINOGRAD ? others > 9 * F
                                                            : others == 9 * F);
        rig_close(&r);
    }
}

/* Sums of up to 1e33 do not overflow on the way; where those of im2col are
 * finite just so, Winograd's are not. */
static void large_numbers(void **state)
{
    (void)state;
    for (int winograd = 0; winograd < 2; winograd++)
        for (int huge = 0; huge < 2; huge++) {
            rig r;

            open_rig(&r,
                     winograd ? CNN_ALGORITHM_WINOGRAD : CNN_ALGORITHM_IM2COL);
            for (size_t i = 0; i < r.X; i++)
                r.x[i] *= huge ? 1e37f : 1e31f;
            for (size_t i = 0; i < r.Y; i++)
                r.dy[i] *= huge ? 1.0f : 1e31f;
            rig_forward(&r);
            assert_int_equal(count_broken(&r) > 0, winograd && huge);
            rig_close(&r);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_beyond_the_tile),
        cmocka_unit_test(zeros_become_others),
        cmocka_unit_test(large_numbers),
    };

    return cmocka_run_group_tests_name("rounding spreads", tests, NULL, NULL);
}
