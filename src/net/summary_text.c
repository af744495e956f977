/* A net as a text: a table, JSON, or a graph. */
#include <stdarg.h>
#include <stdio.h>

#include "cnn/graph.h"
#include "cnn/summary.h"
#include "net/net_impl.h"

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

/* Are the sources of a layer worth saying? */
static bool branches(const cnn_layer *layer)
{
    return layer->from_count > 1 || layer->from[0] != layer->index - 1;
}

/* The numbers of what a layer takes, "input" being that of the net. */
static void put_sources(text *t, const cnn_layer *layer, const char *input,
                        const char *between)
{
    for (int32_t k = 0; k < layer->from_count; k++) {
        put(t, "%s", k > 0 ? between : "");
        if (layer->from[k] >= 0)
            put(t, "%d", layer->from[k]);
        else
            put(t, "%s", input);
    }
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
        const cnn_costs costs = cnn__layer_costs(layer);
        char name[64], output[40];
        text n = {.at = name, .capacity = sizeof(name)};

        put(&n, "%2d %s", i, layer->ops->kind);
        if (branches(layer)) {
            put(&n, " <- ");
            put_sources(&n, layer, "input", " ");
        }
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
        const cnn_costs costs = cnn__layer_costs(layer);

        put(t, "%s{\"kind\": \"%s\", \"output\": [%d, %d, %d], ",
            i > 0 ? ", " : "", layer->ops->kind, layer->out.c, layer->out.h,
            layer->out.w);
        if (branches(layer)) {
            put(t, "\"from\": [");
            put_sources(t, layer, "-1", ", ");
            put(t, "], ");
        }
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

/* In the language of Graphviz: a box for each layer, arrows for outputs. */
static void put_dot(text *t, const cnn_net *net, const cnn_costs *all,
                    const cnn_net_memory *m)
{
    (void)all;
    (void)m;
    put(t,
        "digraph net {\n    node [shape=box];\n"
        "    input [label=\"input\\n%d x %d x %d\"];\n",
        net->in.c, net->in.h, net->in.w);
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];

        put(t, "    %d [label=\"%d %s\\n%d x %d x %d\"];\n    {", i, i,
            layer->ops->kind, layer->out.c, layer->out.h, layer->out.w);
        put_sources(t, layer, "input", " ");
        put(t, "} -> %d;\n", i);
    }
    put(t, "}\n");
}

typedef void write_fn(text *t, const cnn_net *net, const cnn_costs *all,
                      const cnn_net_memory *memory);

cnn_status cnn_net_summary(const cnn_net *net, int32_t form, char *buffer,
                           size_t capacity, size_t *size)
{
    static write_fn *const forms[] = {put_table, put_json, put_dot};
    cnn_costs all = {.struct_size = sizeof(all)};
    cnn_net_memory memory = {.struct_size = sizeof(memory)};
    text t = {0};

    if (size == NULL || form < CNN_SUMMARY_TEXT || form > CNN_SUMMARY_DOT)
        return cnn__fail(CNN_EINVAL,
                         "net_summary: %s, form %d, expected 0 to 2",
                         size == NULL ? "size is NULL" : "size given", form);
    CNN__TRY(cnn_net_costs(net, &all));
    CNN__TRY(cnn_net_measure(net, &memory));
    forms[form](&t, net, &all, &memory);
    *size = t.used + 1;
    if (buffer == NULL)
        return CNN_OK;
    if (capacity < *size)
        return cnn__fail(CNN_EINVAL,
                         "net_summary: a buffer of %zu bytes for %zu", capacity,
                         *size);
    t = (text){.at = buffer, .capacity = capacity};
    forms[form](&t, net, &all, &memory);
    return CNN_OK;
}
