/* Compiled once for each instruction set (math/simd.h). */
#include "math/elementwise.h"

#include "math/exp.h"
#include "math/simd.h"
#include "math/vectorize.h"

/* LeCun et al. (1998), appendix A: f(a) = A tanh(S a), A = 1.7159, S = 2/3. */
#define LECUN_A 1.7159f
#define LECUN_S (2.0f / 3.0f)

/* A row of the table: expressions for y as a function of x and alpha, and for
 * its derivative d as a function of y and alpha. */
#define MAP(name, forward, backward)                                        \
    static void name(float alpha, const float *xs, float *ys, size_t n)     \
    {                                                                       \
        (void)alpha;                                                        \
        CNN__VECTORIZE                                                      \
        for (size_t i = 0; i < n; i++) {                                    \
            const float x = xs[i];                                          \
            ys[i] = (forward);                                              \
        }                                                                   \
    }                                                                       \
    static void name##_back(float alpha, const float *ys, const float *dys, \
                            float *dxs, size_t n)                           \
    {                                                                       \
        (void)alpha;                                                        \
        CNN__VECTORIZE                                                      \
        for (size_t i = 0; i < n; i++) {                                    \
            const float y = ys[i];                                          \
            dxs[i] = dys[i] * (backward);                                   \
        }                                                                   \
    }

/* Comparisons are written so that NaN gives NaN. */
/* clang-format off */
MAP(relu,       x < 0.0f ? 0.0f : x,                y > 0.0f ? 1.0f : 0.0f)
MAP(sigmoid,    cnn__sigmoid(x),                    y * (1.0f - y))
MAP(hyperbolic, cnn__tanh(x),                       1.0f - y * y)
MAP(lecun_tanh, LECUN_A * cnn__tanh(LECUN_S * x),   LECUN_S * (LECUN_A - y * y / LECUN_A))
MAP(leaky_relu, x > 0.0f ? x : alpha * x,           y > 0.0f ? 1.0f : alpha)
MAP(elu,        x > 0.0f ? x : alpha * cnn__expm1_negative(x), y > 0.0f ? 1.0f : y + alpha)
/* clang-format on */

const cnn__map CNN__OF_SET(cnn__maps)[CNN__MAPS] = {
    [CNN_RELU] = {"relu", 0.0f, 0, 0, relu, relu_back},
    [CNN_SIGMOID] = {"sigmoid", 0.0f, 0, 1, sigmoid, sigmoid_back},
    [CNN_TANH] = {"tanh", 0.0f, -1, 1, hyperbolic, hyperbolic_back},
    [CNN_LECUN_TANH] = {"lecun_tanh", 0.0f, -LECUN_A, LECUN_A, lecun_tanh,
                        lecun_tanh_back},
    [CNN_LEAKY_RELU] = {"leaky_relu", 0.01f, 0, 0, leaky_relu, leaky_relu_back},
    [CNN_ELU] = {"elu", 1.0f, 0, 0, elu, elu_back},
};
