/* Compiled once for each instruction set (math/simd.h). */
#include "math/update.h"

#include <math.h>
#include <stdint.h>

#include "math/simd.h"

/* The bits of a float without its sign. As integers they are ordered by
 * magnitude, with infinity and NaN above all others. A maximum of integers
 * vectorises; a test of floats would not. */
static inline int32_t magnitude(float x)
{
    const union {
        float x;
        int32_t bits;
    } as = {x};

    return as.bits & 0x7fffffff;
}

static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static bool is_finite(int32_t most)
{
    return most < 0x7f800000;
}

static bool sgd(const cnn__update *u)
{
    const float lr = u->lr, add = u->add;
    float *restrict p = u->p;
    const float *restrict g = u->g;
    int32_t most = 0;

    for (size_t i = 0; i < u->n; i++) {
        p[i] -= lr * (g[i] + add * p[i]);
        most = larger(most, magnitude(p[i]));
    }
    return is_finite(most);
}

static bool momentum(const cnn__update *u)
{
    const float lr = u->lr, add = u->add, mu = u->mu;
    const bool nesterov = u->nesterov;
    float *restrict p = u->p, *restrict b = u->b;
    const float *restrict g = u->g;
    int32_t most = 0;

    for (size_t i = 0; i < u->n; i++) {
        const float gi = g[i] + add * p[i];

        b[i] = mu * b[i] + gi;
        p[i] -= lr * (nesterov ? gi + mu * b[i] : b[i]);
        most = larger(most, magnitude(p[i]));
    }
    return is_finite(most);
}

static bool sgd_or_momentum(const cnn__update *u)
{
    return u->mu == 0.0f ? sgd(u) : momentum(u);
}

static bool adam(const cnn__update *u)
{
    const float lr = u->lr, add = u->add, shrink = u->shrink;
    const float mu = u->mu, nu = u->nu, root = u->root, eps = u->eps;
    float *restrict p = u->p, *restrict b = u->b, *restrict v = u->v;
    const float *restrict g = u->g;
    int32_t most = 0;

    for (size_t i = 0; i < u->n; i++) {
        const float gi = g[i] + add * p[i];

        b[i] = mu * b[i] + (1.0f - mu) * gi;
        v[i] = nu * v[i] + (1.0f - nu) * gi * gi;
        p[i] = p[i] * shrink - lr * b[i] / (sqrtf(v[i]) / root + eps);
        most = larger(most, larger(magnitude(p[i]), magnitude(v[i])));
    }
    return is_finite(most);
}

static bool rmsprop(const cnn__update *u)
{
    const float lr = u->lr, mu = u->mu, nu = u->nu, eps = u->eps;
    float *restrict p = u->p, *restrict b = u->b, *restrict v = u->v;
    const float *restrict g = u->g;
    int32_t most = 0;

    for (size_t i = 0; i < u->n; i++) {
        v[i] = nu * v[i] + (1.0f - nu) * g[i] * g[i];
        b[i] = mu * b[i] + g[i] / (sqrtf(v[i]) + eps);
        p[i] -= lr * b[i];
        most = larger(most, larger(magnitude(p[i]), magnitude(v[i])));
    }
    return is_finite(most);
}

cnn__update_fn *const CNN__OF_SET(cnn__updates)[CNN__UPDATES] = {
    [CNN__SGD] = sgd_or_momentum,
    [CNN__ADAM] = adam,
    [CNN__RMSPROP] = rmsprop,
};
