/* 2-D convolution as a kind of layer. One of the algorithms in
 * conv2d_algorithms.c computes it. */
#include <string.h>

#include "cnn/inspect.h"
#include "layers/conv2d/conv2d_algorithms.h"
#include "layers/kinds.h"

typedef struct conv2d {
    cnn_layer base;
    int32_t filters, kernel_h, kernel_w;
    cnn_conv2d_options o;
    int32_t table_channels;
    uint8_t *table; /* (filters, table_channels), or NULL */
    cnn__conv geometry;
    void *geometry_memory; /* the lists of a connection table */
    cnn__conv_choice choice;
} conv2d;

static const cnn__field fields[] = {
    {"filters", CNN__INT, offsetof(conv2d, filters)},
    {"kernel_h", CNN__INT, offsetof(conv2d, kernel_h)},
    {"kernel_w", CNN__INT, offsetof(conv2d, kernel_w)},
    {"flags", CNN__INT, offsetof(conv2d, o.flags)},
    {"stride_h", CNN__INT, offsetof(conv2d, o.stride_h)},
    {"stride_w", CNN__INT, offsetof(conv2d, o.stride_w)},
    {"dilation_h", CNN__INT, offsetof(conv2d, o.dilation_h)},
    {"dilation_w", CNN__INT, offsetof(conv2d, o.dilation_w)},
    {"groups", CNN__INT, offsetof(conv2d, o.groups)},
    {"padding", CNN__INT, offsetof(conv2d, o.padding)},
    {"pad_top", CNN__INT, offsetof(conv2d, o.pad_top)},
    {"pad_bottom", CNN__INT, offsetof(conv2d, o.pad_bottom)},
    {"pad_left", CNN__INT, offsetof(conv2d, o.pad_left)},
    {"pad_right", CNN__INT, offsetof(conv2d, o.pad_right)},
    {"weight_init", CNN__INT, offsetof(conv2d, o.weight_init)},
    {"weight_scale", CNN__FLOAT, offsetof(conv2d, o.weight_scale)},
    {"bias_init", CNN__INT, offsetof(conv2d, o.bias_init)},
    {"bias_scale", CNN__FLOAT, offsetof(conv2d, o.bias_scale)},
    {"algorithm", CNN__UNSTORED, offsetof(conv2d, o.algorithm)},
};

static cnn__sliding sliding(const conv2d *c)
{
    const cnn_conv2d_options *o = &c->o;

    return (cnn__sliding){c->kernel_h, c->kernel_w,   o->stride_h,
                          o->stride_w, o->dilation_h, o->dilation_w,
                          o->padding,  o->pad_top,    o->pad_bottom,
                          o->pad_left, o->pad_right};
}

static void default_to_1(int32_t *setting)
{
    if (*setting == 0)
        *setting = 1;
}

static cnn__initial weight_initial(const conv2d *c)
{
    return (cnn__initial){c->o.weight_init, c->o.weight_scale, 0, 0};
}

static cnn__initial bias_initial(const conv2d *c)
{
    return (cnn__initial){c->o.bias_init, c->o.bias_scale, 0, 0};
}

static cnn_status check(cnn_layer *layer)
{
    conv2d *c = (conv2d *)layer;
    cnn_conv2d_options *o = &c->o;

    default_to_1(&o->stride_h);
    default_to_1(&o->stride_w);
    default_to_1(&o->dilation_h);
    default_to_1(&o->dilation_w);
    default_to_1(&o->groups);
    if (c->filters < 1)
        return cnn__fail(CNN_EINVAL, "filters %d, expected at least 1",
                         c->filters);
    if (o->groups < 1 || c->filters % o->groups != 0)
        return cnn__fail(CNN_EINVAL,
                         "groups %d, expected a divisor of the %d filters",
                         o->groups, c->filters);
    CNN__TRY(cnn__conv_check_algorithm(o->algorithm));
    const cnn__sliding s = sliding(c);
    CNN__TRY(cnn__window_check(&s, "kernel"));
    const cnn__initial weight = weight_initial(c), bias = bias_initial(c);
    return cnn__check_weights(o->flags, &weight, &bias);
}

/* ------------------------------------------------------------- shape --- */

static cnn__conv_connections connections(const conv2d *c, int32_t channels)
{
    return (cnn__conv_connections){.filters = c->filters,
                                   .channels = channels,
                                   .groups = c->o.groups,
                                   .biased = (c->o.flags & CNN_NO_BIAS) == 0,
                                   .table = c->table};
}

static cnn_status check_channels(const conv2d *c, int32_t channels)
{
    if (c->table != NULL && channels != c->table_channels)
        return cnn__fail(CNN_ESHAPE,
                         "the connection table is for %d channels, the input "
                         "has %d",
                         c->table_channels, channels);
    if (channels % c->o.groups != 0)
        return cnn__fail(CNN_ESHAPE, "%d channels cannot be cut into %d groups",
                         channels, c->o.groups);
    return CNN_OK;
}

static void add_tensors(conv2d *c, int32_t kernels)
{
    const int32_t F = c->filters, KH = c->kernel_h, KW = c->kernel_w;
    const double area = (double)KH * (double)KW;
    cnn__tensor weight = {
        .name = "weight",
        .rank = 4,
        .dims = {F, kernels / F, KH, KW},
        .initial = {c->o.weight_init, c->o.weight_scale,
                    (double)kernels / (double)F * area, (double)F * area},
    };

    /* A table has only the kernels that are connected, one after the other. */
    if (c->table != NULL) {
        weight.rank = 3;
        memcpy(weight.dims, (int32_t[]){kernels, KH, KW}, 3 * sizeof(int32_t));
    }
    cnn__add_tensor(&c->base, &weight);
    if ((c->o.flags & CNN_NO_BIAS) == 0)
        cnn__add_biases(&c->base, F, c->o.bias_init, c->o.bias_scale);
}

static cnn_status shape(cnn_layer *layer)
{
    conv2d *c = (conv2d *)layer;
    const cnn__sliding s = sliding(c);
    cnn__window window;

    CNN__TRY(check_channels(c, layer->in.c));
    CNN__TRY(cnn__window_fit(&window, &s, &layer->in, "kernel"));
    const cnn__conv_connections with = connections(c, layer->in.c);
    const size_t kernels = cnn__conv_kernels(&with);
    if (kernels > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%zu kernels", kernels);
    CNN__TRY(
        cnn__conv_geometry(&c->geometry, &window, &with, &c->geometry_memory));
    CNN__TRY(cnn__conv_choose(&c->choice, &c->geometry, c->o.algorithm));
    layer->out = (cnn_shape){c->filters, window.h.out, window.w.out};
    add_tensors(c, (int32_t)kernels);
    return CNN_OK;
}

static void sizes(const cnn_layer *layer, int32_t batch, cnn__workspace *need)
{
    const conv2d *c = (const conv2d *)layer;

    const cnn__conv_algorithm *a = c->choice.algorithm;

    if (a->sizes != NULL)
        a->sizes(c->choice.plan, &c->geometry, batch, need);
}

static int32_t grain(const cnn_layer *layer, int32_t batch)
{
    const cnn__conv_choice *c = &((const conv2d *)layer)->choice;

    return c->algorithm->grain != NULL ? c->algorithm->grain(c->plan, batch)
                                       : 0;
}

/* ------------------------------------------------------------ passes --- */

/* The biases in a block of parameters; NULL if there are none. */
static float *biases(const cnn_layer *layer, float *block)
{
    const size_t filters = (size_t)((const conv2d *)layer)->filters;

    return layer->tensor_count > 1 ? block + (layer->params.count - filters)
                                   : NULL;
}

static cnn__conv_pass pass_of(const cnn_layer *layer, const cnn__run *run)
{
    return (cnn__conv_pass){.conv = &((const conv2d *)layer)->geometry,
                            .run = run,
                            .weights = layer->params.value,
                            .biases = biases(layer, layer->params.value)};
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    const cnn__conv_choice *c = &((const conv2d *)layer)->choice;
    cnn__conv_pass pass = pass_of(layer, run);

    pass.x = x;
    pass.y = y;
    c->algorithm->forward(c->plan, &pass);
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    const cnn__conv_choice *c = &((const conv2d *)layer)->choice;
    cnn__conv_pass pass = pass_of(layer, run);

    (void)y;
    pass.x = x;
    pass.dy = dy;
    pass.dx = dx;
    pass.dW = layer->params.grad;
    pass.db = biases(layer, pass.dW);
    c->algorithm->backward(c->plan, &pass);
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    const conv2d *c = (const conv2d *)layer;
    const cnn__conv_connections with = connections(c, layer->in.c);
    const int64_t weights =
        (int64_t)cnn__conv_kernels(&with) * c->geometry.area;
    const int64_t biases = (c->o.flags & CNN_NO_BIAS) != 0 ? 0 : c->filters;

    costs->multiply_adds = c->geometry.pixels * weights;
    costs->connections = c->geometry.pixels * (weights + biases);
}

/* ----------------------------------------------------- table, create --- */

static void release(cnn_layer *layer)
{
    conv2d *c = (conv2d *)layer;

    cnn__free(c->choice.plan);
    cnn__free(c->geometry_memory);
    cnn__free(c->table);
}

static const uint8_t *get_table(const cnn_layer *layer, int32_t *rows,
                                int32_t *columns)
{
    const conv2d *c = (const conv2d *)layer;

    *rows = c->filters;
    *columns = c->table_channels;
    return c->table;
}

static cnn_status set_table(cnn_layer *layer, int32_t filters, int32_t channels,
                            const uint8_t *table)
{
    conv2d *c = (conv2d *)layer;
    const cnn__conv_connections with = {
        .filters = filters, .channels = channels, .groups = 1, .table = table};

    if (filters != c->filters || channels < 1)
        return cnn__fail(CNN_EINVAL,
                         "a table of %d filters x %d channels for a layer of "
                         "%d filters",
                         filters, channels, c->filters);
    if (c->o.groups > 1)
        return cnn__fail(CNN_EINVAL, "a table for a layer with %d groups",
                         c->o.groups);
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
    .options = offsetof(conv2d, o),
    .options_size = sizeof(cnn_conv2d_options),
    .traits = CNN__NEEDS_X,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .shape = shape,
    .sizes = sizes,
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
    conv2d *c = (conv2d *)cnn__layer_new(&cnn__conv2d_ops, options);

    if (c == NULL)
        return NULL;
    c->filters = filters;
    c->kernel_h = kernel_h;
    c->kernel_w = kernel_w;
    const cnn__initial weight = weight_initial(c), bias = bias_initial(c);
    return cnn__layer_checked_weights(&c->base, &weight, &bias);
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
