/* Copies of nets for predicting, with layers folded into others. */
#include <math.h>

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

static cnn_status check_finite(const cnn_net *net)
{
    for (size_t i = 0; i < net->params.count; i++)
        if (!isfinite(net->params.value[i]))
            return cnn__fail(CNN_EDIVERGED,
                             "net_fold: parameter %zu is %g with what is "
                             "folded into it",
                             i, (double)net->params.value[i]);
    return CNN_OK;
}

static cnn_status fold_all(cnn_net *to, const cnn_net *from, int32_t max_batch)
{
    int32_t *number = cnn__alloc((size_t)from->count * sizeof(*number));

    if (number == NULL)
        return cnn_last_status();
    const cnn_status status = add_layers(to, from, number);
    cnn__free(number);
    CNN__TRY(status);
    CNN__TRY(cnn__net_copy_frame(to, from));
    CNN__TRY(cnn_net_build(to, &from->in, max_batch, from->pass.run.seed));
    return check_finite(to);
}

cnn_net *cnn_net_fold(const cnn_net *net, int32_t max_batch)
{
    if (cnn__net_check_built(net) != CNN_OK ||
        cnn__check_input(&net->in, max_batch) != CNN_OK)
        return cnn__lost(CNN__NET);
    cnn_net *folded = cnn_net_create();
    if (folded != NULL && fold_all(folded, net, max_batch) == CNN_OK)
        return folded;
    cnn_net_free(folded);
    return cnn__lost(CNN__NET);
}
