#include "fuzz/call_world.h"

#include <stdlib.h>

/* Larger arrays are not made. */
#define MOST_SAMPLES 64

void drop_layer(world *w, int32_t i)
{
    cnn_layer_free(w->layers[i].layer);
    w->layers[i] = (layer_slot){0};
}

void drop_trainer(world *w, int32_t i)
{
    cnn_trainer_free(w->trainers[i].trainer);
    w->trainers[i] = (trainer_slot){0};
}

void drop_session(world *w, int32_t i)
{
    cnn_session_free(w->sessions[i].session);
    w->sessions[i] = (session_slot){0};
}

void drop_net(world *w, int32_t i)
{
    for (int32_t t = 0; t < TRAINERS; t++)
        if (w->trainers[t].net == i)
            drop_trainer(w, t);
    for (int32_t s = 0; s < SESSIONS; s++)
        if (w->sessions[s].net == i)
            drop_session(w, s);
    cnn_net_free(w->nets[i].net);
    free(w->nets[i].x);
    w->nets[i] = (net_slot){0};
}

void drop_optim(world *w, int32_t i)
{
    for (int32_t t = 0; t < TRAINERS; t++)
        if (w->trainers[t].optim == i)
            drop_trainer(w, t);
    cnn_optim_free(w->optims[i]);
    w->optims[i] = NULL;
}

void drop_dataset(world *w, int32_t i)
{
    dataset_slot *slot = &w->datasets[i];

    for (int32_t d = 0; d < DATASETS; d++)
        if (d != i && w->datasets[d].dataset != NULL &&
            w->datasets[d].parent == i)
            drop_dataset(w, d);
    for (int32_t t = 0; t < TRAINERS; t++)
        if (w->trainers[t].dataset == i)
            drop_trainer(w, t);
    cnn_dataset_free(slot->dataset);
    free(slot->images);
    free(slot->labels);
    *slot = (dataset_slot){.parent = -1};
}

void drop_all(world *w)
{
    for (int32_t i = 0; i < LAYERS; i++)
        drop_layer(w, i);
    for (int32_t i = 0; i < NETS; i++)
        drop_net(w, i);
    for (int32_t i = 0; i < OPTIMS; i++)
        drop_optim(w, i);
    for (int32_t i = 0; i < DATASETS; i++)
        drop_dataset(w, i);
    for (int32_t i = 0; i < w->garbage_count; i++)
        free(w->garbage[i]);
}

bool afford(world *w, int64_t work)
{
    if (work > w->work)
        return false;
    w->work -= work;
    return true;
}

bool afford_net(world *w, const cnn_net *net, int64_t batch)
{
    cnn_costs costs = {.struct_size = sizeof(costs)};
    cnn_net_memory memory = {.struct_size = sizeof(memory)};

    if (net == NULL || see(cnn_net_costs(net, &costs)) != CNN_OK)
        return true;
    see(cnn_net_measure(net, &memory));
    batch = batch < 1 ? 1 : batch;
    /* What writes an array costs, too, without any multiplication. */
    return costs.multiply_adds < w->work && batch <= MOST_SAMPLES &&
           afford(w,
                  batch * costs.multiply_adds + memory.inference / 16 + 1000);
}

static size_t size_of(cnn_status status, const cnn_shape *s)
{
    return see(status) == CNN_OK ? (size_t)s->c * (size_t)s->h * (size_t)s->w
                                 : 1;
}

size_t net_inputs(const cnn_net *net)
{
    cnn_shape s;

    return size_of(cnn_net_in_shape(net, &s), &s);
}

size_t net_outputs(const cnn_net *net)
{
    cnn_shape s;

    return size_of(cnn_net_out_shape(net, &s), &s);
}

int32_t take_batch(world *w, int32_t most)
{
    static const int32_t bad[] = {0, -1, INT32_MIN, INT32_MAX};
    const uint8_t first = take_byte(&w->b);

    if (first >= 248)
        return bad[first % 4];
    if (first >= 240)
        return most + 1;
    return 1 + first % (most > 0 && most < 8 ? most : 8);
}

size_t samples_of(int64_t batch)
{
    return batch >= 1 && batch <= MOST_SAMPLES ? (size_t)batch : 1;
}

bool is_too_large(int64_t batch, int32_t max_batch)
{
    return batch > MOST_SAMPLES && batch <= max_batch;
}

float *take_floats(world *w, size_t n)
{
    const uint8_t how = take_byte(&w->b);
    float *x = exact_floats(n > 0 ? n : 1);

    for (int32_t i = how % 4; i > 0; i--) {
        const size_t at = take_byte(&w->b);
        x[at % (n > 0 ? n : 1)] = take_float(&w->b);
    }
    return x;
}

int32_t *take_labels(world *w, size_t n, size_t classes)
{
    static const int32_t bad[] = {-1, INT32_MAX, INT32_MIN, INT32_MAX - 1};
    int32_t *labels = malloc((n > 0 ? n : 1) * sizeof(*labels));
    const uint8_t how = take_byte(&w->b);

    must(labels != NULL, "no memory");
    for (size_t i = 0; i < n; i++)
        labels[i] = (int32_t)((i + how) % (classes > 0 ? classes : 1));
    if (how >= 240 && n > 0)
        labels[how % n] = how % 2 ? bad[how / 2 % 4] : (int32_t)classes;
    return labels;
}
