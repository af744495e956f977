#include "net/pass.h"

#include <string.h>

#include "math/gemm.h"

/* An elementwise layer may write over its input if nobody needs that any more:
 * it is not the caller's, this layer does not look at it when it goes back, and
 * neither does the layer whose output it was. */
static bool in_place(cnn_layer *const *layers, int32_t i)
{
    return i > 0 && (layers[i]->ops->traits & CNN__IN_PLACE) != 0 &&
           (layers[i]->ops->traits & CNN__NEEDS_X) == 0 &&
           (layers[i - 1]->ops->traits & CNN__NEEDS_Y) == 0;
}

static size_t output_floats(const cnn_layer *layer, int32_t batch)
{
    return cnn__size_mul((size_t)batch, cnn__shape_size(&layer->out));
}

void cnn__pass_plan(cnn__pass *pass, cnn_layer *const *layers, int32_t count,
                    int32_t batch, bool keep, int32_t lanes, cnn__arena *arena)
{
    cnn__workspace need = {0};
    size_t most = 0;
    float *turns[2];
    int turn = 0;

    *pass = (cnn__pass){.layers = layers, .count = count};
    pass->y = cnn__arena_take(arena, (size_t)count, sizeof(float *));
    for (int32_t i = 0; i < count; i++) {
        const cnn__workspace one = cnn__layer_workspace(layers[i], batch);
        const size_t floats = output_floats(layers[i], batch);

        cnn__workspace_join(&need, &one);
        most = floats > most ? floats : most;
    }
    turns[0] = keep ? NULL : cnn__arena_floats(arena, most);
    turns[1] = keep ? NULL : cnn__arena_floats(arena, most);
    for (int32_t i = 0; i < count; i++) {
        float *y = NULL;

        if (in_place(layers, i))
            y = pass->y != NULL ? pass->y[i - 1] : NULL;
        else if (keep)
            y = cnn__arena_floats(arena, output_floats(layers[i], batch));
        else
            y = turns[turn ^= 1];
        if (pass->y != NULL)
            pass->y[i] = y;
    }
    cnn__run_plan(&pass->run, &need, lanes, arena);
}

void cnn__pass_forward(cnn__pass *pass, int32_t end, uint32_t flags,
                       int32_t batch, const float *x)
{
    pass->run.batch = batch;
    pass->run.flags = flags;
    for (int32_t i = 0; i < end; i++) {
        const cnn_layer *layer = pass->layers[i];

        layer->ops->forward(layer, &pass->run, x, pass->y[i]);
        x = pass->y[i];
    }
}

cnn_status cnn__check_predict(int64_t count, const float *x, const float *y)
{
    if (x == NULL || y == NULL)
        return cnn__fail(CNN_EINVAL, "predict: %s is NULL",
                         x == NULL ? "x" : "y");
    if (count < 1)
        return cnn__fail(CNN_EINVAL, "predict: count %lld, expected at least 1",
                         (long long)count);
    return CNN_OK;
}

void cnn__pass_predict(cnn__pass *pass, int32_t batch, int64_t count,
                       const float *x, float *y)
{
    const cnn_layer *last = pass->layers[pass->count - 1];
    const size_t X = cnn__shape_size(&pass->layers[0]->in);
    const size_t Y = cnn__shape_size(&last->out);

    cnn__gemm_enter();
    while (count > 0) {
        const int32_t n = count < batch ? (int32_t)count : batch;

        cnn__pass_forward(pass, pass->count, 0, n, x);
        memcpy(y, pass->y[pass->count - 1], (size_t)n * Y * sizeof(float));
        x += (size_t)n * X;
        y += (size_t)n * Y;
        count -= n;
    }
    cnn__gemm_leave();
}
