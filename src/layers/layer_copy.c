/* Copies of layers, and the parameters that they keep until they are built. */
#include <string.h>

#include "cnn/parts.h"
#include "layers/layer_impl.h"

static cnn_status copy_table(cnn_layer *to, const cnn_layer *from)
{
    const cnn__table_ops *ops = from->ops->table;
    int32_t rows, columns;
    const uint8_t *table = ops != NULL ? ops->get(from, &rows, &columns) : NULL;

    return table != NULL ? ops->set(to, rows, columns, table) : CNN_OK;
}

/* A new layer with the same settings. */
static cnn_layer *copy_settings(const cnn_layer *from)
{
    const cnn__layer_ops *ops = from->ops;

    if (ops->custom != NULL)
        return ops->custom->copy(from);
    cnn_layer *to = cnn__layer_new(ops, NULL);
    for (int32_t i = 0; i < ops->field_count && to != NULL; i++)
        memcpy((char *)to + ops->fields[i].offset,
               (const char *)from + ops->fields[i].offset, sizeof(int32_t));
    to = cnn__layer_checked(to);
    if (to == NULL || copy_table(to, from) == CNN_OK)
        return to;
    cnn_layer_free(to);
    return cnn__lost(CNN__LAYER);
}

/* Lets `to` keep the parameters of a built layer. */
static cnn_status give(cnn_layer *to, const cnn_layer *from)
{
    const size_t count = from->params.count, fixed = from->params.fixed_count;

    if (count + fixed == 0)
        return CNN_OK;
    cnn__given *given =
        cnn__alloc(sizeof(*given) + (count + fixed) * sizeof(float));
    if (given == NULL)
        return cnn_last_status();
    given->in = from->in;
    given->tensor_count = from->tensor_count;
    memcpy(given->tensors, from->tensors, sizeof(given->tensors));
    if (count > 0)
        memcpy(given->floats, from->params.value, count * sizeof(float));
    if (fixed > 0)
        memcpy(given->floats + count, from->params.fixed,
               fixed * sizeof(float));
    to->given = given;
    return CNN_OK;
}

cnn_layer *cnn_layer_copy(const cnn_layer *layer)
{
    if (layer == NULL) {
        cnn__fail_null(CNN__LAYER, "layer_copy");
        return cnn__lost(CNN__LAYER);
    }
    if (!layer->built) {
        cnn__fail(CNN_ESTATE, "layer_copy: the %s layer is not built",
                  layer->ops->kind);
        return cnn__lost(CNN__LAYER);
    }
    if (layer->ops->join != NULL) {
        cnn__fail(CNN_EUNSUPPORTED,
                  "layer_copy: a layer of kind %s has several inputs, and "
                  "cnn_net_join() makes it",
                  layer->ops->kind);
        return cnn__lost(CNN__LAYER);
    }
    cnn_layer *copy = copy_settings(layer);
    if (copy == NULL)
        return NULL;
    copy->frozen = layer->frozen;
    copy->lr_factor = layer->lr_factor;
    if (give(copy, layer) == CNN_OK)
        return copy;
    cnn_layer_free(copy);
    return cnn__lost(CNN__LAYER);
}

/* ------------------------------------------------------------ at build --- */

cnn_status cnn__given_check(const cnn_layer *layer)
{
    const cnn__given *given = layer->given;
    const cnn_shape *in = &layer->in;
    int32_t t = 0;

    if (given == NULL)
        return CNN_OK;
    while (t < given->tensor_count && t < layer->tensor_count &&
           cnn__tensor_alike(&given->tensors[t], &layer->tensors[t]))
        t++;
    if (t == given->tensor_count && t == layer->tensor_count)
        return CNN_OK;
    return cnn__fail(CNN_ESHAPE,
                     "the parameters that it keeps are for inputs of %dx%dx%d, "
                     "the input is %dx%dx%d",
                     given->in.c, given->in.h, given->in.w, in->c, in->h,
                     in->w);
}

void cnn__given_take(cnn_layer *layer)
{
    const float *floats = layer->given->floats;
    const cnn__params *p = &layer->params;

    if (p->count > 0)
        memcpy(p->value, floats, p->count * sizeof(float));
    if (p->fixed_count > 0)
        memcpy(p->fixed, floats + p->count, p->fixed_count * sizeof(float));
    cnn__free(layer->given);
    layer->given = NULL;
}
