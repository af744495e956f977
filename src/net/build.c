/* Building a net: shapes, then one block of memory, then the parameters. */
#include "base/threads.h"
#include "cnn/graph.h"
#include "cnn/runtime.h"
#include "net/net_impl.h"

/* The most floats for one sample, over the input, the outputs of all layers and
 * the scratch of a worker: 1 GiB, far above what small networks need. Loading a
 * file checks this limit too. So every net that can be saved can be loaded, and
 * a small file cannot exhaust the memory. */
#define MOST_FLOATS ((size_t)1 << 28)

static cnn_status check_floats(const cnn_net *net, const cnn_shape *in)
{
    size_t floats = cnn__shape_size(in);
    cnn__workspace need = {0};

    for (int32_t i = 0; i < net->count; i++) {
        const cnn__workspace one = cnn__layer_workspace(net->layers[i], 1);

        floats = cnn__size_add(floats, cnn__shape_size(&net->layers[i]->out));
        cnn__workspace_join(&need, &one);
    }
    floats = cnn__size_add(floats, need.scratch);
    if (floats > MOST_FLOATS)
        return cnn__fail(CNN_EOVERFLOW,
                         "one sample takes %zu floats, in the input, the "
                         "outputs of all layers and the scratch of one worker, "
                         "more than %zu",
                         floats, MOST_FLOATS);
    return CNN_OK;
}

/* The shape of layer i from those that it takes. */
static cnn_status infer_layer(cnn_net *net, int32_t i, const cnn_shape *in)
{
    const cnn_shape *shapes[CNN_MAX_JOINED];
    cnn_layer *layer = net->layers[i];

    layer->uses = 0;
    for (int32_t k = 0; k < layer->from_count; k++) {
        const int32_t from = layer->from[k];

        shapes[k] = from >= 0 ? &net->layers[from]->out : in;
        if (from >= 0)
            net->layers[from]->uses++;
    }
    if (cnn__layer_shape(layer, shapes) == CNN_OK)
        return CNN_OK;
    cnn__fail_where("layer %d (%s)", i, layer->ops->kind);
    return cnn_last_status();
}

/* Planning a net with branches takes quadratic time. */
static cnn_status check_branches(const cnn_net *net)
{
    int32_t stacked = 0;
    int64_t sources = 0;

    while (stacked < net->count && net->layers[stacked]->from_count == 1 &&
           net->layers[stacked]->from[0] == stacked - 1)
        stacked++;
    if (stacked < net->count && net->count > CNN_MAX_BRANCHED_LAYERS)
        return cnn__fail(CNN_EOVERFLOW,
                         "%d layers, in a net with branches at most %d",
                         net->count, CNN_MAX_BRANCHED_LAYERS);
    for (int32_t i = 0; i < net->count; i++)
        sources += net->layers[i]->from_count;
    if (stacked < net->count && sources > CNN_MAX_BRANCHED_SOURCES)
        return cnn__fail(CNN_EOVERFLOW,
                         "its layers take %lld outputs, in a net with "
                         "branches at most %d",
                         (long long)sources, CNN_MAX_BRANCHED_SOURCES);
    return CNN_OK;
}

/* Only the last layer gives the output of the net. */
static cnn_status check_uses(const cnn_net *net)
{
    for (int32_t i = 0; i < net->count - 1; i++)
        if (net->layers[i]->uses == 0)
            return cnn__fail(CNN_EINVAL,
                             "no layer takes the output of layer %d (%s), and "
                             "only layer %d (%s), the last, gives that of the "
                             "net",
                             i, net->layers[i]->ops->kind, net->count - 1,
                             net->layers[net->count - 1]->ops->kind);
    return CNN_OK;
}

cnn_status cnn__net_infer(cnn_net *net, const cnn_shape *in)
{
    net->params.count = 0;
    net->params.fixed_count = 0;
    for (int32_t i = 0; i < net->count; i++) {
        cnn_layer *layer = net->layers[i];

        CNN__TRY(infer_layer(net, i, in));
        net->params.count =
            cnn__size_add(net->params.count, layer->params.count);
        net->params.fixed_count =
            cnn__size_add(net->params.fixed_count, layer->params.fixed_count);
    }
    CNN__TRY(check_branches(net));
    CNN__TRY(check_uses(net));
    net->out = net->layers[net->count - 1]->out;
    return check_floats(net, in);
}

static void lay_out(cnn_net *net, int32_t batch, int32_t workers,
                    cnn__arena *arena)
{
    cnn__params *p = &net->params;

    p->value = cnn__arena_floats(arena, p->count);
    p->grad = cnn__arena_floats(arena, p->count);
    for (int i = 0; i < CNN__MAX_SLOTS; i++)
        p->slot[i] = cnn__arena_floats(arena, p->count);
    p->fixed = cnn__arena_floats(arena, p->fixed_count);
    cnn__pass_plan(&net->pass, batch, true, workers, arena);
}

static void place_layers(cnn_net *net, int32_t max_batch, uint64_t seed)
{
    cnn__params at = {0};

    for (int32_t i = 0; i < net->count; i++) {
        cnn_layer *layer = net->layers[i];

        cnn__layer_place(layer, &net->params, &at);
        layer->run = net->pass.run;
        layer->run.kept = net->pass.kept[i];
        layer->max_batch = max_batch;
        layer->built = true;
        cnn__layer_init(layer, seed, i);
    }
}

static cnn_status check_buildable(const cnn_net *net, const cnn_shape *in)
{
    if (net == NULL)
        return cnn__fail_null(CNN__NET, "net_build");
    if (in == NULL)
        return cnn__fail(CNN_EINVAL, "net_build: in is NULL");
    if (net->built)
        return cnn__fail(CNN_ESTATE, "net_build: the net is built already");
    if (net->stuck != CNN_OK)
        return cnn__fail(net->stuck, "%s", net->stuck_text);
    if (net->count == 0)
        return cnn__fail(CNN_ESTATE, "net_build: the net has no layers");
    return CNN_OK;
}

cnn_status cnn_net_build(cnn_net *net, const cnn_shape *in, int32_t max_batch,
                         uint64_t seed)
{
    cnn__arena arena = {0};

    CNN__TRY(check_buildable(net, in));
    CNN__TRY(cnn__check_input(in, max_batch));
    CNN__TRY(cnn__net_infer(net, in));
    CNN__TRY(
        cnn__pass_start(&net->pass, net->layers, net->count, max_batch, true));
    const int32_t workers = cnn_num_threads();
    lay_out(net, max_batch, workers, &arena);
    net->memory = cnn__alloc(arena.used);
    if (net->memory == NULL)
        return cnn_last_status();
    net->memory_size =
        arena.used + cnn__pass_bytes(net->layers, net->count, true);
    arena = (cnn__arena){.base = net->memory};
    lay_out(net, max_batch, workers, &arena);
    net->pass.run.seed = seed;
    net->in = *in;
    net->max_batch = max_batch;
    place_layers(net, max_batch, seed);
    net->built = true;
    return CNN_OK;
}
