/* Running the layers of a net backward. */
#include "net/backward.h"

#include <string.h>

#include "math/sum.h"

/* A pass backward. */
typedef struct walk {
    cnn__pass *pass;
    const float *x;
    float *dx; /* the caller's; NULL: not wanted */
} walk;

static float *array_of(const walk *w, int32_t array)
{
    if (array == CNN__NO_ARRAY)
        return NULL;
    return array == CNN__CALLERS
               ? w->dx
               : w->pass->back.memory + w->pass->back.arrays.list[array].at;
}

float *cnn__back_dy(const cnn__pass *pass, int32_t last)
{
    const cnn__back *back = &pass->back;

    return last < 0 ? NULL
                    : back->memory + back->arrays.list[back->nodes[last].dy].at;
}

/* Does backward change anything of the layer? Running statistics count too. */
static bool learns(const cnn_layer *layer)
{
    return layer->frozen == CNN_LEARNING
               ? layer->params.count > 0
               : layer->frozen != CNN_FROZEN && layer->params.fixed_count > 0;
}

static bool is_wanted(const walk *w, int32_t number)
{
    return number >= 0 ? w->pass->back.nodes[number].wanted : w->dx != NULL;
}

/* No gradient is needed of what is below all layers that learn. */
static void find_wanted(const walk *w, int32_t last)
{
    for (int32_t i = 0; i <= last; i++) {
        const cnn_layer *layer = w->pass->layers[i];
        bool wanted = learns(layer);

        for (int32_t k = 0; k < layer->from_count; k++)
            wanted |= is_wanted(w, layer->from[k]);
        w->pass->back.nodes[i].wanted = wanted;
    }
}

/* What one sum hands to its chunks. */
typedef struct sum_job {
    float *to;
    const float *a, *b;
    size_t count;
} sum_job;

enum { CHUNK = 16384 };

static void sum_chunk(void *data, int64_t chunk, int32_t worker)
{
    const sum_job *j = data;
    const size_t at = (size_t)chunk * CHUNK, rest = j->count - at;

    (void)worker;
    cnn__sum_of(j->to + at, j->a + at, j->b + at, rest < CHUNK ? rest : CHUNK);
}

/* Adds what was written to what higher layers gave. */
static void add_up(const walk *w, const cnn__flow *f, const float *written,
                   size_t count)
{
    const sum_job j = {array_of(w, f->sum), written, array_of(w, f->with),
                       count};

    if (f->with != CNN__NO_ARRAY)
        cnn__parallel(cnn__chunks((int64_t)count, CHUNK), w->pass->run.workers,
                      sum_chunk, (void *)&j);
    else if (j.to != written)
        memcpy(j.to, written, count * sizeof(float));
}

static void run_input(const walk *w, int32_t head, int32_t k, const float *dy,
                      const float *y)
{
    const cnn_layer *layer = w->pass->layers[head];
    const cnn__run *run = &w->pass->run;
    const cnn__flow *f =
        &w->pass->back.flows[w->pass->back.nodes[head].flows + k];
    const bool wanted = is_wanted(w, layer->from[k]);
    float *to = wanted ? array_of(w, f->to) : NULL;
    const float *x = cnn__pass_input(w->pass, head, k, w->x);
    const size_t count =
        (size_t)run->batch * cnn__input_floats(w->pass, head, k);

    if (layer->ops->join == NULL)
        layer->ops->backward(layer, run, x, y, dy, to);
    else if (to != NULL)
        layer->ops->join->backward(layer, run, k, dy, to);
    if (wanted)
        add_up(w, f, to != NULL ? to : dy, count);
}

void cnn__pass_backward(cnn__pass *pass, int32_t last, int32_t batch,
                        const float *x, float *dx)
{
    const walk w = {pass, x, dx};

    pass->run.batch = batch;
    pass->run.flags = CNN_TRAIN;
    find_wanted(&w, last);
    for (int32_t i = last; i >= 0; i--) {
        const int32_t end = i, head = cnn__fusion_head(pass->fusions, i);
        const float *dy = cnn__back_dy(pass, end);

        i = head;
        if (pass->back.nodes[end].wanted) {
            pass->run.fused = head < end ? &pass->fusions[head].calls : NULL;
            pass->run.kept = pass->kept[head];
            for (int32_t k = 0; k < pass->layers[head]->from_count; k++)
                run_input(&w, head, k, dy, pass->y[head]);
        }
        if (pass->poison)
            cnn__arrays_poison(&pass->back.arrays, pass->back.memory,
                               pass->count - 1 - end);
    }
}
