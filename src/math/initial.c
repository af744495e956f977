#include "math/initial.h"

#include <math.h>
#include <stdbool.h>

#include "base/options.h"
#include "base/random.h"
#include "cnn/layer.h"

cnn_status cnn__initial_check(int32_t init, float scale, const char *what)
{
    if (init < CNN_INIT_DEFAULT || init > CNN_INIT_LECUN)
        return cnn__fail(CNN_EINVAL, "%s init %d, expected %d to %d", what,
                         init, CNN_INIT_DEFAULT, CNN_INIT_LECUN);
    if (!isfinite(scale))
        return cnn__fail(CNN_EINVAL, "%s scale %g, expected a finite number",
                         what, (double)scale);
    if (scale < 0 && init != CNN_INIT_CONSTANT)
        return cnn__fail(CNN_EINVAL, "%s scale %g, expected at least 0", what,
                         (double)scale);
    return CNN_OK;
}

cnn_status cnn__initial_check_scale(const cnn__initial *p, const char *what)
{
    const bool random = p->init == CNN_INIT_NORMAL ||
                        p->init == CNN_INIT_TRUNCATED_NORMAL ||
                        p->init == CNN_INIT_UNIFORM;

    if (random && cnn__is_unset(p->scale))
        return cnn__fail(CNN_EINVAL,
                         "%s scale 0 with init %d, expected above 0, or "
                         "CNN_ZERO if all are to be zero",
                         what, p->init);
    if (!random && p->init != CNN_INIT_CONSTANT && p->scale != 0.0f)
        return cnn__fail(CNN_EINVAL,
                         "%s scale %g with init %d, which takes none", what,
                         (double)p->scale, p->init);
    return CNN_OK;
}

static float truncated_normal(cnn__random *random)
{
    float z;

    do
        z = cnn__random_normal(random);
    while (z < -2.0f || z > 2.0f);
    return z;
}

static void fill_uniform(cnn__random *random, float half, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (2.0f * cnn__random_uniform(random) - 1.0f) * half;
}

static void fill_normal(cnn__random *random, float deviation, float *to,
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = cnn__random_normal(random) * deviation;
}

void cnn__initial_fill(const cnn__initial *p, uint64_t seed, int32_t layer,
                       int32_t tensor, float *to, size_t n)
{
    const float scale = (float)cnn__plain_zero(p->scale);
    cnn__random random;

    cnn__random_start(&random, seed, CNN__RANDOM_INIT, (uint64_t)layer,
                      (uint32_t)tensor);
    switch (p->init) {
    case CNN_INIT_CONSTANT:
        for (size_t i = 0; i < n; i++)
            to[i] = scale;
        break;
    case CNN_INIT_TRUNCATED_NORMAL:
        for (size_t i = 0; i < n; i++)
            to[i] = truncated_normal(&random) * scale;
        break;
    case CNN_INIT_NORMAL:
        fill_normal(&random, scale, to, n);
        break;
    case CNN_INIT_UNIFORM:
        fill_uniform(&random, scale, to, n);
        break;
    case CNN_INIT_HE_NORMAL:
        fill_normal(&random, (float)sqrt(2.0 / p->fan_in), to, n);
        break;
    case CNN_INIT_LECUN:
        fill_uniform(&random, (float)(2.4 / p->fan_in), to, n);
        break;
    default: /* for weights: CNN_INIT_DEFAULT and CNN_INIT_GLOROT_UNIFORM */
        fill_uniform(&random, (float)sqrt(6.0 / (p->fan_in + p->fan_out)), to,
                     n);
        break;
    }
}
