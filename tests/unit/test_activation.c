/* The activation layer; its functions are tested in test_elementwise.c. */
#include <math.h>
#include <stdbool.h>

#include "support/draw.h"
#include "support/gradcheck.h"

static cnn_layer *activation(int32_t kind, float alpha)
{
    return cnn_activation_create(
        kind, &(cnn_activation_options){sizeof(cnn_activation_options), alpha});
}

/* Each kind at -1 and 1, y and dx for dy = 2, with the default of alpha. */
static void hand_cases(void **state)
{
    const double e = 2.718281828459045;
    const double s = 1 / (1 + e), t = 0.7615941559557649;
    const double u = 0.5827829453479100; /* tanh(2 / 3) */
    const double y[6][2] = {{0, 1},     {s, 1 - s},
                            {-t, t},    {-1.7159 * u, 1.7159 * u},
                            {-0.01, 1}, {1 / e - 1, 1}};
    const double slope[6][2] = {
        {0, 1},
        {s * (1 - s), s * (1 - s)},
        {1 - t * t, 1 - t * t},
        {1.7159 * 2 / 3 * (1 - u * u), 1.7159 * 2 / 3 * (1 - u * u)},
        {0.01, 1},
        {1 / e, 1}};

    (void)state;
    for (int32_t kind = CNN_RELU; kind <= CNN_ELU; kind++) {
        rig r;

        rig_open(&r, cnn_activation_create(kind, NULL), &(cnn_shape){2, 1, 1},
                 1);
        assert_int_equal(r.P, 0);
        assert_int_equal(r.out.c, 2);
        r.x[0] = -1.0f;
        r.x[1] = 1.0f;
        r.dy[0] = r.dy[1] = 2.0f;
        rig_forward(&r);
        rig_backward(&r);
        for (int i = 0; i < 2; i++) {
            const float want_y = (float)y[kind][i];
            const float want_dx = (float)(2 * slope[kind][i]);
            /* A few roundings of numbers below 2. */
            assert_near(&r.y[i], &want_y, 1, 4 * 0x1p-24, 0);
            assert_near(&r.dx[i], &want_dx, 1, 8 * 0x1p-24, 0);
        }
        rig_close(&r);
    }
}

static void alpha_is_used(void **state)
{
    const float alphas[] = {0.25f, 0.5f};

    (void)state;
    for (int k = 0; k < 2; k++) {
        rig r;

        rig_open(&r, activation(k == 0 ? CNN_LEAKY_RELU : CNN_ELU, alphas[k]),
                 &(cnn_shape){1, 1, 1}, 1);
        r.x[0] = -1000.0f;
        r.dy[0] = 1.0f;
        rig_forward(&r);
        rig_backward(&r);
        assert_true(r.y[0] == (k == 0 ? -250.0f : -0.5f));
        assert_true(r.dx[0] == (k == 0 ? 0.25f : 0.0f));
        rig_close(&r);
    }
}

/* Larger than a chunk, and not a whole number of them: the same bits with any
 * number of threads, as element by element. */
static void chunks_cover_everything(void **state)
{
    float y;
    rig r;

    (void)state;
    rig_open(&r, cnn_activation_create(CNN_TANH, NULL), &(cnn_shape){3, 31, 71},
             13);
    fill_uniform(r.x, r.X, 1);
    fill_uniform(r.dy, r.Y, 2);
    rig_assert_threads_agree(&r);
    for (size_t i = 0; i < r.X; i++) {
        y = tanhf(r.x[i]);
        assert_near(&r.y[i], &y, 1, 4 * 0x1p-24, 0);
    }
    rig_close(&r);
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 120; seed++) {
        const int32_t kind = (int32_t)(seed % 6);
        const bool has_alpha = kind >= CNN_LEAKY_RELU;
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r,
                 activation(kind, has_alpha ? (float)(seed % 5) / 4.0f : 0.0f),
                 &(cnn_shape){draw_between(&random, 1, 5),
                              draw_between(&random, 1, 5),
                              draw_between(&random, 1, 5)},
                 draw_between(&random, 1, 4));
        gradcheck_fill(&r, seed);
        gradcheck(&r, 0, "activation");
        rig_close(&r);
    }
}

static void dx_is_optional(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_activation_create(CNN_RELU, NULL), &(cnn_shape){3, 1, 1},
             1);
    rig_fill_uniform(&r, 1);
    rig_assert_dx_is_optional(&r);
    rig_close(&r);
}

static void errors(void **state)
{
    const float bad[] = {-0.1f, INFINITY, NAN};

    (void)state;
    assert_null(cnn_activation_create(-1, NULL));
    assert_error(CNN_EINVAL, "activation: kind -1, expected 0 to 5");
    assert_null(cnn_activation_create(6, NULL));
    assert_error(CNN_EINVAL, "activation: kind 6, expected 0 to 5");
    for (int i = 0; i < 3; i++) {
        assert_null(activation(CNN_LEAKY_RELU, bad[i]));
        assert_error(CNN_EINVAL, "expected at least 0");
    }
    assert_null(activation(CNN_RELU, 0.1f));
    assert_error(CNN_EINVAL, "alpha 0.1, but relu has none");
    assert_null(activation(CNN_LECUN_TANH, 2.0f));
    assert_error(CNN_EINVAL, "alpha 2, but lecun_tanh has none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_cases),
        cmocka_unit_test(alpha_is_used),
        cmocka_unit_test(chunks_cover_everything),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(dx_is_optional),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
