/* The activation layer; its functions are tested in test_elementwise.c. */
#include <math.h>
#include <stdbool.h>

#include "support/draw.h"
#include "support/gradcheck.h"

enum { KINDS = CNN_CLAMP + 1 };

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
    const double n = 0.8413447460685429; /* P(X <= 1), X normal */
    const double d = 0.2419707245191434; /* exp(-1 / 2) / sqrt(2 pi) */
    const double y[KINDS][2] = {{0, 1},
                                {s, 1 - s},
                                {-t, t},
                                {-1.7159 * u, 1.7159 * u},
                                {-0.01, 1},
                                {1 / e - 1, 1},
                                {n - 1, n},
                                {-s, 1 - s},
                                {-1.0 / 3, 2.0 / 3},
                                {0.3132616875182228, 1.3132616875182228},
                                {0, 1}};
    const double slope[KINDS][2] = {
        {0, 1},
        {s * (1 - s), s * (1 - s)},
        {1 - t * t, 1 - t * t},
        {1.7159 * 2 / 3 * (1 - u * u), 1.7159 * 2 / 3 * (1 - u * u)},
        {0.01, 1},
        {1 / e, 1},
        {1 - n - d, n + d},
        {s * s, (1 - s) * (1 + s)},
        {1.0 / 6, 5.0 / 6},
        {s, 1 - s},
        {0, 1}};

    (void)state;
    for (int32_t kind = CNN_RELU; kind < KINDS; kind++) {
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

/* x = torch.tensor([-4, -2.5, -0.75, 0.3, 1.6, 7], dtype=torch.float64),
 * y = f(x), y.sum().backward(), by PyTorch 1.13. */
static void values_of_pytorch(void **state)
{
    enum { N = 6 };
    const float x[N] = {-4.0f, -2.5f, -0.75f, 0.3f, 1.6f, 7.0f};
    const struct {
        int32_t kind;
        float y[N], dx[N];
    } golden[] = {
        {CNN_GELU, /* torch.nn.functional.gelu(x) */
         {-0.000126684967f, -0.0155241633f, -0.169970514f, 0.185373427f,
          1.51232113f, 7.0f},
         {-0.000503649661f, -0.0376110859f, 0.000774278261f, 0.732327767f,
          1.12267404f, 1.0f}},
        {CNN_SILU, /* ...silu(x) */
         {-0.0719448398f, -0.18964545f, -0.240615976f, 0.172332755f,
          1.33122942f, 6.99362264f},
         {-0.0526646149f, -0.0994011113f, 0.157400056f, 0.64778001f,
          1.05564045f, 1.0054605f}},
        {CNN_HARD_SWISH, /* ...hardswish(x) */
         {0, -0.208333333f, -0.28125f, 0.165f, 1.22666667f, 7.0f},
         {0, -0.333333333f, 0.25f, 0.6f, 1.03333333f, 1.0f}},
        {CNN_SOFTPLUS, /* ...softplus(x) */
         {0.0181499279f, 0.0788897343f, 0.386871006f, 0.854355244f, 1.78390074f,
          7.00091147f},
         {0.01798621f, 0.07585818f, 0.320821301f, 0.574442517f, 0.832018385f,
          0.999088949f}},
        {CNN_CLAMP, /* ...relu6(x) */
         {0, 0, 0, 0.3f, 1.6f, 6.0f},
         {0, 0, 0, 1, 1, 0}},
    };

    (void)state;
    for (size_t k = 0; k < sizeof(golden) / sizeof(golden[0]); k++) {
        rig r;

        rig_open(&r, cnn_activation_create(golden[k].kind, NULL),
                 &(cnn_shape){N, 1, 1}, 1);
        for (int i = 0; i < N; i++) {
            r.x[i] = x[i];
            r.dy[i] = 1.0f;
        }
        rig_forward(&r);
        rig_backward(&r);
        /* A few roundings; the slope is a difference of numbers below 1. */
        assert_near(r.y, golden[k].y, N, 0, 16 * 0x1p-24);
        assert_near(r.dx, golden[k].dx, N, 8 * 0x1p-24, 8 * 0x1p-24);
        rig_close(&r);
    }
}

static void alpha_is_used(void **state)
{
    const float alphas[] = {0.25f, 0.5f};
    rig clamp;

    (void)state;
    rig_open(&clamp, activation(CNN_CLAMP, 0.5f), &(cnn_shape){1, 1, 1}, 1);
    clamp.x[0] = 0.75f;
    rig_forward(&clamp);
    assert_true(clamp.y[0] == 0.5f);
    rig_close(&clamp);
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
    (void)state;
    for (int from_x = 0; from_x < 2; from_x++) {
        rig r;

        rig_open(&r, cnn_activation_create(from_x ? CNN_GELU : CNN_TANH, NULL),
                 &(cnn_shape){3, 31, 71}, 13);
        fill_uniform(r.x, r.X, 1);
        fill_uniform(r.dy, r.Y, 2);
        rig_assert_threads_agree(&r);
        for (size_t i = 0; i < r.X; i++) {
            const float y = from_x
                                ? 0.5f * r.x[i] * erfcf(-r.x[i] / sqrtf(2.0f))
                                : tanhf(r.x[i]);
            assert_near(&r.y[i], &y, 1, 4 * 0x1p-24, 0);
        }
        rig_close(&r);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 120; seed++) {
        const int32_t kind = (int32_t)(seed % KINDS);
        const bool has_alpha =
            kind == CNN_LEAKY_RELU || kind == CNN_ELU || kind == CNN_CLAMP;
        /* Where a clamp ends there is a kink, which no x may be at. */
        const float alpha =
            (float)(seed % 5) / 4.0f + (kind == CNN_CLAMP ? 0x1p-4f : 0.0f);
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r, activation(kind, has_alpha ? alpha : 0.0f),
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
    assert_error(CNN_EINVAL, "activation: kind -1, expected 0 to 10");
    assert_null(cnn_activation_create(11, NULL));
    assert_error(CNN_EINVAL, "activation: kind 11, expected 0 to 10");
    for (int i = 0; i < 3; i++) {
        assert_null(activation(CNN_LEAKY_RELU, bad[i]));
        assert_error(CNN_EINVAL, "expected at least 0");
    }
    assert_null(activation(CNN_RELU, 0.1f));
    assert_error(CNN_EINVAL, "alpha 0.1, but relu has none");
    assert_null(activation(CNN_LECUN_TANH, 2.0f));
    assert_error(CNN_EINVAL, "alpha 2, but lecun_tanh has none");
    assert_null(activation(CNN_GELU, 1.0f));
    assert_error(CNN_EINVAL, "alpha 1, but gelu has none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_cases),
        cmocka_unit_test(values_of_pytorch),
        cmocka_unit_test(alpha_is_used),
        cmocka_unit_test(chunks_cover_everything),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(dx_is_optional),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
