/* Watching the units of a net. */
#include "cnn/stats.h"

#include "base/options.h"
#include "math/sum.h"
#include "train/step.h"

/* A watch has one of these for each layer: the units of an activation that have
 * not been active yet. The list shrinks, so that a step costs little later on.
 */
struct cnn__watch {
    int32_t count;
    int32_t *units;    /* (count) */
    int64_t saturated; /* in the last step; -1: the activation is unbounded */
};

static bool is_watched(const cnn_layer *layer)
{
    return (layer->ops->traits & CNN__ACTIVATION) != 0;
}

/* Lays out the watch, and returns the place for hidden outputs. */
static float *lay_out(const cnn_net *net, cnn__watch **watch, cnn__arena *arena)
{
    const size_t n = (size_t)net->count;

    *watch = cnn__arena_take(arena, n, sizeof(cnn__watch));
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];
        const size_t units =
            is_watched(layer) ? cnn__shape_size(&layer->out) : 0;
        int32_t *list = cnn__arena_take(arena, units, sizeof(int32_t));

        if (*watch != NULL)
            (*watch)[i] = (cnn__watch){(int32_t)units, list, 0};
    }
    return cnn__arena_floats(
        arena, cnn__pass_hidden_floats(&net->pass, net->max_batch));
}

/* The number of units that are near a bound for every sample of the batch; -1
 * if the activation is unbounded. An empty batch has none. */
static int64_t count_saturated(const cnn_layer *layer, const float *y,
                               int32_t batch)
{
    const size_t size = cnn__shape_size(&layer->out);
    float low, high;
    int64_t saturated = 0;

    const cnn__pointwise_ops *ops = layer->ops->pointwise;

    if (ops == NULL || !ops->bounds(layer, &low, &high))
        return -1;
    const float margin = 0.01f * (high - low);
    for (size_t u = 0; u < size && batch > 0; u++) {
        int32_t n = 0;

        while (n < batch && (y[(size_t)n * size + u] < low + margin ||
                             y[(size_t)n * size + u] > high - margin))
            n++;
        saturated += n == batch;
    }
    return saturated;
}

cnn_status cnn_net_watch(cnn_net *net, int32_t on)
{
    cnn__arena arena = {0};
    cnn__watch *watch = NULL;
    float *shown = NULL;

    CNN__TRY(cnn__net_check_built(net));
    if (on != 0 && on != 1)
        return cnn__fail(CNN_EINVAL, "net_watch: %d, expected 0 or 1", on);
    if (on) {
        lay_out(net, &watch, &arena);
        arena = (cnn__arena){.base = cnn__alloc(arena.used)};
        if (arena.base == NULL)
            return cnn_last_status();
        shown = lay_out(net, &watch, &arena);
        for (int32_t i = 0; i < net->count; i++) {
            for (int32_t u = 0; u < watch[i].count; u++)
                watch[i].units[u] = u;
            watch[i].saturated = count_saturated(net->layers[i], NULL, 0);
        }
    }
    cnn__pass_show(&net->pass, net->max_batch, shown);
    cnn__free(net->watch);
    net->watch = watch;
    return CNN_OK;
}

static bool is_alive(const float *y, int32_t batch, size_t size, int32_t unit)
{
    for (int32_t n = 0; n < batch; n++)
        if (y[(size_t)n * size + (size_t)unit] != 0.0f)
            return true;
    return false;
}

void cnn__watch_step(cnn_net *net, int32_t batch)
{
    for (int32_t i = 0; i < net->count; i++) {
        cnn__watch *watch = &net->watch[i];
        const float *y = net->pass.y[i];
        const size_t size = cnn__shape_size(&net->layers[i]->out);
        int32_t left = 0;

        for (int32_t k = 0; k < watch->count; k++)
            if (!is_alive(y, batch, size, watch->units[k]))
                watch->units[left++] = watch->units[k];
        watch->count = left;
        watch->saturated = count_saturated(net->layers[i], y, batch);
    }
}

cnn_status cnn_net_layer_stats(const cnn_net *net, int32_t index,
                               cnn_layer_stats *stats)
{
    CNN__TRY(cnn__net_check_built(net));
    if (stats == NULL || index < 0 || index >= net->count)
        return cnn__fail(CNN_EINVAL,
                         "net_layer_stats: %s, layer %d, expected 0 to %d",
                         stats == NULL ? "stats is NULL" : "stats given", index,
                         net->count - 1);
    if (net->watch == NULL)
        return cnn__fail(CNN_ESTATE, "net_layer_stats: the net is not watched");
    const cnn_layer *layer = net->layers[index];
    const cnn__params *p = &layer->params;
    const cnn_layer_stats found = {
        .units = (int64_t)cnn__shape_size(&layer->out),
        .dead = is_watched(layer) ? net->watch[index].count : -1,
        .saturated = net->watch[index].saturated,
        .weight_norm = cnn__norm(p->value, p->count),
        .grad_norm = cnn__norm(p->grad, p->count),
    };
    return cnn__result_write(stats, &found, sizeof(found),
                             CNN__SIZE_UP_TO(cnn_layer_stats, grad_norm),
                             "net_layer_stats");
}
