#include "layers/pool2d_impl.h"

const cnn__field cnn__pool2d_fields[CNN__POOL2D_FIELDS] = {
    {"window_h", CNN__INT, offsetof(cnn__pool2d, window_h)},
    {"window_w", CNN__INT, offsetof(cnn__pool2d, window_w)},
    {"stride_h", CNN__INT, offsetof(cnn__pool2d, o.stride_h)},
    {"stride_w", CNN__INT, offsetof(cnn__pool2d, o.stride_w)},
    {"padding", CNN__INT, offsetof(cnn__pool2d, o.padding)},
    {"pad_top", CNN__INT, offsetof(cnn__pool2d, o.pad_top)},
    {"pad_bottom", CNN__INT, offsetof(cnn__pool2d, o.pad_bottom)},
    {"pad_left", CNN__INT, offsetof(cnn__pool2d, o.pad_left)},
    {"pad_right", CNN__INT, offsetof(cnn__pool2d, o.pad_right)},
    {"count_include_pad", CNN__INT, offsetof(cnn__pool2d, o.count_include_pad)},
};

static cnn__sliding sliding(const cnn__pool2d *p)
{
    const cnn_pool2d_options *o = &p->o;

    return (cnn__sliding){
        p->window_h, p->window_w, o->stride_h,   o->stride_w, 1,           1,
        o->padding,  o->pad_top,  o->pad_bottom, o->pad_left, o->pad_right};
}

cnn_status cnn__pool2d_check(cnn_layer *layer)
{
    cnn__pool2d *p = (cnn__pool2d *)layer;
    cnn_pool2d_options *o = &p->o;

    if (o->stride_h == 0)
        o->stride_h = p->window_h;
    if (o->stride_w == 0)
        o->stride_w = p->window_w;
    const cnn__sliding s = sliding(p);
    CNN__TRY(cnn__window_check(&s, "window"));
    if (o->flags != 0)
        return cnn__fail(CNN_EINVAL, "unknown flags 0x%x, expected 0",
                         (unsigned)o->flags);
    /* With smaller padding no window lies in the padding alone. */
    if (o->pad_top >= p->window_h || o->pad_bottom >= p->window_h ||
        o->pad_left >= p->window_w || o->pad_right >= p->window_w)
        return cnn__fail(CNN_EINVAL,
                         "padding of %d, %d, %d, %d is not smaller than the "
                         "window %dx%d",
                         o->pad_top, o->pad_bottom, o->pad_left, o->pad_right,
                         p->window_h, p->window_w);
    if (o->count_include_pad != 0 && o->count_include_pad != 1)
        return cnn__fail(CNN_EINVAL, "count_include_pad %d, expected 0 or 1",
                         o->count_include_pad);
    return CNN_OK;
}

static bool is_halved(const cnn__axis *a)
{
    return a->kernel == 2 && a->stride == 2 && a->in == 2 * a->out;
}

cnn_status cnn__pool2d_shape(cnn_layer *layer)
{
    cnn__pool2d *p = (cnn__pool2d *)layer;
    const cnn__sliding s = sliding(p);

    CNN__TRY(cnn__window_fit(&p->window, &s, &layer->in, "window"));
    layer->out = (cnn_shape){layer->in.c, p->window.h.out, p->window.w.out};
    p->quarters = is_halved(&p->window.h) && is_halved(&p->window.w);
    return CNN_OK;
}

cnn_status cnn__pool2d_shape_global(cnn_layer *layer)
{
    cnn__pool2d *p = (cnn__pool2d *)layer;

    p->window_h = p->o.stride_h = layer->in.h;
    p->window_w = p->o.stride_w = layer->in.w;
    return cnn__pool2d_shape(layer);
}

cnn_layer *cnn__pool2d_create(const cnn__layer_ops *ops, int32_t window_h,
                              int32_t window_w,
                              const cnn_pool2d_options *options)
{
    cnn__pool2d *p = (cnn__pool2d *)cnn__layer_new(ops, options);

    if (p == NULL)
        return NULL;
    p->window_h = window_h;
    p->window_w = window_w;
    return cnn__layer_checked(&p->base);
}

static void clip(const cnn__axis *a, int32_t o, int32_t *first, int32_t *end)
{
    const int64_t from = (int64_t)o * a->stride - a->before;
    const int64_t to = from + a->kernel;

    *first = from < 0 ? 0 : (int32_t)from;
    *end = to > a->in ? a->in : (int32_t)to;
}

cnn__view cnn__view_at(const cnn__window *w, int32_t i, int32_t j)
{
    cnn__view v;

    clip(&w->h, i, &v.top, &v.bottom);
    clip(&w->w, j, &v.left, &v.right);
    return v;
}

float cnn__view_sum(const cnn__view *v, size_t W, const float *x)
{
    float sum = 0.0f;

    for (int32_t r = v->top; r < v->bottom; r++)
        for (int32_t c = v->left; c < v->right; c++)
            sum += x[(size_t)r * W + (size_t)c];
    return sum;
}

void cnn__view_add(const cnn__view *v, size_t W, float add, float *dx)
{
    for (int32_t r = v->top; r < v->bottom; r++)
        for (int32_t c = v->left; c < v->right; c++)
            dx[(size_t)r * W + (size_t)c] += add;
}
