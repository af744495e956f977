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

int32_t cnn__pass_head(const cnn__pass *pass, int32_t i)
{
    for (int32_t head = i - CNN__MOST_TAIL; head < i; head++)
        if (head >= 0 && pass->tails[head].length > 0 &&
            head + pass->tails[head].length == i)
            return head;
    return i;
}

bool cnn__pass_inside(cnn_layer *const *layers, int32_t count, int32_t i,
                      int32_t batch)
{
    for (int32_t head = i > 0 ? i - 1 : 0; head <= i; head++)
        if (head + cnn__tail_of(layers, count, head, batch).length > i)
            return true;
    return false;
}

static size_t output_floats(const cnn_layer *layer, int32_t batch)
{
    return cnn__size_mul((size_t)batch, cnn__shape_size(&layer->out));
}

/* What all need, and the most that one puts out which is stored. */
static cnn__workspace look_through(const cnn__pass *pass, int32_t batch,
                                   bool keep, size_t *most)
{
    cnn__workspace need = {0};

    *most = 0;
    for (int32_t i = 0; i < pass->count; i++) {
        const cnn_layer *layer = pass->layers[i];
        const cnn__tail tail =
            cnn__tail_of(pass->layers, pass->count, i, batch);
        cnn__workspace one = cnn__layer_workspace(layer, batch);
        const size_t floats = output_floats(layer, batch);

        if (tail.length > 0)
            one.scratch =
                cnn__size_add(tail.room, cnn__tail_floats(layer, &tail, batch));
        cnn__workspace_join(&need, &one);
        if (keep || !cnn__pass_inside(pass->layers, pass->count, i, batch))
            *most = floats > *most ? floats : *most;
    }
    return need;
}

void cnn__pass_plan(cnn__pass *pass, cnn_layer *const *layers, int32_t count,
                    int32_t batch, bool keep, int32_t workers,
                    cnn__arena *arena)
{
    float *turns[2];
    int turn = 0;
    size_t most;

    *pass = (cnn__pass){.layers = layers, .count = count};
    const cnn__workspace need = look_through(pass, batch, keep, &most);
    pass->y = cnn__arena_take(arena, (size_t)count, sizeof(float *));
    pass->tails = cnn__arena_take(arena, (size_t)count, sizeof(cnn__tail));
    pass->memos = cnn__arena_take(arena, (size_t)count, sizeof(cnn__memo));
    turns[0] = keep ? NULL : cnn__arena_floats(arena, most);
    turns[1] = keep ? NULL : cnn__arena_floats(arena, most);
    for (int32_t i = 0; i < count; i++) {
        const cnn__tail tail = cnn__tail_of(layers, count, i, batch);
        const size_t memo = cnn__layer_workspace(layers[i], batch).memo;
        uint8_t *picked = NULL;
        float *remembered = cnn__arena_floats(arena, memo), *y = NULL;

        if (in_place(layers, i))
            y = pass->y != NULL ? pass->y[i - 1] : NULL;
        else if (keep && !tail.picks)
            y = cnn__arena_floats(arena, output_floats(layers[i], batch));
        else if (keep)
            picked = cnn__arena_take(arena, output_floats(tail.pool, batch),
                                     sizeof(uint8_t));
        else if (tail.length == 0)
            y = turns[turn ^= 1];
        if (pass->y == NULL)
            continue;
        pass->y[i] = y;
        pass->tails[i] = tail;
        pass->tails[i].picked = picked;
        pass->memos[i] = (cnn__memo){.at = remembered};
    }
    for (int32_t i = 0; i < count && pass->y != NULL; i++)
        pass->tails[i].y = pass->y[i + pass->tails[i].length];
    cnn__run_plan(&pass->run, &need, workers, arena);
}

void cnn__pass_show(cnn__pass *pass, int32_t batch, float *memory)
{
    for (int32_t i = 0; i < pass->count; i++) {
        const cnn__tail *tail = &pass->tails[i];

        if (!tail->picks)
            continue;
        pass->y[i] = memory;
        if (tail->activation != NULL)
            pass->y[i + 1] = memory;
        if (memory != NULL)
            memory += output_floats(pass->layers[i], batch);
    }
}

size_t cnn__pass_hidden_floats(const cnn__pass *pass, int32_t batch)
{
    size_t floats = 0;

    for (int32_t i = 0; i < pass->count; i++)
        if (pass->tails[i].picks)
            floats =
                cnn__size_add(floats, output_floats(pass->layers[i], batch));
    return floats;
}

static void forward(cnn__pass *pass, int32_t end, const float *x)
{
    cnn__run *run = &pass->run;

    for (int32_t i = 0; i < end; i++) {
        const cnn_layer *layer = pass->layers[i];
        const cnn__tail *tail = &pass->tails[i];
        const bool whole = tail->length > 0 && i + tail->length < end;

        run->tail = whole ? tail : NULL;
        run->memo = &pass->memos[i];
        layer->ops->forward(layer, run, x, pass->y[i]);
        i += whole ? tail->length : 0;
        x = pass->y[i];
    }
}

void cnn__pass_forward(cnn__pass *pass, int32_t end, uint32_t flags,
                       int32_t batch, const float *x)
{
    pass->run.batch = batch;
    pass->run.flags = flags;
    pass->run.keep = true;
    forward(pass, end, x);
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

    pass->run.flags = 0;
    pass->run.keep = false;
    cnn__gemm_enter();
    while (count > 0) {
        const int32_t n = count < batch ? (int32_t)count : batch;

        pass->run.batch = n;
        forward(pass, pass->count, x);
        memcpy(y, pass->y[pass->count - 1], (size_t)n * Y * sizeof(float));
        x += (size_t)n * X;
        y += (size_t)n * Y;
        count -= n;
    }
    cnn__gemm_leave();
}
