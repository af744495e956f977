/* Initial values of parameters. */
#include "math/initial.h"

#include <math.h>

#include "support/near.h"

#define N 100000

static float values[N], again[N];

/* Mean, deviation and range of what was drawn. */
typedef struct moments {
    double mean, deviation, least, most;
} moments;

static moments draw(const cnn__initial *initial)
{
    moments m = {0, 0, HUGE_VAL, -HUGE_VAL};
    double square = 0;

    cnn__initial_fill(initial, 7, 1, 0, values, N);
    for (int i = 0; i < N; i++) {
        const double v = (double)values[i];
        m.mean += v / N;
        square += v * v / N;
        m.least = v < m.least ? v : m.least;
        m.most = v > m.most ? v : m.most;
    }
    m.deviation = sqrt(square - m.mean * m.mean);
    return m;
}

/* The bounds: five standard deviations of a mean of N, and 2 %, which is more
 * than five of a deviation (1 / sqrt(2 N) of it each, for a normal). */
static void assert_moments(const moments *m, double deviation)
{
    assert_true(fabs(m->mean) < 5 * deviation / sqrt(N));
    assert_true(fabs(m->deviation / deviation - 1) < 0.02);
}

/* All of [-half, half) is used, and nothing else. */
static void assert_uniform(const cnn__initial *initial, double half)
{
    const moments m = draw(initial);

    assert_moments(&m, half / sqrt(3.0));
    assert_true(m.least >= -half * (1 + 1e-7) && m.least < -0.999 * half);
    assert_true(m.most <= half * (1 + 1e-7) && m.most > 0.999 * half);
}

static void constant(void **state)
{
    (void)state;
    cnn__initial_fill(&(cnn__initial){CNN_INIT_CONSTANT, -1.5f, 3, 4}, 7, 1, 0,
                      values, N);
    for (int i = 0; i < N; i++)
        assert_true(values[i] == -1.5f);
}

static void uniforms(void **state)
{
    (void)state;
    assert_uniform(&(cnn__initial){CNN_INIT_UNIFORM, 0.05f, 3, 4}, 0.05);
    assert_uniform(&(cnn__initial){CNN_INIT_GLOROT_UNIFORM, 0, 150, 90},
                   sqrt(6.0 / 240));
    assert_uniform(&(cnn__initial){CNN_INIT_DEFAULT, 0, 1, 5}, 1.0);
    assert_uniform(&(cnn__initial){CNN_INIT_LECUN, 0, 25, 99}, 2.4 / 25);
}

static void normals(void **state)
{
    const moments normal = draw(&(cnn__initial){CNN_INIT_NORMAL, 0.25f, 3, 4});
    const moments he = draw(&(cnn__initial){CNN_INIT_HE_NORMAL, 0, 50, 4});

    (void)state;
    assert_moments(&normal, 0.25);
    assert_moments(&he, 0.2);
    /* Of 100,000, the largest lies between 3.5 and 6.7 deviations out. */
    assert_true(normal.most > 3.5 * 0.25 && normal.most < 6.7 * 0.25);
    assert_true(he.least < -3.5 * 0.2 && he.least > -6.7 * 0.2);
}

/* Cut at two deviations, the deviation of what is left is 0.8796 (1 - 2 * 2
 * phi(2) / (Phi(2) - Phi(-2)), rooted). */
static void truncated_normal(void **state)
{
    const moments m =
        draw(&(cnn__initial){CNN_INIT_TRUNCATED_NORMAL, 0.1f, 3, 4});

    (void)state;
    assert_moments(&m, 0.1 * 0.87962566);
    assert_true(m.most <= 0.2 * (1 + 1e-7) && m.most > 0.199);
    assert_true(m.least >= -0.2 * (1 + 1e-7) && m.least < -0.199);
}

/* The same name gives the same values; any part of it changed, others. */
static void depends_on_the_stream_alone(void **state)
{
    const struct {
        uint64_t seed;
        int32_t layer, tensor;
    } others[] = {{8, 1, 0}, {7, 2, 0}, {7, 1, 1}, {7 + (1ull << 32), 1, 0}};

    (void)state;
    for (int32_t init = CNN_INIT_DEFAULT; init <= CNN_INIT_LECUN; init++) {
        const cnn__initial initial = {init, 0.5f, 10, 20};

        if (init == CNN_INIT_CONSTANT)
            continue;
        cnn__initial_fill(&initial, 7, 1, 0, values, 100);
        cnn__initial_fill(&initial, 7, 1, 0, again, 50);
        assert_same_bits(again, values, 50);
        for (int k = 0; k < 4; k++) {
            int equal = 0;

            cnn__initial_fill(&initial, others[k].seed, others[k].layer,
                              others[k].tensor, again, 100);
            for (int i = 0; i < 100; i++)
                equal += again[i] == values[i];
            assert_true(equal < 3);
        }
    }
}

static void errors(void **state)
{
    (void)state;
    assert_failed(cnn__initial_check(-1, 0, "weight"), CNN_EINVAL,
                  "weight init -1, expected 0 to 7");
    assert_failed(cnn__initial_check(8, 0, "bias"), CNN_EINVAL,
                  "bias init 8, expected 0 to 7");
    assert_failed(cnn__initial_check(CNN_INIT_NORMAL, NAN, "weight"),
                  CNN_EINVAL, "weight scale nan, expected a finite number");
    assert_failed(cnn__initial_check(CNN_INIT_CONSTANT, INFINITY, "bias"),
                  CNN_EINVAL, "bias scale inf, expected a finite number");
    assert_failed(cnn__initial_check(CNN_INIT_UNIFORM, -0.5f, "weight"),
                  CNN_EINVAL, "weight scale -0.5, expected at least 0");
    assert_int_equal(cnn__initial_check(CNN_INIT_CONSTANT, -0.5f, "bias"),
                     CNN_OK);
    assert_int_equal(cnn__initial_check(CNN_INIT_LECUN, 0, "bias"), CNN_OK);
}

/* --------------------------------------------------------- in layers --- */

static double bound_of(cnn_layer *layer, const cnn_shape *in, size_t weights)
{
    double most = 0;

    assert_int_equal(cnn_layer_build(layer, in, 1, 3), CNN_OK);
    const float *p = cnn_layer_params(layer);
    for (size_t i = 0; i < weights; i++)
        most = fmax(most, fabs((double)p[i]));
    for (size_t i = weights; i < cnn_layer_param_count(layer); i++)
        assert_true(p[i] == 0.0f);
    cnn_layer_free(layer);
    return most;
}

/* By default weights are Glorot uniform, from the fans of the layer, and biases
 * zero. Of that many weights, the largest is within 1 % of the bound. */
static void fans_of_the_layers(void **state)
{
    const cnn_conv2d_options groups = {.struct_size = sizeof(groups),
                                       .groups = 2};
    const double dense =
        bound_of(cnn_dense_create(40, NULL), &(cnn_shape){3, 5, 4}, 2400);
    const double conv = bound_of(cnn_conv2d_create(16, 5, 4, NULL),
                                 &(cnn_shape){6, 9, 9}, 1920);
    const double grouped = bound_of(cnn_conv2d_create(16, 5, 4, &groups),
                                    &(cnn_shape){6, 9, 9}, 960);

    (void)state;
    assert_true(fabs(dense / sqrt(6.0 / (60 + 40)) - 0.995) < 0.00501);
    assert_true(fabs(conv / sqrt(6.0 / ((6 + 16) * 20)) - 0.995) < 0.00501);
    assert_true(fabs(grouped / sqrt(6.0 / ((3 + 16) * 20)) - 0.995) < 0.00501);
}

static void weights_and_biases_as_asked(void **state)
{
    const cnn_dense_options o = {.struct_size = sizeof(o),
                                 .weight_init = CNN_INIT_CONSTANT,
                                 .weight_scale = 0.25f,
                                 .bias_init = CNN_INIT_UNIFORM,
                                 .bias_scale = 3.0f};
    cnn_layer *layer = cnn_dense_create(50, &o);
    float most = 0.0f;

    (void)state;
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){2, 1, 1}, 1, 3),
                     CNN_OK);
    const float *p = cnn_layer_params(layer);
    for (int i = 0; i < 100; i++)
        assert_true(p[i] == 0.25f);
    for (int i = 100; i < 150; i++)
        most = fmaxf(most, fabsf(p[i]));
    assert_true(most > 2.0f && most <= 3.0f);
    cnn_layer_free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant),
        cmocka_unit_test(uniforms),
        cmocka_unit_test(normals),
        cmocka_unit_test(truncated_normal),
        cmocka_unit_test(depends_on_the_stream_alone),
        cmocka_unit_test(errors),
        cmocka_unit_test(fans_of_the_layers),
        cmocka_unit_test(weights_and_biases_as_asked),
    };

    return cmocka_run_group_tests_name("initial", tests, NULL, NULL);
}
