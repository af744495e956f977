/* 2-D convolution as a kind of layer. One of the algorithms in
 * conv2d_algorithms.c computes it. */
#include <string.h>

#include "cnn/inspect.h"
#include "layers/conv2d/conv2d_layer.h"
#include "layers/kinds.h"

typedef struct conv2d {
    cnn__conv_layer conv;
    int32_t table_channels;
    uint8_t *table; /* (filters, table_channels), or NULL */
} conv2d;

/* ------------------------------------------------------------- shape --- */

static cnn__conv_connections connections(const conv2d *c)
{
    return (cnn__conv_connections){.filters = c->conv.filters,
                                   .channels = c->conv.base.in.c,
                                   .groups = c->conv.o.plain.groups,
                                   .biased = cnn__conv_is_biased(&c->conv),
                                   .table = c->table};
}

static cnn_status check_channels(const conv2d *c)
{
    if (c->table != NULL && c->conv.base.in.c != c->table_channels)
        return cnn__fail(CNN_ESHAPE,
                         "the connection table is for %d channels, the input "
                         "has %d",
                         c->table_channels, c->conv.base.in.c);
    return cnn__conv_check_channels(&c->conv);
}

static void add_tensors(conv2d *c, int32_t kernels)
{
    const cnn_conv2d_options *o = &c->conv.o.plain;
    const int32_t F = c->conv.filters;
    const int32_t KH = c->conv.kernel_h, KW = c->conv.kernel_w;
    const double area = (double)KH * (double)KW;
    cnn__tensor weight = {
        .name = "weight",
        .rank = 4,
        .dims = {F, kernels / F, KH, KW},
        .initial = {o->weight_init, o->weight_scale,
                    (double)kernels / (double)F * area, (double)F * area},
    };

    /* A table has only the kernels that are connected, one after the other. */
    if (c->table != NULL) {
        weight.rank = 3;
        memcpy(weight.dims, (int32_t[]){kernels, KH, KW}, 3 * sizeof(int32_t));
    }
    cnn__add_tensor(&c->conv.base, &weight);
    if (cnn__conv_is_biased(&c->conv))
        cnn__add_biases(&c->conv.base, F, o->bias_init, o->bias_scale);
}

static cnn_status shape(cnn_layer *layer)
{
    conv2d *c = (conv2d *)layer;
    const cnn__sliding s = cnn__conv_sliding(&c->conv);
    cnn__window window;

    CNN__TRY(check_channels(c));
    CNN__TRY(cnn__window_fit(&window, &s, &layer->in, "kernel"));
    const cnn__conv_connections with = connections(c);
    CNN__TRY(cnn__conv_settle(&c->conv, &window, &with));
    layer->out = (cnn_shape){c->conv.filters, window.h.out, window.w.out};
    add_tensors(c, (int32_t)cnn__conv_kernels(&with));
    return CNN_OK;
}

static int32_t grain(const cnn_layer *layer, int32_t batch)
{
    const cnn__conv_choice *c = &((const cnn__conv_layer *)layer)->choice;

    return c->algorithm->grain != NULL ? c->algorithm->grain(c->plan, batch)
                                       : 0;
}

/* ------------------------------------------------------------ passes --- */

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    const cnn__conv_choice *c = &((const cnn__conv_layer *)layer)->choice;
    cnn__conv_pass pass = cnn__conv_pass_of(layer, run);

    pass.biases = cnn__conv_biases(layer, layer->params.value);
    pass.x = x;
    pass.y = y;
    c->algorithm->forward(c->plan, &pass);
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    const cnn__conv_choice *c = &((const cnn__conv_layer *)layer)->choice;
    cnn__conv_pass pass = cnn__conv_pass_of(layer, run);

    (void)y;
    pass.x = x;
    pass.dy = dy;
    pass.dx = dx;
    pass.dW = layer->params.grad;
    pass.db = cnn__conv_biases(layer, pass.dW);
    c->algorithm->backward(c->plan, &pass);
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    const conv2d *c = (const conv2d *)layer;
    const int64_t pixels = c->conv.geometry.pixels;

    costs->multiply_adds = pixels * (int64_t)c->conv.geometry.weights;
    costs->connections = pixels * (int64_t)layer->params.count;
}

/* ----------------------------------------------------- table, create --- */

static void release(cnn_layer *layer)
{
    cnn__free(((conv2d *)layer)->table);
    cnn__conv_release(layer);
}

static const uint8_t *get_table(const cnn_layer *layer, int32_t *rows,
                                int32_t *columns)
{
    const conv2d *c = (const conv2d *)layer;

    *rows = c->conv.filters;
    *columns = c->table_channels;
    return c->table;
}

static cnn_status set_table(cnn_layer *layer, int32_t filters, int32_t channels,
                            const uint8_t *table)
{
    conv2d *c = (conv2d *)layer;
    const cnn__conv_connections with = {
        .filters = filters, .channels = channels, .groups = 1, .table = table};

    if (filters != c->conv.filters || channels < 1)
        return cnn__fail(CNN_EINVAL,
                         "a table of %d filters x %d channels for a layer of "
                         "%d filters",
                         filters, channels, c->conv.filters);
    if (c->conv.o.plain.groups > 1)
        return cnn__fail(CNN_EINVAL, "a table for a layer with %d groups",
                         c->conv.o.plain.groups);
    CNN__TRY(cnn__conv_check_table(&with));
    const size_t size = (size_t)filters * (size_t)channels;
    uint8_t *copy = cnn__alloc(size);
    if (copy == NULL)
        return cnn_last_status();
    memcpy(copy, table, size);
    cnn__free(c->table);
    c->table = copy;
    c->table_channels = channels;
    return CNN_OK;
}

static const cnn__head_ops head_ops = {grain};
static const cnn__table_ops table_ops = {get_table, set_table};

const cnn__layer_ops cnn__conv2d_ops = {
    .kind = "conv2d",
    .size = sizeof(conv2d),
    .options = offsetof(conv2d, conv.o),
    .options_size = sizeof(cnn_conv2d_options),
    .traits = CNN__NEEDS_X | CNN__BY_ROWS,
    .field_count = CNN__CONV_FIELDS,
    .fields = cnn__conv_fields,
    .check = cnn__conv_check,
    .shape = shape,
    .sizes = cnn__conv_sizes,
    .forward = forward,
    .backward = backward,
    .costs = add_costs,
    .release = release,
    .head = &head_ops,
    .table = &table_ops,
};

cnn_layer *cnn_conv2d_create(int32_t filters, int32_t kernel_h,
                             int32_t kernel_w,
                             const cnn_conv2d_options *options)
{
    return cnn__conv_create(&cnn__conv2d_ops, filters, kernel_h, kernel_w,
                            options);
}

cnn_status cnn_conv2d_set_table(cnn_layer *layer, int32_t filters,
                                int32_t channels, const uint8_t *table)
{
    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, "conv2d_set_table");
    if (table == NULL)
        return cnn__fail(CNN_EINVAL, "conv2d_set_table: table is NULL");
    if (layer->ops != &cnn__conv2d_ops)
        return cnn__fail(CNN_EINVAL,
                         "conv2d_set_table: the layer is no conv2d but %s",
                         layer->ops->kind);
    if (layer->built)
        return cnn__fail(CNN_ESTATE, "conv2d_set_table: the layer is built");
    return set_table(layer, filters, channels, table);
}

const uint8_t *cnn_conv2d_table(const cnn_layer *layer, int32_t *filters,
                                int32_t *channels)
{
    const bool has = layer != NULL && layer->ops == &cnn__conv2d_ops &&
                     ((const conv2d *)layer)->table != NULL;
    int32_t rows = 0, columns = 0;
    const uint8_t *table = has ? get_table(layer, &rows, &columns) : NULL;

    if (filters != NULL)
        *filters = rows;
    if (channels != NULL)
        *channels = columns;
    return table;
}
