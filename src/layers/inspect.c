/* Looking at a layer. */
#include "cnn/inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "layers/layer_impl.h"

/* ------------------------------------------------- shape, parameters --- */

cnn_status cnn_layer_in_shape(const cnn_layer *layer, cnn_shape *in)
{
    CNN__TRY(cnn__layer_check_built(layer, in));
    *in = layer->in;
    return CNN_OK;
}

cnn_status cnn_layer_out_shape(const cnn_layer *layer, cnn_shape *out)
{
    CNN__TRY(cnn__layer_check_built(layer, out));
    *out = layer->out;
    return CNN_OK;
}

const char *cnn_layer_kind(const cnn_layer *layer)
{
    return layer != NULL ? layer->ops->kind : "none";
}

size_t cnn_layer_param_count(const cnn_layer *layer)
{
    return layer != NULL && layer->built ? layer->params.count : 0;
}

float *cnn_layer_params(cnn_layer *layer)
{
    return cnn_layer_param_count(layer) > 0 ? layer->params.value : NULL;
}

float *cnn_layer_grads(cnn_layer *layer)
{
    return cnn_layer_param_count(layer) > 0 ? layer->params.grad : NULL;
}

const float *cnn_layer_const_params(const cnn_layer *layer)
{
    return cnn_layer_param_count(layer) > 0 ? layer->params.value : NULL;
}

const float *cnn_layer_const_grads(const cnn_layer *layer)
{
    return cnn_layer_param_count(layer) > 0 ? layer->params.grad : NULL;
}

/* ----------------------------------------------------------- tensors --- */

int32_t cnn_layer_tensor_count(const cnn_layer *layer)
{
    return layer != NULL && layer->built ? layer->tensor_count : 0;
}

static cnn_status find_tensor(const cnn_layer *layer, int32_t index,
                              cnn_tensor *found)
{
    if (index < 0 || index >= layer->tensor_count)
        return cnn__fail(CNN_EINVAL,
                         "layer_tensor: tensor %d, but the %s layer has %d",
                         index, layer->ops->kind, layer->tensor_count);
    const cnn__tensor *t = &layer->tensors[index];
    float *data = cnn__tensor_data(layer, index);
    float *grad =
        t->fixed ? NULL : layer->params.grad + (data - layer->params.value);

    *found = (cnn_tensor){.rank = t->rank,
                          .dims = {1, 1, 1, 1},
                          .name = t->name,
                          .data = data,
                          .grad = grad};
    memcpy(found->dims, t->dims, (size_t)t->rank * sizeof(t->dims[0]));
    return CNN_OK;
}

cnn_status cnn_layer_tensor(cnn_layer *layer, int32_t index, cnn_tensor *tensor)
{
    cnn_tensor found;

    CNN__TRY(cnn__layer_check_built(layer, tensor));
    CNN__TRY(find_tensor(layer, index, &found));
    return cnn__result_write(tensor, &found, sizeof(found),
                             CNN__SIZE_UP_TO(cnn_tensor, grad), "layer_tensor");
}

cnn_status cnn_layer_const_tensor(const cnn_layer *layer, int32_t index,
                                  cnn_const_tensor *tensor)
{
    cnn_tensor t = {0};

    CNN__TRY(cnn__layer_check_built(layer, tensor));
    CNN__TRY(find_tensor(layer, index, &t));
    cnn_const_tensor found = {
        .rank = t.rank, .name = t.name, .data = t.data, .grad = t.grad};
    memcpy(found.dims, t.dims, sizeof(t.dims));
    return cnn__result_write(tensor, &found, sizeof(found),
                             CNN__SIZE_UP_TO(cnn_const_tensor, grad),
                             "layer_const_tensor");
}

/* ---------------------------------------------------------- settings --- */

int32_t cnn_layer_setting_count(const cnn_layer *layer)
{
    return layer != NULL ? layer->ops->field_count : 0;
}

const char *cnn_layer_setting_name(const cnn_layer *layer, int32_t index)
{
    return index >= 0 && index < cnn_layer_setting_count(layer)
               ? layer->ops->fields[index].name
               : NULL;
}

static double read_field(const cnn_layer *layer, const cnn__field *field)
{
    const char *at = (const char *)layer + field->offset;
    int32_t integer;
    float real;

    memcpy(&integer, at, sizeof(integer));
    memcpy(&real, at, sizeof(real));
    return field->type == CNN__FLOAT ? (double)real : (double)integer;
}

/* With the names that there are. */
static cnn_status fail_unknown(const cnn_layer *layer, const char *name)
{
    char list[320] = "none";

    size_t used = 0;

    for (int32_t i = 0; i < layer->ops->field_count && used < sizeof(list); i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
                                 i > 0 ? ", " : "", layer->ops->fields[i].name);
    return cnn__fail(CNN_EINVAL,
                     "layer_setting: a %s layer has no setting %.64s, it has "
                     "%s",
                     layer->ops->kind, name, list);
}

cnn_status cnn_layer_setting(const cnn_layer *layer, const char *name,
                             double *value)
{
    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, "layer_setting");
    if (name == NULL || value == NULL)
        return cnn__fail(CNN_EINVAL, "layer_setting: %s is NULL",
                         name == NULL ? "name" : "value");
    for (int32_t i = 0; i < layer->ops->field_count; i++)
        if (strcmp(layer->ops->fields[i].name, name) == 0) {
            *value = read_field(layer, &layer->ops->fields[i]);
            return CNN_OK;
        }
    return fail_unknown(layer, name);
}
