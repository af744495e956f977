/* Where the outputs of a pass lie. */
#include <string.h>

#include "net/backward.h"

/* How many of its inputs a join may write over. */
enum { MOST_OVER = 2 };

/* May layer i write over its input k? Not if that is the caller's, or if
 * another layer takes it too, or if backward of one of the two needs it. Units
 * that can be watched are not added to: they are dead only if they are 0. */
static bool may_write_over(const cnn__pass *pass, int32_t i, int32_t k,
                           bool keep)
{
    const cnn_layer *layer = pass->layers[i];
    const int32_t from = layer->from[k];

    if ((layer->ops->traits & CNN__IN_PLACE) == 0 || from < 0 ||
        pass->layers[from]->uses != 1)
        return false;
    const uint32_t kept =
        CNN__NEEDS_Y | (layer->ops->join != NULL ? CNN__ACTIVATION : 0);
    return !keep || ((layer->ops->traits & CNN__NEEDS_X) == 0 &&
                     (pass->layers[from]->ops->traits & kept) == 0);
}

/* The layer over whose output layer i writes; -1: none. */
static int32_t written_over(const cnn__pass *pass, int32_t i, bool keep)
{
    const cnn_layer *layer = pass->layers[i];

    for (int32_t k = 0; k < layer->from_count && k < MOST_OVER; k++)
        if (may_write_over(pass, i, k, keep))
            return layer->from[k];
    return -1;
}

/* ------------------------------------------- outputs that are not kept --- */

static void use_sources(cnn__pass *pass, int32_t i)
{
    const cnn_layer *layer = pass->layers[i];

    for (int32_t k = 0; k < layer->from_count; k++) {
        const int32_t from = layer->from[k];

        if (from >= 0 && pass->array[from] >= 0)
            cnn__arrays_use(&pass->arrays, pass->array[from], i);
    }
}

/* An array for each output. That of fused layers is written while their head
 * reads its input. */
static void find_arrays(cnn__pass *pass, int32_t batch)
{
    cnn__arrays *arrays = &pass->arrays;

    for (int32_t i = 0; i < pass->count; i++) {
        const int32_t over = written_over(pass, i, false);

        pass->array[i] = -1;
        use_sources(pass, i);
        if (cnn__fusion_inside(pass->fusions, i))
            continue;
        if (over >= 0)
            pass->array[i] = pass->array[over];
        else
            pass->array[i] = cnn__arrays_add(
                arrays, cnn__output_floats(pass->layers[i], batch),
                cnn__fusion_head(pass->fusions, i));
        cnn__arrays_use(arrays, pass->array[i], i);
    }
    cnn__arrays_use(arrays, pass->array[pass->count - 1], pass->count);
    cnn__arrays_place(arrays);
}

/* --------------------------------------------------- starting, freeing --- */

/* The pass's own memory, one block. */
static void lay_out(cnn__pass *pass, cnn_layer *const *layers, int32_t count,
                    bool keep, cnn__arena *arena)
{
    const size_t n = (size_t)count;

    pass->fusions = cnn__arena_take(arena, n, sizeof(*pass->fusions));
    pass->array = cnn__arena_take(arena, n, sizeof(*pass->array));
    if (keep)
        cnn__back_lay_out(&pass->back, layers, count, arena);
    else
        pass->arrays.list = cnn__arena_take(arena, n, sizeof(cnn__array));
}

size_t cnn__pass_bytes(cnn_layer *const *layers, int32_t count, bool keep)
{
    cnn__arena arena = {0};

    lay_out(&(cnn__pass){0}, layers, count, keep, &arena);
    return arena.used;
}

cnn_status cnn__pass_start(cnn__pass *pass, cnn_layer *const *layers,
                           int32_t count, int32_t batch, bool keep)
{
    const size_t bytes = cnn__pass_bytes(layers, count, keep);
    cnn__arena arena = {.base = cnn__alloc_zero(bytes)};

    cnn__pass_free(pass);
    if (arena.base == NULL)
        return cnn_last_status();
    lay_out(pass, layers, count, keep, &arena);
    pass->layers = layers;
    pass->count = count;
    cnn__fusions_find(pass->fusions, layers, count, batch);
    if (keep)
        return cnn__back_plan(pass, batch);
    find_arrays(pass, batch);
    return CNN_OK;
}

void cnn__pass_free(cnn__pass *pass)
{
    cnn__free(pass->fusions); /* the block begins there */
    pass->fusions = NULL;
    pass->array = NULL;
    pass->arrays = (cnn__arrays){0};
    pass->back = (cnn__back){0};
}

/* ------------------------------------------------------------ planning --- */

/* The workspace for all layers. */
static cnn__workspace total_workspace(const cnn__pass *pass, int32_t batch)
{
    cnn__workspace need = {0};

    for (int32_t i = 0; i < pass->count; i++) {
        const cnn__fusion *f = &pass->fusions[i];
        cnn__workspace one = cnn__layer_workspace(pass->layers[i], batch);

        if (f->length > 0)
            one.scratch = cnn__size_add(f->scratch, f->scratch_floats);
        cnn__workspace_join(&need, &one);
    }
    return need;
}

/* The output of layer i that is kept; of one fused to max pooling there is only
 * the argmax. */
static float *keep_output(cnn__pass *pass, int32_t i, int32_t batch,
                          uint8_t **argmax, cnn__arena *arena)
{
    const cnn__fusion *f = &pass->fusions[i];
    const int32_t over = written_over(pass, i, true);

    if (over >= 0)
        return pass->y != NULL ? pass->y[over] : NULL;
    if (!f->by_argmax)
        return cnn__arena_floats(arena,
                                 cnn__output_floats(pass->layers[i], batch));
    *argmax = cnn__arena_take(arena, cnn__output_floats(f->last, batch),
                              sizeof(uint8_t));
    return NULL;
}

static void plan_layer(cnn__pass *pass, int32_t i, int32_t batch, bool keep,
                       cnn__arena *arena)
{
    cnn__fusion *f = &pass->fusions[i];
    const int32_t array = pass->array[i];
    uint8_t *argmax = NULL;
    float *y = NULL;
    float *kept = cnn__arena_zeros(
        arena, cnn__layer_workspace(pass->layers[i], batch).kept);

    if (keep)
        y = keep_output(pass, i, batch, &argmax, arena);
    else if (array >= 0 && pass->memory != NULL)
        y = pass->memory + pass->arrays.list[array].at;
    if (pass->y == NULL)
        return;
    pass->y[i] = y;
    pass->kept[i] = kept;
    f->head_y = y;
    f->argmax = argmax;
}

static size_t most_joined(const cnn__pass *pass)
{
    int32_t most = 0;

    for (int32_t i = 0; i < pass->count; i++)
        if (pass->layers[i]->from_count > most)
            most = pass->layers[i]->from_count;
    return most > 1 ? (size_t)most : 0;
}

void cnn__pass_plan(cnn__pass *pass, int32_t batch, bool keep, int32_t workers,
                    cnn__arena *arena)
{
    const cnn__workspace need = total_workspace(pass, batch);

    pass->y = cnn__arena_take(arena, (size_t)pass->count, sizeof(float *));
    pass->kept = cnn__arena_take(arena, (size_t)pass->count, sizeof(float *));
    pass->joined = cnn__arena_take(arena, most_joined(pass), sizeof(float *));
    pass->memory = cnn__arena_floats(arena, pass->arrays.floats);
    pass->back.memory = cnn__arena_floats(arena, pass->back.arrays.floats);
    for (int32_t i = 0; i < pass->count; i++)
        plan_layer(pass, i, batch, keep, arena);
    for (int32_t i = 0; i < pass->count && pass->y != NULL; i++)
        pass->fusions[i].y = pass->y[i + pass->fusions[i].length];
    cnn__run_plan(&pass->run, &need, workers, arena);
}
