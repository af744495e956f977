/* Copies of nets for predicting, with layers folded into others. */
#include "cnn/graph.h"
#include "cnn/parts.h"
#include "net/net_impl.h"

/* The layer that is folded into layer i; NULL: none. */
static const cnn_layer *folded_into(const cnn_net *net, int32_t i)
{
    const cnn_layer *layer = net->layers[i];

    if (layer->uses != 1)
        return NULL;
    for (int32_t k = i + 1; k < net->count; k++) {
        const cnn_layer *then = net->layers[k];

        if (then->from_count == 1 && then->from[0] == i)
            return cnn__layer_folds(layer, then) ? then : NULL;
    }
    return NULL;
}

static cnn_status add_layers(cnn_net *to, const cnn_net *from, int32_t *number)
{
    for (int32_t i = 0; i < from->count; i++) {
        const cnn_layer *layer = from->layers[i];
        const cnn_layer *then = folded_into(from, i);
        const int32_t below = layer->from[0];
        cnn_layer *copy = NULL;

        if (below >= 0 && folded_into(from, below) == layer) {
            number[i] = number[below];
            continue;
        }
        if (then != NULL) {
            copy = cnn__layer_folded(layer, then);
            if (copy == NULL)
                return cnn_last_status();
        }
        CNN__TRY(cnn__net_add_copy(to, layer, copy, number));
        number[i] = to->count - 1;
    }
    return CNN_OK;
}

static cnn_status add_folded(cnn_net *to, const cnn_net *from)
{
    int32_t *number = cnn__alloc((size_t)from->count * sizeof(*number));

    if (number == NULL)
        return cnn_last_status();
    const cnn_status status = add_layers(to, from, number);
    cnn__free(number);
    return status;
}

cnn_net *cnn_net_fold(const cnn_net *net, int32_t max_batch)
{
    cnn_net *folded = cnn__net_made_of(net, max_batch, add_folded);

    if (folded == NULL || cnn__net_check_finite(folded) == CNN_OK)
        return folded;
    cnn__fail_where("net_fold");
    cnn_net_free(folded);
    return cnn__lost(CNN__NET);
}
