/* Describing the graph of a net. */
#include <stdio.h>

#include "cnn/graph.h"
#include "layers/join.h"
#include "net/net_impl.h"

static cnn_status grow(cnn_net *net)
{
    const int32_t capacity = net->capacity > 0 ? 2 * net->capacity : 16;
    cnn_layer **layers;

    if (net->count < net->capacity)
        return CNN_OK;
    if (net->count > INT32_MAX / 4)
        return cnn__fail(CNN_EOVERFLOW, "%d layers", net->count);
    layers = cnn__alloc((size_t)capacity * sizeof(*layers));
    if (layers == NULL)
        return cnn_last_status();
    for (int32_t i = 0; i < net->count; i++)
        layers[i] = net->layers[i];
    cnn__free(net->layers);
    net->layers = layers;
    net->capacity = capacity;
    return CNN_OK;
}

/* Remembers the failure just recorded, so that the build fails with it. */
static cnn_status stick(cnn_net *net)
{
    if (net->stuck == CNN_OK && !net->built) {
        net->stuck = cnn_last_status();
        snprintf(net->stuck_text, sizeof(net->stuck_text), "%s",
                 cnn_last_error());
    }
    return cnn_last_status();
}

static cnn_status check_addable(const cnn_net *net, const cnn_layer *layer)
{
    if (net->built)
        return cnn__fail(CNN_ESTATE, "the net is built already");
    if (layer->built || layer->owned)
        return cnn__fail(CNN_ESTATE, "the %s layer is %s", layer->ops->kind,
                         layer->owned ? "owned by a net" : "built already");
    return CNN_OK;
}

/* If `from` is what a failed call returned, records that failure again: the
 * first error is the one to keep. */
static bool pass_on(const cnn_net *net, int32_t from)
{
    if (from != CNN_NET_FAILED || net->stuck == CNN_OK)
        return false;
    cnn__fail(net->stuck, "%s", net->stuck_text);
    return true;
}

/* Can a new layer take the output of `from`? */
static cnn_status check_source(const cnn_net *net, int32_t from)
{
    if (from < CNN_NET_INPUT || from >= net->count)
        return cnn__fail(CNN_EINVAL,
                         "there is no layer %d to go on from, expected %d "
                         "(the input) to %d",
                         from, CNN_NET_INPUT, net->count - 1);
    return CNN_OK;
}

/* Takes a layer that is owned now. `from` of a layer with one input. */
static cnn_status take(cnn_net *net, int32_t from, cnn_layer *layer)
{
    CNN__TRY(check_addable(net, layer));
    CNN__TRY(grow(net));
    if (layer->ops->join == NULL) {
        CNN__TRY(check_source(net, from));
        layer->only_from = from;
        layer->from = &layer->only_from;
        layer->from_count = 1;
    }
    layer->owned = true;
    net->layers[net->count++] = layer;
    return CNN_OK;
}

/* Adds the layer, or frees it and keeps the error. */
static cnn_status add(cnn_net *net, int32_t from, cnn_layer *layer,
                      const char *caller)
{
    if (net == NULL) {
        cnn_layer_free(layer);
        return cnn__fail_null(CNN__NET, caller);
    }
    if (layer == NULL) {
        cnn__fail_null(CNN__LAYER, caller);
        return stick(net);
    }
    if (!pass_on(net, from)) {
        if (take(net, from, layer) == CNN_OK)
            return CNN_OK;
        cnn__fail_where("%s", caller);
    }
    cnn_layer_free(layer);
    return stick(net);
}

cnn_status cnn_net_add(cnn_net *net, cnn_layer *layer)
{
    return add(net, net != NULL ? net->count - 1 : CNN_NET_INPUT, layer,
               "net_add");
}

int32_t cnn_net_append(cnn_net *net, int32_t from, cnn_layer *layer)
{
    return add(net, from, layer, "net_append") == CNN_OK ? net->count - 1
                                                         : CNN_NET_FAILED;
}

static cnn_layer *new_join(const cnn_net *net, int32_t kind, int32_t count,
                           const int32_t *from)
{
    if (kind != CNN_JOIN_ADD && kind != CNN_JOIN_CONCAT)
        cnn__fail(CNN_EINVAL, "net_join: kind %d, expected %d or %d", kind,
                  CNN_JOIN_ADD, CNN_JOIN_CONCAT);
    else if (count < 2 || count > CNN_MAX_JOINED || from == NULL)
        cnn__fail(CNN_EINVAL, "net_join: %d layers%s, expected 2 to %d", count,
                  from == NULL ? " at NULL" : "", CNN_MAX_JOINED);
    else {
        for (int32_t k = 0; k < count; k++)
            if (pass_on(net, from[k]))
                return NULL;
            else if (check_source(net, from[k]) != CNN_OK) {
                cnn__fail_where("net_join");
                return NULL;
            }
        return cnn__join_new(kind, count, from);
    }
    return NULL;
}

int32_t cnn_net_join(cnn_net *net, int32_t kind, int32_t count,
                     const int32_t *from)
{
    if (net == NULL) {
        cnn__fail_null(CNN__NET, "net_join");
        return CNN_NET_FAILED;
    }
    cnn_layer *layer = new_join(net, kind, count, from);
    if (layer == NULL) {
        stick(net);
        return CNN_NET_FAILED;
    }
    return add(net, CNN_NET_INPUT, layer, "net_join") == CNN_OK
               ? net->count - 1
               : CNN_NET_FAILED;
}

/* ------------------------------------------------------------ looking --- */

int32_t cnn_net_source_count(const cnn_net *net, int32_t layer)
{
    return net != NULL && layer >= 0 && layer < net->count
               ? net->layers[layer]->from_count
               : 0;
}

int32_t cnn_net_source(const cnn_net *net, int32_t layer, int32_t index)
{
    const int32_t count = cnn_net_source_count(net, layer);

    if (index >= 0 && index < count)
        return net->layers[layer]->from[index];
    if (net == NULL)
        cnn__fail_null(CNN__NET, "net_source");
    else
        cnn__fail(CNN_EINVAL,
                  "net_source: input %d of layer %d, which has %d, in a net of "
                  "%d layers",
                  index, layer, count, net->count);
    return CNN_NET_FAILED;
}
