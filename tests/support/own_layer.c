#include "support/own_layer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t elements(const cnn_shape *s)
{
    return (size_t)s->c * (size_t)s->h * (size_t)s->w;
}

static int32_t shape(void *user, cnn_layer_plan *plan)
{
    (void)user;
    if (elements(&plan->in) < 2) {
        snprintf(plan->why, sizeof(plan->why), "one element has no deviation");
        return 1;
    }
    plan->params = elements(&plan->in);
    plan->workspace_of_sample = 2; /* mean, and 1 / s */
    plan->connections = 2 * (int64_t)plan->params;
    plan->multiply_adds = 3 * (int64_t)plan->params;
    return 0;
}

static void init(void *user, const cnn_layer_plan *plan, uint64_t seed,
                 float *params)
{
    (void)user;
    fill_uniform(params, plan->params, seed);
}

static void measure(const own *o, const cnn_layer_pass *pass, const float *x)
{
    const size_t size = elements(&pass->in);

    for (size_t n = 0; n < (size_t)pass->batch; n++) {
        double sum = 0.0, squares = 0.0;

        for (size_t i = 0; i < size; i++)
            sum += (double)x[n * size + i];
        const double mean = sum / (double)size;
        for (size_t i = 0; i < size; i++)
            squares += pow((double)x[n * size + i] - mean, 2.0);
        pass->workspace[2 * n] = (float)mean;
        pass->workspace[2 * n + 1] =
            (float)(1.0 / sqrt(squares / (double)size + (double)o->epsilon));
    }
}

static void forward(void *user, const cnn_layer_pass *pass, const float *x,
                    float *y)
{
    const size_t size = elements(&pass->in);

    measure(user, pass, x);
    for (size_t k = 0; k < (size_t)pass->batch * size; k++) {
        const float *w = pass->workspace + 2 * (k / size);
        y[k] = pass->params[k % size] * (x[k] - w[0]) * w[1];
    }
}

static void backward(void *user, const cnn_layer_pass *pass, const float *x,
                     const float *y, const float *dy, float *dx)
{
    const size_t size = elements(&pass->in);
    const float *g = pass->params;

    (void)y;
    measure(user, pass, x);
    for (size_t n = 0; n < (size_t)pass->batch; n++) {
        const float *w = pass->workspace + 2 * n, *xn = x + n * size;
        const float *d = dy + n * size;
        double mean = 0.0, along = 0.0;

        for (size_t i = 0; i < size; i++) {
            const float h = (xn[i] - w[0]) * w[1];

            pass->grads[i] += d[i] * h;
            mean += (double)(d[i] * g[i]) / (double)size;
            along += (double)(d[i] * g[i] * h) / (double)size;
        }
        for (size_t i = 0; i < size && dx != NULL; i++) {
            const double h = (double)((xn[i] - w[0]) * w[1]);

            dx[n * size + i] =
                (float)(((double)(d[i] * g[i]) - mean - h * along) *
                        (double)w[1]);
        }
    }
}

cnn_layer_methods own_methods(uint32_t flags)
{
    return (cnn_layer_methods){
        .struct_size = sizeof(cnn_layer_methods),
        .flags = flags,
        .name = OWN_NAME,
        .shape = shape,
        .init = init,
        .forward = forward,
        .backward = backward,
    };
}

static void *copy(void *user)
{
    own *o = malloc(sizeof(*o));

    if (o != NULL)
        memcpy(o, user, sizeof(*o));
    return o;
}

static void release(void *user)
{
    const own *o = user;

    if (o->freed != NULL)
        (*o->freed)++;
    free(user);
}

cnn_layer *own_layer(float epsilon, uint32_t flags, int32_t *freed)
{
    cnn_layer_methods m = own_methods(flags);
    char settings[32];
    own *o = copy(&(own){epsilon, freed});

    assert_non_null(o);
    snprintf(settings, sizeof(settings), "%.9g", (double)epsilon);
    m.settings = settings;
    m.copy = copy;
    m.release = release;
    cnn_layer *layer = cnn_layer_create_custom(&m, o);
    if (layer == NULL)
        free(o);
    return layer;
}

cnn_status own_make(void *user, const char *name, const char *settings,
                    cnn_layer **layer)
{
    if (strcmp(name, OWN_NAME) != 0)
        return CNN_EUNSUPPORTED;
    *layer = own_layer(strtof(settings, NULL), 0, user);
    return CNN_OK;
}
