/* What a net costs, and the memory that it takes. */
#include "cnn/summary.h"

#include "base/options.h"
#include "base/threads.h"
#include "cnn/runtime.h"
#include "net/net_impl.h"

/* ------------------------------------------------------------- costs --- */

cnn_costs cnn__layer_costs(const cnn_layer *layer)
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
    const cnn_costs found = cnn__layer_costs(layer);
    return write_costs(costs, &found, "layer_costs");
}

cnn_status cnn_net_costs(const cnn_net *net, cnn_costs *costs)
{
    cnn_costs all = {0};

    CNN__TRY(cnn__net_check_built(net));
    if (costs == NULL)
        return cnn__fail(CNN_EINVAL, "net_costs: costs is NULL");
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_costs one = cnn__layer_costs(net->layers[i]);

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
