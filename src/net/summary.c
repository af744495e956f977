#include "cnn/summary.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/options.h"
#include "base/threads.h"
#include "cnn/runtime.h"
#include "net/net_impl.h"

/* ------------------------------------------------------------- costs --- */

static cnn_costs costs_of(const cnn_layer *layer)
{
    cnn_costs costs = {.params = (int64_t)layer->params.count};

    if (layer->ops->costs != NULL)
        layer->ops->costs(layer, &costs);
    return costs;
}

static cnn_status write_costs(cnn_costs *to, const cnn_costs *costs,
                              const char *what)
{
    return cnn__result_write(to, costs, sizeof(*costs),
                             CNN__SIZE_UP_TO(cnn_costs, multiply_adds), what);
}

cnn_status cnn_layer_costs(const cnn_layer *layer, cnn_costs *costs)
{
    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, "layer_costs");
    if (costs == NULL)
        return cnn__fail(CNN_EINVAL, "layer_costs: costs is NULL");
    if (!layer->built)
        return cnn__fail(CNN_ESTATE, "layer_costs: the %s layer is not built",
                         layer->ops->kind);
    const cnn_costs found = costs_of(layer);
    return write_costs(costs, &found, "layer_costs");
}

cnn_status cnn_net_costs(const cnn_net *net, cnn_costs *costs)
{
    cnn_costs all = {0};

    CNN__TRY(cnn__net_check_built(net));
    if (costs == NULL)
        return cnn__fail(CNN_EINVAL, "net_costs: costs is NULL");
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_costs one = costs_of(net->layers[i]);

        all.params += one.params;
        all.connections += one.connections;
        all.multiply_adds += one.multiply_adds;
    }
    return write_costs(costs, &all, "net_costs");
}

cnn_status cnn_net_measure(const cnn_net *net, cnn_net_memory *memory)
{
    cnn__arena arena = {0};

    CNN__TRY(cnn__net_check_built(net));
    if (memory == NULL)
        return cnn__fail(CNN_EINVAL, "net_measure: memory is NULL");
    const size_t parameters =
        (net->params.count + net->params.fixed_count) * sizeof(float);
    cnn__pass session = {0};
    CNN__TRY(cnn__pass_start(&session, net->layers, net->count, net->max_batch,
                             false));
    cnn__pass_plan(&session, net->max_batch, false, cnn_num_threads(), &arena);
    cnn__pass_free(&session);
    const cnn_net_memory found = {
        .max_batch = net->max_batch,
        .training = (int64_t)net->memory_size,
        .inference = (int64_t)(parameters + arena.used +
                               cnn__pass_bytes(net->layers, net->count, false)),
        .parameters = (int64_t)parameters,
    };
    return cnn__result_write(memory, &found, sizeof(found),
                             CNN__SIZE_UP_TO(cnn_net_memory, parameters),
                             "net_measure");
}

/* ----------------------------------------------------------- writing --- */

/* A text being written. Beyond the end, only the length is counted. */
typedef struct text {
    char *at;
    size_t capacity, used;
} text;

static void put(text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(text *t, const char *format, ...)
{
    const size_t room = t->used < t->capacity ? t->capacity - t->used : 0;
    va_list args;

    va_start(args, format);
    const int n =
        vsnprintf(room > 0 ? t->at + t->used : NULL, room, format, args);
    va_end(args);
    t->used += n > 0 ? (size_t)n : 0;
}

static void put_row(text *t, const char *name, const char *output,
                    const cnn_costs *c)
{
    put(t, "%-16s %-16s %12lld %13lld %13lld\n", name, output,
        (long long)c->params, (long long)c->connections,
        (long long)c->multiply_adds);
}

static void put_table(text *t, const cnn_net *net, const cnn_costs *all,
                      const cnn_net_memory *m)
{
    put(t, "%-16s %-16s %12s %13s %13s\n", "layer", "output", "parameters",
        "connections", "multiply-adds");
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];
        const cnn_costs costs = costs_of(layer);
        char name[32], output[40];

        snprintf(name, sizeof(name), "%2d %s", i, layer->ops->kind);
        snprintf(output, sizeof(output), "%d x %d x %d", layer->out.c,
                 layer->out.h, layer->out.w);
        put_row(t, name, output, &costs);
    }
    put_row(t, "total", "", all);
    const size_t unused = net->params.count * sizeof(float); /* by SGD */

    put(t,
        "memory: %.1f MB for training in batches of %d (%.1f with SGD),"
        "\n%.1f MB for inference, %.1f MB of parameters\n",
        (double)m->training / 1e6, m->max_batch,
        (double)(m->training - (int64_t)unused) / 1e6,
        (double)m->inference / 1e6, (double)m->parameters / 1e6);
}

static void put_costs(text *t, const cnn_costs *c)
{
    put(t, "\"params\": %lld, \"connections\": %lld, \"multiply_adds\": %lld",
        (long long)c->params, (long long)c->connections,
        (long long)c->multiply_adds);
}

static void put_json(text *t, const cnn_net *net, const cnn_costs *all,
                     const cnn_net_memory *m)
{
    put(t, "{\"layers\": [");
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];
        const cnn_costs costs = costs_of(layer);

        put(t, "%s{\"kind\": \"%s\", \"output\": [%d, %d, %d], ",
            i > 0 ? ", " : "", layer->ops->kind, layer->out.c, layer->out.h,
            layer->out.w);
        put_costs(t, &costs);
        put(t, "}");
    }
    put(t, "], ");
    put_costs(t, all);
    put(t,
        ", \"max_batch\": %d, \"memory\": {\"training\": %lld, "
        "\"inference\": %lld, \"parameters\": %lld}}\n",
        m->max_batch, (long long)m->training, (long long)m->inference,
        (long long)m->parameters);
}

cnn_status cnn_net_summary(const cnn_net *net, int32_t form, char *buffer,
                           size_t capacity, size_t *size)
{
    void (*const write)(text *, const cnn_net *, const cnn_costs *,
                        const cnn_net_memory *) =
        form == CNN_SUMMARY_JSON ? put_json : put_table;
    cnn_costs all = {.struct_size = sizeof(all)};
    cnn_net_memory memory = {.struct_size = sizeof(memory)};
    text t = {0};

    if (size == NULL || form < CNN_SUMMARY_TEXT || form > CNN_SUMMARY_JSON)
        return cnn__fail(CNN_EINVAL,
                         "net_summary: %s, form %d, expected 0 or 1",
                         size == NULL ? "size is NULL" : "size given", form);
    CNN__TRY(cnn_net_costs(net, &all));
    CNN__TRY(cnn_net_measure(net, &memory));
    write(&t, net, &all, &memory);
    *size = t.used + 1;
    if (buffer == NULL)
        return CNN_OK;
    if (capacity < *size)
        return cnn__fail(CNN_EINVAL,
                         "net_summary: a buffer of %zu bytes for %zu", capacity,
                         *size);
    t = (text){.at = buffer, .capacity = capacity};
    write(&t, net, &all, &memory);
    return CNN_OK;
}
