/* Running the layers of a net forward. */
#include "net/pass.h"

#include <string.h>

#include "math/gemm.h"

/* ---------------------------------------------------- hidden outputs --- */

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
            memory += cnn__output_floats(pass->layers[i], batch);
    }
}

size_t cnn__pass_hidden_floats(const cnn__pass *pass, int32_t batch)
{
    size_t floats = 0;

    for (int32_t i = 0; i < pass->count; i++)
        if (pass->fusions[i].by_argmax)
            floats = cnn__size_add(floats,
                                   cnn__output_floats(pass->layers[i], batch));
    return floats;
}

/* ------------------------------------------------------------ running --- */

const float *cnn__pass_input(const cnn__pass *pass, int32_t layer, int32_t k,
                             const float *x)
{
    const int32_t from = pass->layers[layer]->from[k];

    return from >= 0 ? pass->y[from] : x;
}

/* Does the activation after join i work on its output in place, so that both
 * run as one? */
static bool goes_on(const cnn__pass *pass, int32_t i, int32_t end)
{
    if (i + 1 >= end)
        return false;
    const cnn_layer *next = pass->layers[i + 1];
    return next->ops->pointwise != NULL && next->from[0] == i &&
           pass->y[i + 1] == pass->y[i];
}

/* Returns the last layer that ran. */
static int32_t run_join(cnn__pass *pass, int32_t i, int32_t end, const float *x)
{
    const cnn_layer *layer = pass->layers[i];
    const int32_t last = goes_on(pass, i, end) ? i + 1 : i;

    for (int32_t k = 0; k < layer->from_count; k++)
        pass->joined[k] = cnn__pass_input(pass, i, k, x);
    pass->run.next = last > i ? pass->layers[last] : NULL;
    layer->ops->join->forward(layer, &pass->run, pass->joined, pass->y[i]);
    return last;
}

/* Fused layers run one by one if the pass ends among them. */
static void forward(cnn__pass *pass, int32_t end, bool keep, const float *x)
{
    for (int32_t i = 0; i < end; i++) {
        const int32_t first = i;
        const cnn_layer *layer = pass->layers[i];
        cnn__fusion *f = &pass->fusions[i];
        const bool whole = f->length > 0 && i + f->length < end;

        f->keep = keep;
        pass->run.fused = whole ? &f->calls : NULL;
        pass->run.kept = pass->kept[i];
        if (layer->ops->join != NULL)
            i = run_join(pass, i, end, x);
        else
            layer->ops->forward(layer, &pass->run,
                                cnn__pass_input(pass, i, 0, x), pass->y[i]);
        i += whole ? f->length : 0;
        for (int32_t at = first; at <= i && pass->poison; at++)
            cnn__arrays_poison(&pass->arrays, pass->memory, at);
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
    const size_t X = cnn__input_floats(pass, 0, 0);
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
    const size_t X = cnn__input_floats(pass, 0, 0);
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
