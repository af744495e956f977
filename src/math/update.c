/* Compiled once for each instruction set (math/kernels.h). */
#include "math/update.h"

#include <math.h>

#include "math/kernels.h"

static void sgd(const cnn__update *u)
{
    const float lr = u->lr, add = u->add;
    float *restrict p = u->p;
    const float *restrict g = u->g;

    for (size_t i = 0; i < u->n; i++)
        p[i] -= lr * (g[i] + add * p[i]);
}

static void momentum(const cnn__update *u)
{
    const float lr = u->lr, add = u->add, mu = u->mu;
    const bool nesterov = u->nesterov;
    float *restrict p = u->p, *restrict b = u->b;
    const float *restrict g = u->g;

    for (size_t i = 0; i < u->n; i++) {
        const float gi = g[i] + add * p[i];

        b[i] = mu * b[i] + gi;
        p[i] -= lr * (nesterov ? gi + mu * b[i] : b[i]);
    }
}

static void sgd_or_momentum(const cnn__update *u)
{
    if (u->mu == 0.0f)
        sgd(u);
    else
        momentum(u);
}

static void adam(const cnn__update *u)
{
    const float lr = u->lr, add = u->add, shrink = u->shrink;
    const float mu = u->mu, nu = u->nu, root = u->root, eps = u->eps;
    float *restrict p = u->p, *restrict b = u->b, *restrict v = u->v;
    const float *restrict g = u->g;

    for (size_t i = 0; i < u->n; i++) {
        const float gi = g[i] + add * p[i];

        b[i] = mu * b[i] + (1.0f - mu) * gi;
        v[i] = nu * v[i] + (1.0f - nu) * gi * gi;
        p[i] = p[i] * shrink - lr * b[i] / (sqrtf(v[i]) / root + eps);
    }
}

static void rmsprop(const cnn__update *u)
{
    const float lr = u->lr, mu = u->mu, nu = u->nu, eps = u->eps;
    float *restrict p = u->p, *restrict b = u->b, *restrict v = u->v;
    const float *restrict g = u->g;

    for (size_t i = 0; i < u->n; i++) {
        v[i] = nu * v[i] + (1.0f - nu) * g[i] * g[i];
        b[i] = mu * b[i] + g[i] / (sqrtf(v[i]) + eps);
        p[i] -= lr * b[i];
    }
}

cnn__update_fn *const CNN__OF_SET(cnn__updates)[CNN__UPDATES] = {
    [CNN__SGD] = sgd_or_momentum,
    [CNN__ADAM] = adam,
    [CNN__RMSPROP] = rmsprop,
};
