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

/* ------------------------------------------------------------- folding --- */

/* Lets the layer have biases, whatever its settings said. */
static bool with_bias(cnn_layer *layer)
{
    for (int32_t i = 0; i < layer->ops->field_count; i++) {
        const cnn__field *field = &layer->ops->fields[i];
        int32_t flags;

        if (strcmp(field->name, "flags") != 0)
            continue;
        memcpy(&flags, (char *)layer + field->offset, sizeof(flags));
        flags &= ~(int32_t)CNN_NO_BIAS;
        memcpy((char *)layer + field->offset, &flags, sizeof(flags));
        return true;
    }
    return false;
}

/* Weights and biases of what comes after `then`. */
static void fold(const cnn_layer *layer, const double *scale,
                 const double *shift, float *floats)
{
    const size_t rows = (size_t)layer->out.c;
    const size_t weights = cnn__tensor_size(&layer->tensors[0]);
    const float *w = cnn__tensor_data(layer, 0);
    const float *b =
        layer->tensor_count > 1 ? cnn__tensor_data(layer, 1) : NULL;

    for (size_t i = 0; i < weights; i++)
        floats[i] = (float)((double)w[i] * scale[i / (weights / rows)]);
    for (size_t r = 0; r < rows; r++)
        floats[weights + r] =
            (float)((b != NULL ? (double)b[r] * scale[r] : 0.0) + shift[r]);
}

bool cnn__layer_folds(const cnn_layer *layer, const cnn_layer *then)
{
    return (layer->ops->traits & CNN__BY_ROWS) != 0 &&
           then->ops->affine != NULL;
}

/* Gives the copy what `layer` and `then` are together. */
static cnn_status give_folded(cnn_layer *to, const cnn_layer *layer,
                              const cnn_layer *then)
{
    const int32_t rows = layer->out.c;
    const size_t weights = cnn__tensor_size(&layer->tensors[0]);
    cnn__given *given =
        cnn__alloc(sizeof(*given) + (weights + (size_t)rows) * sizeof(float));
    double *scale = cnn__alloc(2 * (size_t)rows * sizeof(*scale));

    if (given != NULL && scale != NULL) {
        then->ops->affine(then, scale, scale + rows);
        fold(layer, scale, scale + rows, given->floats);
        given->in = layer->in;
        given->tensor_count = 2;
        given->tensors[0] = layer->tensors[0];
        given->tensors[1] =
            (cnn__tensor){.name = "bias", .rank = 1, .dims = {rows}};
        to->given = given;
    } else
        cnn__free(given);
    cnn__free(scale);
    return to->given != NULL ? CNN_OK : cnn_last_status();
}

cnn_layer *cnn__layer_folded(const cnn_layer *layer, const cnn_layer *then)
{
    cnn_layer *copy = copy_settings(layer);

    if (copy == NULL)
        return NULL;
    if (with_bias(copy) && give_folded(copy, layer, then) == CNN_OK)
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
