#include "layers/conv2d/conv2d_layer.h"

_Static_assert(offsetof(cnn_conv2d_options, algorithm) ==
                   offsetof(cnn_conv2d_transpose_options, algorithm),
               "both options begin with the same fields");

#define PLAIN(field)     offsetof(cnn__conv_layer, o.plain.field)
#define TRANSPOSE(field) offsetof(cnn__conv_layer, o.transpose.field)

const cnn__field cnn__conv_fields[CNN__CONV_TRANSPOSE_FIELDS] = {
    {"filters", CNN__INT, offsetof(cnn__conv_layer, filters)},
    {"kernel_h", CNN__INT, offsetof(cnn__conv_layer, kernel_h)},
    {"kernel_w", CNN__INT, offsetof(cnn__conv_layer, kernel_w)},
    {"flags", CNN__INT, PLAIN(flags)},
    {"stride_h", CNN__INT, PLAIN(stride_h)},
    {"stride_w", CNN__INT, PLAIN(stride_w)},
    {"dilation_h", CNN__INT, PLAIN(dilation_h)},
    {"dilation_w", CNN__INT, PLAIN(dilation_w)},
    {"groups", CNN__INT, PLAIN(groups)},
    {"padding", CNN__INT, PLAIN(padding)},
    {"pad_top", CNN__INT, PLAIN(pad_top)},
    {"pad_bottom", CNN__INT, PLAIN(pad_bottom)},
    {"pad_left", CNN__INT, PLAIN(pad_left)},
    {"pad_right", CNN__INT, PLAIN(pad_right)},
    {"weight_init", CNN__INT, PLAIN(weight_init)},
    {"weight_scale", CNN__FLOAT, PLAIN(weight_scale)},
    {"bias_init", CNN__INT, PLAIN(bias_init)},
    {"bias_scale", CNN__FLOAT, PLAIN(bias_scale)},
    {"algorithm", CNN__UNSTORED, PLAIN(algorithm)},
    /* Of conv2d_transpose alone. */
    {"output_padding_h", CNN__INT, TRANSPOSE(output_padding_h)},
    {"output_padding_w", CNN__INT, TRANSPOSE(output_padding_w)},
};

cnn__sliding cnn__conv_sliding(const cnn__conv_layer *c)
{
    const cnn_conv2d_options *o = &c->o.plain;

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

static cnn__initial weight_initial(const cnn__conv_layer *c)
{
    return (cnn__initial){c->o.plain.weight_init, c->o.plain.weight_scale, 0,
                          0};
}

static cnn__initial bias_initial(const cnn__conv_layer *c)
{
    return (cnn__initial){c->o.plain.bias_init, c->o.plain.bias_scale, 0, 0};
}

cnn_status cnn__conv_check(cnn_layer *layer)
{
    cnn__conv_layer *c = (cnn__conv_layer *)layer;
    cnn_conv2d_options *o = &c->o.plain;

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
    const cnn__sliding s = cnn__conv_sliding(c);
    CNN__TRY(cnn__window_check(&s, "kernel"));
    const cnn__initial weight = weight_initial(c), bias = bias_initial(c);
    return cnn__check_weights(o->flags, &weight, &bias);
}

cnn_status cnn__conv_check_channels(const cnn__conv_layer *c)
{
    if (c->base.in.c % c->o.plain.groups != 0)
        return cnn__fail(CNN_ESHAPE, "%d channels cannot be cut into %d groups",
                         c->base.in.c, c->o.plain.groups);
    return CNN_OK;
}

cnn_status cnn__conv_settle(cnn__conv_layer *c, const cnn__window *window,
                            const cnn__conv_connections *with)
{
    const size_t kernels = cnn__conv_kernels(with);

    if (kernels > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%zu kernels", kernels);
    CNN__TRY(
        cnn__conv_geometry(&c->geometry, window, with, &c->geometry_memory));
    return cnn__conv_choose(&c->choice, &c->geometry, c->o.plain.algorithm);
}

void cnn__conv_sizes(const cnn_layer *layer, int32_t batch,
                     cnn__workspace *need)
{
    const cnn__conv_layer *c = (const cnn__conv_layer *)layer;
    const cnn__conv_algorithm *a = c->choice.algorithm;

    if (a->sizes != NULL)
        a->sizes(c->choice.plan, &c->geometry, batch, need);
}

float *cnn__conv_biases(const cnn_layer *layer, float *block)
{
    const size_t filters = (size_t)((const cnn__conv_layer *)layer)->filters;

    return layer->tensor_count > 1 ? block + (layer->params.count - filters)
                                   : NULL;
}

cnn__conv_pass cnn__conv_pass_of(const cnn_layer *layer, const cnn__run *run)
{
    return (cnn__conv_pass){.conv = &((const cnn__conv_layer *)layer)->geometry,
                            .run = run,
                            .weights = layer->params.value};
}

void cnn__conv_release(cnn_layer *layer)
{
    cnn__conv_layer *c = (cnn__conv_layer *)layer;

    cnn__free(c->choice.plan);
    cnn__free(c->geometry_memory);
}

cnn_layer *cnn__conv_create(const cnn__layer_ops *ops, int32_t filters,
                            int32_t kernel_h, int32_t kernel_w,
                            const void *options)
{
    cnn__conv_layer *c = (cnn__conv_layer *)cnn__layer_new(ops, options);

    if (c == NULL)
        return NULL;
    c->filters = filters;
    c->kernel_h = kernel_h;
    c->kernel_w = kernel_w;
    const cnn__initial weight = weight_initial(c), bias = bias_initial(c);
    return cnn__layer_checked_weights(&c->base, c->o.plain.flags, &weight,
                                      &bias);
}
