/* Building a net: shapes, then one block of memory, then the parameters. */
#include "base/threads.h"
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

cnn_status cnn__net_infer(cnn_net *net, const cnn_shape *in)
{
    const cnn_shape first = *in;

    net->params.count = 0;
    net->params.fixed_count = 0;
    for (int32_t i = 0; i < net->count; i++) {
        cnn_layer *layer = net->layers[i];

        if (cnn__layer_shape(layer, in) != CNN_OK) {
            cnn__fail_where("layer %d (%s)", i, layer->ops->kind);
            return cnn_last_status();
        }
        in = &layer->out;
        net->params.count =
            cnn__size_add(net->params.count, layer->params.count);
        net->params.fixed_count =
            cnn__size_add(net->params.fixed_count, layer->params.fixed_count);
    }
    net->out = *in;
    return check_floats(net, &first);
}

/* The largest output whose gradient is stored as a whole. */
static size_t most_floats(const cnn_net *net, int32_t batch)
{
    size_t most = 0;

    for (int32_t i = 0; i < net->count; i++) {
        const size_t size = cnn__shape_size(&net->layers[i]->out);

        if (!cnn__fusion_inside(net->pass.fusions, i))
            most = size > most ? size : most;
    }
    return cnn__size_mul(most, (size_t)batch);
}

static void lay_out(cnn_net *net, int32_t batch, int32_t workers,
                    cnn__arena *arena)
{
    cnn__params *p = &net->params;
    const size_t gradient = most_floats(net, batch);

    p->value = cnn__arena_floats(arena, p->count);
    p->grad = cnn__arena_floats(arena, p->count);
    for (int i = 0; i < CNN__MAX_SLOTS; i++)
        p->slot[i] = cnn__arena_floats(arena, p->count);
    p->fixed = cnn__arena_floats(arena, p->fixed_count);
    net->gradient[0] = cnn__arena_floats(arena, gradient);
    net->gradient[1] = cnn__arena_floats(arena, gradient);
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
    CNN__TRY(cnn__pass_start(&net->pass, net->layers, net->count, max_batch));
    const int32_t workers = cnn_num_threads();
    lay_out(net, max_batch, workers, &arena);
    net->memory = cnn__alloc(arena.used);
    if (net->memory == NULL)
        return cnn_last_status();
    net->memory_size = arena.used + cnn__fusions_bytes(net->count);
    arena = (cnn__arena){.base = net->memory};
    lay_out(net, max_batch, workers, &arena);
    net->pass.run.seed = seed;
    net->in = *in;
    net->max_batch = max_batch;
    place_layers(net, max_batch, seed);
    net->built = true;
    return CNN_OK;
}
