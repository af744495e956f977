/* Copies of nets, of parts of them, and of their parameters. */
#include <string.h>

#include "cnn/graph.h"
#include "cnn/parts.h"
#include "layers/join.h"
#include "net/net_impl.h"

/* ------------------------------------------------------------ copies --- */

static cnn_status check_part(const cnn_net *net, int32_t first, int32_t count)
{
    CNN__TRY(cnn__net_check_built(net));
    if (first < 0 || count < 1 || count > net->count - first)
        return cnn__fail(CNN_EINVAL,
                         "net_take: %d layers from layer %d on, but the net "
                         "has %d",
                         count, first, net->count);
    return CNN_OK;
}

cnn_status cnn__net_add_copy(cnn_net *to, const cnn_layer *layer,
                             cnn_layer *copy, const int32_t *number)
{
    int32_t from[CNN_MAX_JOINED];
    int32_t added;

    for (int32_t k = 0; k < layer->from_count; k++)
        from[k] = layer->from[k] >= 0 ? number[layer->from[k]] : CNN_NET_INPUT;
    if (layer->ops->join != NULL)
        added =
            cnn_net_join(to, layer->ops->join->kind, layer->from_count, from);
    else
        added = cnn_net_append(to, from[0],
                               copy != NULL ? copy : cnn_layer_copy(layer));
    if (added == CNN_NET_FAILED)
        return cnn_last_status();
    to->layers[added]->frozen = layer->frozen;
    to->layers[added]->lr_factor = layer->lr_factor;
    return CNN_OK;
}

/* The output of the layer before the part becomes the input. */
static cnn_status check_sources(const cnn_layer *layer, int32_t first)
{
    char name[CNN__SOURCE_NAME];

    for (int32_t k = 0; k < layer->from_count; k++)
        if (layer->from[k] < first - 1)
            return cnn__fail(CNN_EINVAL,
                             "the %s layer takes %s, and the part begins after "
                             "layer %d",
                             layer->ops->kind,
                             cnn__source_name(layer->from[k], name), first - 1);
    return CNN_OK;
}

static cnn_status add_copies(cnn_net *to, const cnn_net *from, int32_t first,
                             int32_t count)
{
    int32_t *number = cnn__alloc((size_t)from->count * sizeof(*number));
    cnn_status status = number != NULL ? CNN_OK : cnn_last_status();

    for (int32_t i = 0; i < from->count && number != NULL; i++)
        number[i] = i - first;
    for (int32_t i = first; i < first + count && status == CNN_OK; i++) {
        status = check_sources(from->layers[i], first);
        if (status == CNN_OK)
            status = cnn__net_add_copy(to, from->layers[i], NULL, number);
        if (status != CNN_OK)
            cnn__fail_where("layer %d", i);
    }
    cnn__free(number);
    return status;
}

/* All but the layers. */
static cnn_status copy_frame(cnn_net *to, const cnn_net *from)
{
    to->loss = from->loss;
    to->reduction = from->reduction;
    to->loss_options = from->loss_options;
    to->custom_loss = from->custom_loss;
    to->custom_user = from->custom_user;
    for (int32_t i = 0; i < from->metadata.count; i++)
        CNN__TRY(cnn__metadata_put(&to->metadata, from->metadata.pairs[i].key,
                                   from->metadata.pairs[i].value));
    return CNN_OK;
}

/* The net, or NULL after a failure. */
static cnn_net *done(cnn_net *net, cnn_status status)
{
    if (net != NULL && status == CNN_OK)
        return net;
    cnn_net_free(net);
    return cnn__lost(CNN__NET);
}

cnn_net *cnn_net_take(const cnn_net *net, int32_t first, int32_t count)
{
    if (check_part(net, first, count) != CNN_OK)
        return cnn__lost(CNN__NET);
    cnn_net *part = cnn_net_create();
    return done(part, part != NULL ? add_copies(part, net, first, count)
                                   : CNN_ENOMEM);
}

static cnn_status make(cnn_net *to, const cnn_net *from, int32_t max_batch,
                       cnn__layers_fn *add)
{
    CNN__TRY(add(to, from));
    CNN__TRY(copy_frame(to, from));
    return cnn_net_build(to, &from->in, max_batch, from->pass.run.seed);
}

cnn_net *cnn__net_made_of(const cnn_net *net, int32_t max_batch,
                          cnn__layers_fn *add)
{
    if (cnn__net_check_built(net) != CNN_OK ||
        cnn__check_input(&net->in, max_batch) != CNN_OK)
        return cnn__lost(CNN__NET);
    cnn_net *made = cnn_net_create();
    return done(made,
                made != NULL ? make(made, net, max_batch, add) : CNN_ENOMEM);
}

static cnn_status add_all(cnn_net *to, const cnn_net *from)
{
    return add_copies(to, from, 0, from->count);
}

cnn_net *cnn_net_copy(const cnn_net *net, int32_t max_batch)
{
    return cnn__net_made_of(net, max_batch, add_all);
}

/* -------------------------------------------------------- parameters --- */

static cnn_status compare_layers(const cnn_layer *a, const cnn_layer *b,
                                 int32_t index, const char *caller)
{
    if (a->tensor_count != b->tensor_count)
        return cnn__fail(CNN_ESHAPE,
                         "%s: layer %d (%s) has %d arrays, in the other net "
                         "(%s) %d",
                         caller, index, a->ops->kind, a->tensor_count,
                         b->ops->kind, b->tensor_count);
    for (int32_t t = 0; t < a->tensor_count; t++) {
        char ours[CNN__DIMS_TEXT], theirs[CNN__DIMS_TEXT];

        if (cnn__tensor_alike(&a->tensors[t], &b->tensors[t]))
            continue;
        return cnn__fail(CNN_ESHAPE,
                         "%s: %s of layer %d (%s) is %s, in the other net %s "
                         "is %s",
                         caller, a->tensors[t].name, index, a->ops->kind,
                         cnn__tensor_dims(&a->tensors[t], ours),
                         b->tensors[t].name,
                         cnn__tensor_dims(&b->tensors[t], theirs));
    }
    return CNN_OK;
}

static cnn_status compare(const cnn_net *to, const cnn_net *from,
                          const char *caller)
{
    if (to->count != from->count)
        return cnn__fail(CNN_ESHAPE, "%s: %d layers, the other net has %d",
                         caller, to->count, from->count);
    for (int32_t i = 0; i < to->count; i++)
        CNN__TRY(compare_layers(to->layers[i], from->layers[i], i, caller));
    return CNN_OK;
}

cnn_status cnn__net_take_params(cnn_net *to, const cnn_net *like,
                                const float *value, const float *fixed,
                                const char *caller)
{
    CNN__TRY(cnn__net_check_built(to));
    CNN__TRY(compare(to, like, caller));
    if (to->params.count > 0)
        memmove(to->params.value, value, to->params.count * sizeof(float));
    if (to->params.fixed_count > 0)
        memmove(to->params.fixed, fixed,
                to->params.fixed_count * sizeof(float));
    return CNN_OK;
}

cnn_status cnn_net_copy_params(cnn_net *to, const cnn_net *from)
{
    CNN__TRY(cnn__net_check_built(to));
    CNN__TRY(cnn__net_check_built(from));
    return cnn__net_take_params(to, from, from->params.value,
                                from->params.fixed, "net_copy_params");
}
