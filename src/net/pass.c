#include "net/pass.h"

#include <string.h>

#include "math/gemm.h"

/* May layer i write over its input? Not if that is the caller's, or if backward
 * of this layer or of the one before needs it. */
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

cnn_status cnn__pass_start(cnn__pass *pass, cnn_layer *const *layers,
                           int32_t count, int32_t batch)
{
    cnn__pass_free(pass);
    pass->layers = layers;
    pass->count = count;
    pass->fusions = cnn__fusions_find(layers, count, batch);
    return pass->fusions != NULL ? CNN_OK : cnn_last_status();
}

void cnn__pass_free(cnn__pass *pass)
{
    cnn__free(pass->fusions);
    pass->fusions = NULL;
}

/* The workspace for all layers; `most` becomes the floats of the largest output
 * that is stored. */
static cnn__workspace total_workspace(const cnn__pass *pass, int32_t batch,
                                      bool keep, size_t *most)
{
    cnn__workspace need = {0};

    *most = 0;
    for (int32_t i = 0; i < pass->count; i++) {
        const cnn__fusion *f = &pass->fusions[i];
        cnn__workspace one = cnn__layer_workspace(pass->layers[i], batch);
        const size_t floats = output_floats(pass->layers[i], batch);

        if (f->length > 0)
            one.scratch = cnn__size_add(f->scratch, f->scratch_floats);
        cnn__workspace_join(&need, &one);
        if (keep || !cnn__fusion_inside(pass->fusions, i))
            *most = floats > *most ? floats : *most;
    }
    return need;
}

/* Lays out the arrays of layer i. Unless outputs are kept, two buffers
 * alternate. */
static void plan_layer(cnn__pass *pass, int32_t i, int32_t batch, bool keep,
                       float *turns[2], cnn__arena *arena)
{
    cnn_layer *const *layers = pass->layers;
    cnn__fusion *f = &pass->fusions[i];
    uint8_t *argmax = NULL;
    float *y = NULL;
    float *kept =
        cnn__arena_zeros(arena, cnn__layer_workspace(layers[i], batch).kept);

    if (in_place(layers, i))
        y = pass->y != NULL ? pass->y[i - 1] : NULL;
    else if (keep && !f->by_argmax)
        y = cnn__arena_floats(arena, output_floats(layers[i], batch));
    else if (keep)
        argmax = cnn__arena_take(arena, output_floats(f->last, batch),
                                 sizeof(uint8_t));
    else if (f->length == 0) {
        y = turns[0];
        turns[0] = turns[1];
        turns[1] = y;
    }
    if (pass->y == NULL)
        return;
    pass->y[i] = y;
    pass->kept[i] = kept;
    f->head_y = y;
    f->argmax = argmax;
}

void cnn__pass_plan(cnn__pass *pass, int32_t batch, bool keep, int32_t workers,
                    cnn__arena *arena)
{
    float *turns[2];
    size_t most;
    const cnn__workspace need = total_workspace(pass, batch, keep, &most);

    pass->y = cnn__arena_take(arena, (size_t)pass->count, sizeof(float *));
    pass->kept = cnn__arena_take(arena, (size_t)pass->count, sizeof(float *));
    turns[0] = keep ? NULL : cnn__arena_floats(arena, most);
    turns[1] = keep ? NULL : cnn__arena_floats(arena, most);
    for (int32_t i = 0; i < pass->count; i++)
        plan_layer(pass, i, batch, keep, turns, arena);
    for (int32_t i = 0; i < pass->count && pass->y != NULL; i++)
        pass->fusions[i].y = pass->y[i + pass->fusions[i].length];
    cnn__run_plan(&pass->run, &need, workers, arena);
}

void cnn__pass_show(cnn__pass *pass, int32_t batch, float *memory)
{
    for (int32_t i = 0; i < pass->count; i++) {
        cnn__fusion *f = &pass->fusions[i];

        if (!f->by_argmax)
            continue;
        f->head_y = memory;
        pass->y[i] = memory;
        if (f->activation != NULL)
            pass->y[i + 1] = memory;
        if (memory != NULL)
            memory += output_floats(pass->layers[i], batch);
    }
}

size_t cnn__pass_hidden_floats(const cnn__pass *pass, int32_t batch)
{
    size_t floats = 0;

    for (int32_t i = 0; i < pass->count; i++)
        if (pass->fusions[i].by_argmax)
            floats =
                cnn__size_add(floats, output_floats(pass->layers[i], batch));
    return floats;
}

/* Fused layers run one by one if the pass ends among them. */
static void forward(cnn__pass *pass, int32_t end, bool keep, const float *x)
{
    for (int32_t i = 0; i < end; i++) {
        const cnn_layer *layer = pass->layers[i];
        cnn__fusion *f = &pass->fusions[i];
        const bool whole = f->length > 0 && i + f->length < end;

        f->keep = keep;
        pass->run.fused = whole ? &f->calls : NULL;
        pass->run.kept = pass->kept[i];
        layer->ops->forward(layer, &pass->run, x, pass->y[i]);
        i += whole ? f->length : 0;
        x = pass->y[i];
    }
}

void cnn__pass_forward(cnn__pass *pass, int32_t end, uint32_t flags,
                       int32_t batch, const float *x)
{
    pass->run.batch = batch;
    pass->run.flags = flags;
    forward(pass, end, true, x);
}

cnn_status cnn__check_predict(int64_t count, const float *x, const float *y)
{
    if (count < 0)
        return cnn__fail(CNN_EINVAL, "predict: count %lld, expected at least 0",
                         (long long)count);
    if (count > 0 && (x == NULL || y == NULL))
        return cnn__fail(CNN_EINVAL, "predict: %s is NULL",
                         x == NULL ? "x" : "y");
    return CNN_OK;
}

void cnn__pass_predict(cnn__pass *pass, int32_t batch, int64_t count,
                       const float *x, float *y)
{
    const cnn_layer *last = pass->layers[pass->count - 1];
    const size_t X = cnn__shape_size(&pass->layers[0]->in);
    const size_t Y = cnn__shape_size(&last->out);

    pass->run.flags = 0;
    cnn__gemm_enter();
    while (count > 0) {
        const int32_t n = count < batch ? (int32_t)count : batch;

        pass->run.batch = n;
        forward(pass, pass->count, false, x);
        memcpy(y, pass->y[pass->count - 1], (size_t)n * Y * sizeof(float));
        x += (size_t)n * X;
        y += (size_t)n * Y;
        count -= n;
    }
    cnn__gemm_leave();
}

/* The head of layers that run as one, of which layer i is another than the
 * last; -1 if there is none. */
static int32_t open_head(const cnn__pass *pass, int32_t i)
{
    for (int32_t n = 0; n < CNN__MOST_FUSED && n <= i; n++)
        if (pass->fusions[i - n].length > n)
            return i - n;
    return -1;
}

void cnn__pass_predict_layer(cnn__pass *pass, int32_t index, int32_t batch,
                             int64_t count, const float *x, float *y)
{
    const size_t X = cnn__shape_size(&pass->layers[0]->in);
    const size_t Y = cnn__shape_size(&pass->layers[index]->out);
    const int32_t head = open_head(pass, index);
    /* What is hidden has no place: it is computed where it is wanted. */
    const bool hidden = head >= 0 && pass->y[head] == NULL;

    pass->run.flags = 0;
    cnn__gemm_enter();
    while (count > 0) {
        const int32_t n = count < batch ? (int32_t)count : batch;

        for (int32_t i = head; i <= index && hidden; i++)
            pass->y[i] = y;
        pass->run.batch = n;
        forward(pass, index + 1, false, x);
        if (!hidden)
            memcpy(y, pass->y[index], (size_t)n * Y * sizeof(float));
        x += (size_t)n * X;
        y += (size_t)n * Y;
        count -= n;
    }
    cnn__gemm_leave();
    for (int32_t i = head; i <= index && hidden; i++)
        pass->y[i] = NULL;
}
