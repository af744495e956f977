/* Compiled once for each instruction set (math/simd.h). */
#include "math/elementwise.h"

#include "math/exp.h"
#include "math/normal.h"
#include "math/simd.h"
#include "math/vectorize.h"

/* LeCun et al. (1998), appendix A: f(a) = A tanh(S a), A = 1.7159, S = 2/3. */
#define LECUN_A 1.7159f
#define LECUN_S (2.0f / 3.0f)

/* min(max(x, 0), most) */
#define CLAMP(x, most) ((x) < 0.0f ? 0.0f : (x) > (most) ? (most) : (x))

/* A row of the table: expressions for y as a function of x and alpha, and for
 * its derivative as a function of `from`, y or x, and alpha. */
#define MAP(name, forward, from, backward)                                  \
    static void name(float alpha, const float *xs, float *ys, size_t n)     \
    {                                                                       \
        (void)alpha;                                                        \
        CNN__VECTORIZE                                                      \
        for (size_t i = 0; i < n; i++) {                                    \
            const float x = xs[i];                                          \
            ys[i] = (forward);                                              \
        }                                                                   \
    }                                                                       \
    static void name##_back(float alpha, const float *fs, const float *dys, \
                            float *dxs, size_t n)                           \
    {                                                                       \
        (void)alpha;                                                        \
        CNN__VECTORIZE                                                      \
        for (size_t i = 0; i < n; i++) {                                    \
            const float from = fs[i];                                       \
            dxs[i] = dys[i] * (backward);                                   \
        }                                                                   \
    }

/* Comparisons are written so that NaN gives NaN. */
/* clang-format off */
MAP(relu,       x < 0.0f ? 0.0f : x,                y, y > 0.0f ? 1.0f : 0.0f)
MAP(sigmoid,    cnn__sigmoid(x),                    y, y * (1.0f - y))
MAP(hyperbolic, cnn__tanh(x),                       y, 1.0f - y * y)
MAP(lecun_tanh, LECUN_A * cnn__tanh(LECUN_S * x),   y, LECUN_S * (LECUN_A - y * y / LECUN_A))
MAP(leaky_relu, x > 0.0f ? x : alpha * x,           y, y > 0.0f ? 1.0f : alpha)
MAP(elu,        x > 0.0f ? x : alpha * cnn__expm1_negative(x), y, y > 0.0f ? 1.0f : y + alpha)
MAP(gelu,       x * cnn__normal(x),                 x, cnn__normal(x) + x * cnn__normal_density(x))
MAP(silu,       x * cnn__sigmoid(x),                x, cnn__sigmoid(x) * (1.0f + x * cnn__sigmoid(-x)))
MAP(hard_swish, x * (CLAMP(x + 3.0f, 6.0f) / 6.0f), x, x < -3.0f ? 0.0f : x < 3.0f ? x / 3.0f + 0.5f : 1.0f)
MAP(softplus,   cnn__softplus(x),                   y, -cnn__expm1_negative(-y))
MAP(clamp,      CLAMP(x, alpha),                    y, y <= 0.0f ? 0.0f : y >= alpha ? 0.0f : 1.0f)
/* clang-format on */

const cnn__map CNN__OF_SET(cnn__maps)[CNN__MAPS] = {
    [CNN_RELU] = {"relu", 0.0f, false, relu, relu_back},
    [CNN_SIGMOID] = {"sigmoid", 0.0f, false, sigmoid, sigmoid_back},
    [CNN_TANH] = {"tanh", 0.0f, false, hyperbolic, hyperbolic_back},
    [CNN_LECUN_TANH] = {"lecun_tanh", 0.0f, false, lecun_tanh, lecun_tanh_back},
    [CNN_LEAKY_RELU] = {"leaky_relu", 0.01f, false, leaky_relu,
                        leaky_relu_back},
    [CNN_ELU] = {"elu", 1.0f, false, elu, elu_back},
    [CNN_GELU] = {"gelu", 0.0f, true, gelu, gelu_back},
    [CNN_SILU] = {"silu", 0.0f, true, silu, silu_back},
    [CNN_HARD_SWISH] = {"hard_swish", 0.0f, true, hard_swish, hard_swish_back},
    [CNN_SOFTPLUS] = {"softplus", 0.0f, false, softplus, softplus_back},
    [CNN_CLAMP] = {"clamp", 6.0f, false, clamp, clamp_back},
};
