/* Changing images a little: what may be drawn. test_augment_image.c looks at
 * the images, and test_trainer_augment.c at the trainer. */
#include <math.h>
#include <string.h>

#include "data/augment.h"
#include "support/nets.h"
#include "support/origin.h"

/* A range in which draws lie, their number, and what is known of them. */
typedef struct draws {
    double most, sum, low, high;
    int count;
} draws;

static void see(draws *d, double value)
{
    assert_true(fabs(value) <= d->most + 20 * READ);
    d->sum += value;
    d->low = fmin(d->low, value);
    d->high = fmax(d->high, value);
    d->count++;
}

/* Uniform over the whole range: the mean is within five deviations of zero, and
 * the ends are within 5 % (missed by 500 draws once in 10^11 times). */
static void assert_uniform(const draws *d)
{
    const double mean = d->sum / d->count;

    assert_true(d->count >= 500);
    assert_true(fabs(mean) <= 5.0 * d->most / sqrt(3.0 * d->count));
    assert_true(d->high >= 0.9 * d->most && d->low <= -0.9 * d->most);
}

#define DRAWS 500

/* ------------------------------------------------------- each in turn --- */

static void nothing_to_do(void **state)
{
    float *x = uniform(PLANE, 1), *y = uniform(PLANE, 1);
    cnn_augment_options o;
    bool any = true;

    (void)state;
    assert_int_equal(cnn__augment_read(&o, NULL, &any), CNN_OK);
    assert_false(any);
    move(&(cnn_augment_options){0}, 1, 0.0f, y);
    assert_same_bits(y, x, PLANE);
    test_free(x);
    test_free(y);
}

static void shift(void **state)
{
    draws rows = {.most = 5}, cols = {.most = 5};
    double both = 0.0;
    origin from;

    (void)state;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        trace(&(cnn_augment_options){.shift = 5}, seed, &from);
        const affine m = read_affine(&from);

        assert_true(fabs(m.a - 1) <= READ && fabs(m.d - 1) <= READ);
        assert_true(fabs(m.b) <= READ && fabs(m.c) <= READ);
        see(&rows, m.shift_row);
        see(&cols, m.shift_col);
        both += m.shift_row * m.shift_col;
    }
    assert_uniform(&rows);
    assert_uniform(&cols);
    /* Independent of each other: five deviations of 25 / 3 each. */
    assert_true(fabs(both) <= 5.0 * 25.0 / 3.0 * sqrt(DRAWS));
}

static void rotation(void **state)
{
    draws angles = {.most = 20};
    origin from;

    (void)state;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        trace(&(cnn_augment_options){.rotation = 20}, seed, &from);
        const affine m = read_affine(&from);

        /* (cos sin; -sin cos), around the middle. */
        assert_true(fabs(m.a * m.a + m.b * m.b - 1) <= 4 * READ);
        assert_true(fabs(m.a - m.d) <= 2 * READ);
        assert_true(fabs(m.b + m.c) <= 2 * READ);
        assert_true(fabs(m.shift_row) <= 4 * READ);
        assert_true(fabs(m.shift_col) <= 4 * READ);
        see(&angles, atan2(m.b, m.a) * 180.0 / 3.141592653589793);
    }
    assert_uniform(&angles);
}

static void scale(void **state)
{
    draws factors = {.most = (double)0.3f};
    origin from;

    (void)state;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        trace(&(cnn_augment_options){.scale = 0.3f}, seed, &from);
        const affine m = read_affine(&from);

        assert_true(fabs(m.a - m.d) <= 2 * READ);
        assert_true(fabs(m.b) <= READ && fabs(m.c) <= READ);
        see(&factors, 1.0 / m.a - 1.0); /* larger, so from nearer */
    }
    assert_uniform(&factors);
}

static void shear(void **state)
{
    draws shears = {.most = (double)0.4f};
    origin from;

    (void)state;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        trace(&(cnn_augment_options){.shear = 0.4f}, seed, &from);
        const affine m = read_affine(&from);

        assert_true(fabs(m.a - 1) <= READ && fabs(m.d - 1) <= READ);
        assert_true(fabs(m.b) <= READ);
        see(&shears, m.c);
    }
    assert_uniform(&shears);
}

/* A shear of a rotation and a scaling: neither changes areas but the last. The
 * products of READ with numbers of up to 2 add up. */
static void together(void **state)
{
    const cnn_augment_options o = {
        .shift = 3, .rotation = 30, .scale = 0.2f, .shear = 0.3f};
    origin from;

    (void)state;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        trace(&o, seed, &from);
        const affine m = read_affine(&from);
        const double area = m.a * m.a + m.b * m.b;

        assert_true(fabs(m.a * m.d - m.b * m.c - area) <= 12 * READ);
        assert_true(fabs(m.a * m.c + m.b * m.d) <=
                    (double)0.3f * area + 12 * READ);
    }
}

/* -------------------------------------------------------- displacement --- */

/* How far beyond the affine map a pixel's column was fetched from, over the
 * pixels that are not near the edge. */
static void elastic_column(float strength, float sigma, uint64_t seed,
                           float *offset)
{
    origin from;

    trace(&(cnn_augment_options){.elastic = strength, .elastic_sigma = sigma},
          seed, &from);
    for (int i = 0; i < PLANE; i++)
        offset[i] = from.col[i] - (float)(i % W);
}

/* The weights of a Gaussian sum up to one, so no pixel goes further than the
 * field of +-strength; and the largest is 1 / (sigma sqrt(2 pi)), so neighbours
 * differ by twice that share at most. It is smoother for a larger sigma. */
static void elastic_is_smooth_and_bounded(void **state)
{
    const float strength = 6.0f, sigmas[] = {1.0f, 2.0f, 4.0f};
    const int edge = 8;
    double rough[3] = {0};
    float offset[PLANE];

    (void)state;
    for (int k = 0; k < 3; k++) {
        const double most = 2.0 * (double)strength / (double)sigmas[k] / 2.5;
        double spread = 0.0;

        for (uint64_t seed = 0; seed < 20; seed++) {
            elastic_column(strength, sigmas[k], seed, offset);
            for (int r = edge; r < H - edge; r++)
                for (int c = edge; c < W - edge; c++) {
                    const double here = (double)offset[r * W + c];
                    const double next = (double)offset[r * W + c + 1];

                    assert_true(fabs(here) <= (double)strength);
                    assert_true(fabs(next - here) <= most);
                    spread = fmax(spread, fabs(here));
                    rough[k] = fmax(rough[k], fabs(next - here));
                }
        }
        /* It does move something: the deviation of a smoothed pixel is strength
         * / sqrt(3) / (2 sigma sqrt(pi)). */
        assert_true(spread > 2.0 * (double)strength / 1.733 /
                                 (3.55 * (double)sigmas[k]));
    }
    assert_true(rough[0] > 2 * rough[1] && rough[1] > 2 * rough[2]);
}

/* A sigma of 4 unless another is given; rows and columns have fields of their
 * own. */
static void elastic_defaults(void **state)
{
    float four[PLANE], zero[PLANE];
    origin from;
    double both = 0.0, rows = 0.0, cols = 0.0;

    (void)state;
    elastic_column(6.0f, 4.0f, 1, four);
    elastic_column(6.0f, 0.0f, 1, zero);
    assert_same_bits(zero, four, PLANE);
    trace(&(cnn_augment_options){.elastic = 6, .elastic_sigma = 1}, 1, &from);
    for (int r = 8; r < H - 8; r++)
        for (int c = 8; c < W - 8; c++) {
            const double row = (double)from.row[r * W + c] - r;
            const double col = (double)from.col[r * W + c] - c;

            both += row * col;
            rows += row * row;
            cols += col * col;
        }
    /* Of some 60 independent pairs the correlation is below five deviations. */
    assert_true(fabs(both) <= 5.0 / sqrt(60.0) * sqrt(rows * cols));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_do),
        cmocka_unit_test(shift),
        cmocka_unit_test(rotation),
        cmocka_unit_test(scale),
        cmocka_unit_test(shear),
        cmocka_unit_test(together),
        cmocka_unit_test(elastic_is_smooth_and_bounded),
        cmocka_unit_test(elastic_defaults),
    };

    return cmocka_run_group_tests_name("augment", tests, NULL, NULL);
}
