/* Fully connected: y = W x + b, over a sample read as one vector.
 *
 *     forward   Y (N, U) = X (N, I) W^T + b
 *     backward  dW (U, I) += dY^T X;  db += sum of dY over n;  dX = dY W */
#include "layers/kinds.h"
#include "math/affine.h"

typedef struct dense {
    cnn_layer base;
    int32_t units;
    cnn_dense_options o;
} dense;

static const cnn__field fields[] = {
    {"units", CNN__INT, offsetof(dense, units)},
    {"flags", CNN__INT, offsetof(dense, o.flags)},
    {"weight_init", CNN__INT, offsetof(dense, o.weight_init)},
    {"weight_scale", CNN__FLOAT, offsetof(dense, o.weight_scale)},
    {"bias_init", CNN__INT, offsetof(dense, o.bias_init)},
    {"bias_scale", CNN__FLOAT, offsetof(dense, o.bias_scale)},
};

static cnn__initial weight_initial(const dense *d)
{
    return (cnn__initial){d->o.weight_init, d->o.weight_scale, 0, 0};
}

static cnn__initial bias_initial(const dense *d)
{
    return (cnn__initial){d->o.bias_init, d->o.bias_scale, 0, 0};
}

static cnn_status check(cnn_layer *layer)
{
    const dense *d = (const dense *)layer;
    const cnn__initial weight = weight_initial(d), bias = bias_initial(d);

    if (d->units < 1)
        return cnn__fail(CNN_EINVAL, "units %d, expected at least 1", d->units);
    return cnn__check_weights(d->o.flags, &weight, &bias);
}

static cnn_status shape(cnn_layer *layer)
{
    const dense *d = (const dense *)layer;
    const int32_t I = (int32_t)cnn__shape_size(&layer->in), U = d->units;

    layer->out = (cnn_shape){U, 1, 1};
    cnn__add_tensor(layer, &(cnn__tensor){
                               .name = "weight",
                               .rank = 2,
                               .dims = {U, I},
                               .initial = {d->o.weight_init, d->o.weight_scale,
                                           (double)I, (double)U},
                           });
    if ((d->o.flags & CNN_NO_BIAS) == 0)
        cnn__add_biases(layer, U, d->o.bias_init, d->o.bias_scale);
    return CNN_OK;
}

static cnn__affine affine(const cnn_layer *layer, const cnn__run *run)
{
    const int32_t U = layer->out.c, I = layer->tensors[0].dims[1];
    const size_t weights = (size_t)U * (size_t)I;
    const bool biased = layer->tensor_count > 1;
    const cnn__params *p = &layer->params;

    return (cnn__affine){
        .rows = run->batch,
        .groups = 1,
        .inputs = I,
        .outputs = U,
        .workers = run->workers,
        .W = p->value,
        .b = biased ? p->value + weights : NULL,
        .dW = p->grad,
        .db = biased ? p->grad + weights : NULL,
    };
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    const cnn__affine a = affine(layer, run);

    cnn__affine_forward(&a, x, y);
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    const cnn__affine a = affine(layer, run);

    (void)y;
    cnn__affine_backward(&a, x, dy, dx);
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    const int64_t U = layer->out.c, I = layer->tensors[0].dims[1];

    costs->multiply_adds = U * I;
    costs->connections = (int64_t)layer->params.count;
}

const cnn__layer_ops cnn__dense_ops = {
    .kind = "dense",
    .size = sizeof(dense),
    .options = offsetof(dense, o),
    .options_size = sizeof(cnn_dense_options),
    .traits = CNN__NEEDS_X | CNN__BY_ROWS,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .costs = add_costs,
};

cnn_layer *cnn_dense_create(int32_t units, const cnn_dense_options *options)
{
    dense *d = (dense *)cnn__layer_new(&cnn__dense_ops, options);

    if (d == NULL)
        return NULL;
    d->units = units;
    const cnn__initial weight = weight_initial(d), bias = bias_initial(d);
    return cnn__layer_checked_weights(&d->base, d->o.flags, &weight, &bias);
}
