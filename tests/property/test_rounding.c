/* How far a convolution is off by element, against sums in double: what layer.h
 * and docs/maths.md promise for each algorithm.
 *
 * With T the tile that an element belongs to (of 4 x 4 outputs for Winograd's
 * algorithm, which may compute by 2 x 2 of them; the element alone otherwise):
 *
 *     y    |error| <= E X W    X the largest |x| that any output of T looks at,
 *                              W the sum of |w| of the filter
 *     dx   |error| <= E D W    D the largest |dy| in the tiles that look at the
 *                              pixel, W the sum of |w| of the channel
 *     dw   |error| <= E sum of X D over all tiles, of the one channel and the
 *                              one filter
 *
 * and n U more where the n products of a sum have one sign.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/simd.h"
#include "support/rig.h"

/* One layer with SAME padding, and x, dy and w in double. */
typedef struct fixture {
    rig r;
    int32_t N, C, F, H, W, K, tile;
    int32_t before; /* padding above and to the left */
    const float *w;
} fixture;

static void open_fixture(fixture *f, int32_t algorithm, cnn_shape in,
                         int32_t filters, int32_t kernel)
{
    const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                  .flags = CNN_NO_BIAS,
                                  .padding = CNN_PAD_SAME,
                                  .algorithm = algorithm};

    *f = (fixture){.N = 3,
                   .C = in.c,
                   .F = filters,
                   .H = in.h,
                   .W = in.w,
                   .K = kernel,
                   .before = (kernel - 1) / 2,
                   .tile = algorithm == CNN_ALGORITHM_WINOGRAD ? 4 : 1};
    rig_open(&f->r, cnn_conv2d_create(filters, kernel, kernel, &o), &in, f->N);
    f->w = cnn_layer_params(f->r.layer);
}

static double x_at(const fixture *f, int n, int c, int i, int j)
{
    const bool inside = i >= 0 && i < f->H && j >= 0 && j < f->W;

    return inside ? (double)f->r.x[((n * f->C + c) * f->H + i) * f->W + j]
                  : 0.0;
}

static double dy_at(const fixture *f, int n, int k, int i, int j)
{
    const bool inside = i >= 0 && i < f->H && j >= 0 && j < f->W;

    return inside ? (double)f->r.dy[((n * f->F + k) * f->H + i) * f->W + j]
                  : 0.0;
}

static double w_at(const fixture *f, int k, int c, int u, int v)
{
    return (double)f->w[((k * f->C + c) * f->K + u) * f->K + v];
}

static int start_of(const fixture *f, int i)
{
    return i / f->tile * f->tile;
}

/* The largest |x| of a channel under the window of the tile at (i, j). */
static double most_x(const fixture *f, int n, int c, int i, int j)
{
    const int side = f->tile + f->K - 1;
    double most = 0.0;

    for (int u = 0; u < side; u++)
        for (int v = 0; v < side; v++)
            most =
                fmax(most,
                     fabs(x_at(f, n, c, i - f->before + u, j - f->before + v)));
    return most;
}

static double most_dy(const fixture *f, int n, int k, int i, int j)
{
    double most = 0.0;

    for (int u = 0; u < f->tile; u++)
        for (int v = 0; v < f->tile; v++)
            most = fmax(most, fabs(dy_at(f, n, k, i + u, j + v)));
    return most;
}

static double ratio(double got, double want, double bound)
{
    return bound > 0.0 ? fabs(got - want) / bound : fabs(got - want);
}

/* Of y. */
static double worst_y(const fixture *f)
{
    double worst = 0.0;
    const float *y = f->r.y;

    for (int n = 0; n < f->N; n++)
        for (int k = 0; k < f->F; k++)
            for (int i = 0; i < f->H; i++)
                for (int j = 0; j < f->W; j++, y++) {
                    double sum = 0.0, most = 0.0, weights = 0.0;

                    for (int c = 0; c < f->C; c++) {
                        most = fmax(most, most_x(f, n, c, start_of(f, i),
                                                 start_of(f, j)));
                        for (int u = 0; u < f->K; u++)
                            for (int v = 0; v < f->K; v++) {
                                const double w = w_at(f, k, c, u, v);

                                sum += w * x_at(f, n, c, i + u - f->before,
                                                j + v - f->before);
                                weights += fabs(w);
                            }
                    }
                    worst = fmax(worst, ratio((double)*y, sum, most * weights));
                }
    return worst;
}

/* The largest |dy| in the tiles that look at a pixel. */
static double most_seen(const fixture *f, int n, int k, int i, int j)
{
    const int after = f->K - 1 - f->before;
    double most = 0.0;

    /* An output at o looks at o - before to o + after. */
    for (int a = start_of(f, i - after > 0 ? i - after : 0); a <= i + f->before;
         a += f->tile)
        for (int b = start_of(f, j - after > 0 ? j - after : 0);
             b <= j + f->before; b += f->tile)
            most = fmax(most, most_dy(f, n, k, a, b));
    return most;
}

static double worst_dx(const fixture *f)
{
    double worst = 0.0;
    const float *dx = f->r.dx;

    for (int n = 0; n < f->N; n++)
        for (int c = 0; c < f->C; c++)
            for (int i = 0; i < f->H; i++)
                for (int j = 0; j < f->W; j++, dx++) {
                    double sum = 0.0, most = 0.0, weights = 0.0;

                    for (int k = 0; k < f->F; k++) {
                        most = fmax(most, most_seen(f, n, k, i, j));
                        for (int u = 0; u < f->K; u++)
                            for (int v = 0; v < f->K; v++) {
                                const double w = w_at(f, k, c, u, v);

                                sum += w * dy_at(f, n, k, i - u + f->before,
                                                 j - v + f->before);
                                weights += fabs(w);
                            }
                    }
                    worst =
                        fmax(worst, ratio((double)*dx, sum, most * weights));
                }
    return worst;
}

static double exact_dw(const fixture *f, int k, int c, int u, int v)
{
    double sum = 0.0;

    for (int n = 0; n < f->N; n++)
        for (int i = 0; i < f->H; i++)
            for (int j = 0; j < f->W; j++)
                sum += dy_at(f, n, k, i, j) *
                       x_at(f, n, c, i + u - f->before, j + v - f->before);
    return sum;
}

static double worst_dw(const fixture *f)
{
    double worst = 0.0;
    const float *dw = cnn_layer_grads(f->r.layer);

    for (int k = 0; k < f->F; k++)
        for (int c = 0; c < f->C; c++) {
            double bound = 0.0;

            for (int n = 0; n < f->N; n++)
                for (int i = 0; i < f->H; i += f->tile)
                    for (int j = 0; j < f->W; j += f->tile)
                        bound += most_x(f, n, c, i, j) * most_dy(f, n, k, i, j);
            for (int u = 0; u < f->K; u++)
                for (int v = 0; v < f->K; v++, dw++)
                    worst = fmax(worst, ratio((double)*dw,
                                              exact_dw(f, k, c, u, v), bound));
        }
    return worst;
}

/* From 2^-30 to 2^30, of either sign. */
static void fill_mixed(float *x, size_t n, uint64_t seed)
{
    float *sizes = new_floats(n);

    fill_uniform(x, n, 2 * seed);
    fill_uniform(sizes, n, 2 * seed + 1);
    for (size_t i = 0; i < n; i++)
        x[i] *= exp2f(30.0f * sizes[i]);
    test_free(sizes);
}

enum { PROMISES = 3 };

/* E, as documented; about twice what is the worst over these shapes. */
typedef struct promise {
    int32_t algorithm;
    double y, dx, dw;
} promise;

static const promise promises[PROMISES] = {
    {CNN_ALGORITHM_IM2COL, 1e-6, 1e-6, 1e-6},
    {CNN_ALGORITHM_DIRECT, 1e-6, 1e-6, 1e-6},
    {CNN_ALGORITHM_WINOGRAD, 1e-5, 1e-5, 2e-5},
};

/* Of what CNN_ALGORITHM names. */
static const promise named = {CNN_ALGORITHM_AUTO, 1e-6, 1e-6, 1e-6};

/* If CNN_ALGORITHM is set, a third of the cases, with that one. */
static const promise *promise_of(int i)
{
    if (getenv("CNN_ALGORITHM") == NULL)
        return &promises[i % PROMISES];
    return i % PROMISES == 0 ? &named : NULL;
}

/* Many channels; squares of 2 x 2; lines; tiles that are not whole. */
static const cnn_shape shapes[] = {{3, 9, 10}, {16, 8, 8}, {5, 2, 2},
                                   {8, 13, 1}, {32, 5, 6}, {70, 6, 4}};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]), SEEDS = 8 };

/* The direct kernels are for 2 rows and more, and need AVX2. */
static bool is_possible(int32_t algorithm, const cnn_shape *s)
{
    const bool direct = strcmp(cnn__simd_used()->name, "baseline") != 0;

    return algorithm != CNN_ALGORITHM_DIRECT || (direct && s->h >= 2);
}

/* What each product may add. */
#define U 0x1p-24

static void hold(promise p, fixture *f, const char *what)
{
    rig_forward(&f->r);
    rig_backward(&f->r);
    const double y = worst_y(f), dx = worst_dx(f), dw = worst_dw(f);

    /* Written so that a NaN fails. */
    if (!(y <= p.y && dx <= p.dx && dw <= p.dw))
        fail_msg("algorithm %d, %dx%d of %dx%dx%d, %s: %g, %g, %g, promised "
                 "%g, %g, %g",
                 p.algorithm, f->K, f->K, f->C, f->H, f->W, what, y, dx, dw,
                 p.y, p.dx, p.dw);
}

static void hold_all(bool mixed)
{
    for (int i = 0; i < PROMISES * SHAPES * SEEDS * 2; i++) {
        const promise *p = promise_of(i);
        const cnn_shape *in = &shapes[i / PROMISES % SHAPES];
        const uint64_t seed = (uint64_t)(i / PROMISES / SHAPES);
        fixture f;

        if (p == NULL || !is_possible(p->algorithm, in))
            continue;
        open_fixture(&f, p->algorithm, *in, 9, seed % 2 ? 3 : 5);
        rig_fill_uniform(&f.r, seed);
        if (mixed) {
            fill_mixed(f.r.x, f.r.X, 3 * seed + 1000);
            fill_mixed(f.r.dy, f.r.Y, 3 * seed + 1001);
            fill_mixed(cnn_layer_params(f.r.layer), f.r.P, 3 * seed + 1002);
        }
        hold(*p, &f, mixed ? "mixed" : "uniform");
        rig_close(&f.r);
    }
}

static void of_one_size(void **state)
{
    (void)state;
    hold_all(false);
}

static void of_mixed_sizes(void **state)
{
    (void)state;
    hold_all(true);
}

static void fill_equal(float *x, size_t n, float value)
{
    for (size_t i = 0; i < n; i++)
        x[i] = value;
}

/* Equal numbers, so that whole runs of sums are rounded the same way: the worst
 * there is. */
static void of_one_sign(void **state)
{
    static const cnn_shape many[] = {{256, 6, 6}, {3, 30, 30}, {600, 3, 4}};

    (void)state;
    for (int i = 0; i < PROMISES * 3 * 2; i++) {
        const cnn_shape *in = &many[i / PROMISES % 3];
        fixture f;

        if (promise_of(i) == NULL || !is_possible(promise_of(i)->algorithm, in))
            continue;
        promise p = *promise_of(i);
        open_fixture(&f, p.algorithm, *in, 9, i < 3 * PROMISES ? 3 : 5);
        fill_equal(f.r.x, f.r.X, 0.1f);
        fill_equal(f.r.dy, f.r.Y, 0.7f);
        fill_equal(cnn_layer_params(f.r.layer), f.r.P, 0.3f);
        p.y += U * f.C * f.K * f.K;
        p.dx += U * f.F * f.K * f.K;
        p.dw += U * f.N * f.H * f.W;
        hold(p, &f, "equal");
        rig_close(&f.r);
    }
}

/* The tile is needed: by what each output sees alone, Winograd's algorithm is
 * off without bound. */
static void by_element_there_is_no_bound(void **state)
{
    fixture f;

    (void)state;
    open_fixture(&f, CNN_ALGORITHM_WINOGRAD, (cnn_shape){4, 12, 12}, 9, 3);
    rig_fill_uniform(&f.r, 1);
    f.r.x[4 * 12 + 4] = 1e9f;
    rig_forward(&f.r);
    assert_true(worst_y(&f) <= 1e-5);
    f.tile = 1;
    assert_true(worst_y(&f) > 1e-2);
    rig_close(&f.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_size),
        cmocka_unit_test(of_mixed_sizes),
        cmocka_unit_test(of_one_sign),
        cmocka_unit_test(by_element_there_is_no_bound),
    };

    return cmocka_run_group_tests_name("rounding", tests, NULL, NULL);
}
