/* The same elements in another shape. A net writes nothing for it, but where
 * the layer before needs its own output. */
#include <string.h>

#include "cnn/shapes.h"
#include "layers/kinds.h"

typedef struct reshape {
    cnn_layer base;
    cnn_shape to; /* -1 in one place: what the other two leave */
} reshape;

static const cnn__field fields[] = {
    {"c", CNN__INT, offsetof(reshape, to.c)},
    {"h", CNN__INT, offsetof(reshape, to.h)},
    {"w", CNN__INT, offsetof(reshape, to.w)},
};

static cnn_status check(cnn_layer *layer)
{
    const cnn_shape *to = &((const reshape *)layer)->to;
    const int open = (to->c == -1) + (to->h == -1) + (to->w == -1);
    const int given = (to->c > 0) + (to->h > 0) + (to->w > 0);

    if (open > 1 || open + given != 3)
        return cnn__fail(CNN_EINVAL,
                         "shape %dx%dx%d, expected at least 1x1x1, or one -1",
                         to->c, to->h, to->w);
    return CNN_OK;
}

/* Settles the size that is open, if any. */
static cnn_status settle(cnn_shape *to, const cnn_shape *in)
{
    int32_t *const sizes[] = {&to->c, &to->h, &to->w};
    int32_t *open = NULL;
    size_t others = 1;

    for (int i = 0; i < 3; i++)
        if (*sizes[i] == -1)
            open = sizes[i];
        else
            others = cnn__size_mul(others, (size_t)*sizes[i]);
    if (open == NULL)
        return CNN_OK;
    if (cnn__shape_size(in) % others != 0)
        return cnn__fail(CNN_ESHAPE,
                         "%dx%dx%d: the input %dx%dx%d has %zu elements, no "
                         "multiple of %zu",
                         to->c, to->h, to->w, in->c, in->h, in->w,
                         cnn__shape_size(in), others);
    *open = (int32_t)(cnn__shape_size(in) / others);
    return CNN_OK;
}

static cnn_status shape(cnn_layer *layer)
{
    const cnn_shape *in = &layer->in;
    cnn_shape to = ((const reshape *)layer)->to;

    CNN__TRY(settle(&to, in));
    if (cnn__shape_size(in) != cnn__shape_size(&to))
        return cnn__fail(CNN_ESHAPE,
                         "%dx%dx%d has %zu elements, the input %dx%dx%d has "
                         "%zu",
                         to.c, to.h, to.w, cnn__shape_size(&to), in->c, in->h,
                         in->w, cnn__shape_size(in));
    layer->out = to;
    return CNN_OK;
}

static void copy(const cnn_layer *layer, const cnn__run *run, const float *from,
                 float *to)
{
    if (to != from)
        memcpy(to, from,
               (size_t)run->batch * cnn__shape_size(&layer->in) *
                   sizeof(float));
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    (void)x;
    (void)y;
    if (dx != NULL)
        copy(layer, run, dy, dx);
}

const cnn__layer_ops cnn__reshape_ops = {
    .kind = "reshape",
    .size = sizeof(reshape),
    .traits = CNN__IN_PLACE,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .shape = shape,
    .forward = copy,
    .backward = backward,
};

cnn_layer *cnn_reshape_create(const cnn_shape *shape)
{
    if (shape == NULL) {
        cnn__fail(CNN_EINVAL, "reshape: shape is NULL");
        return cnn__lost(CNN__LAYER);
    }
    reshape *r = (reshape *)cnn__layer_new(&cnn__reshape_ops, NULL);
    if (r == NULL)
        return NULL;
    r->to = *shape;
    return cnn__layer_checked(&r->base);
}
