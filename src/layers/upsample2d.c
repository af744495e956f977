/* Upsampling by whole factors.
 *
 *     nearest   y[i][j] = x[i / factor_h][j / factor_w]
 *     bilinear  y[i][j] = sum over the two rows r and the two columns c around
 *               its place of s_r s_c x[r][c], s_r and s_c the shares below
 *
 * Backward is the adjoint: each dx is the sum of what its pixel gave to. */
#include "cnn/shapes.h"

#include <string.h>

#include "layers/kinds.h"

typedef struct upsample2d {
    cnn_layer base;
    int32_t factor_h, factor_w;
    int32_t mode; /* CNN_UPSAMPLE_NEAREST or CNN_UPSAMPLE_BILINEAR */
} upsample2d;

static const cnn__field fields[] = {
    {"factor_h", CNN__INT, offsetof(upsample2d, factor_h)},
    {"factor_w", CNN__INT, offsetof(upsample2d, factor_w)},
    {"mode", CNN__INT, offsetof(upsample2d, mode)},
};

static cnn_status check(cnn_layer *layer)
{
    const upsample2d *u = (const upsample2d *)layer;

    if (u->factor_h < 1 || u->factor_w < 1)
        return cnn__fail(CNN_EINVAL, "factor %dx%d, expected at least 1x1",
                         u->factor_h, u->factor_w);
    if (u->mode != CNN_UPSAMPLE_NEAREST && u->mode != CNN_UPSAMPLE_BILINEAR)
        return cnn__fail(CNN_EINVAL, "mode %d, expected %d or %d", u->mode,
                         CNN_UPSAMPLE_NEAREST, CNN_UPSAMPLE_BILINEAR);
    return CNN_OK;
}

static cnn_status shape(cnn_layer *layer)
{
    const upsample2d *u = (const upsample2d *)layer;
    const int64_t h = (int64_t)layer->in.h * u->factor_h;
    const int64_t w = (int64_t)layer->in.w * u->factor_w;

    if (h > INT32_MAX || w > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%dx%d times %dx%d is above %d",
                         layer->in.h, layer->in.w, u->factor_h, u->factor_w,
                         INT32_MAX);
    layer->out = (cnn_shape){layer->in.c, (int32_t)h, (int32_t)w};
    return CNN_OK;
}

/* ----------------------------------------------------------- nearest --- */

/* A row of pixels, each repeated, and the sums of what became of them. */
static void repeat(const float *x, int32_t W, int32_t factor, float *y)
{
    for (int32_t c = 0; c < W; c++)
        for (int32_t k = 0; k < factor; k++)
            *y++ = x[c];
}

static void add_repeats(const float *dy, int32_t W, int32_t factor, float *dx)
{
    for (int32_t c = 0; c < W; c++)
        for (int32_t k = 0; k < factor; k++)
            dx[c] += *dy++;
}

/* ---------------------------------------------------------- bilinear --- */

/* Where an output row or column is taken from: share of `high`, the rest of
 * `low`. */
typedef struct place {
    int32_t low, high;
    float share;
} place;

/* Output k of those that stand where input c is. It is
 * (2 k + 1 - factor) / (2 factor) beyond the middle of c. */
static place place_of(int32_t c, int32_t k, int32_t factor, int32_t in)
{
    const int64_t beyond = 2 * (int64_t)k + 1 - factor;
    const int32_t low = beyond < 0 ? c - 1 : c;
    const int64_t from_low = beyond < 0 ? beyond + 2 * (int64_t)factor : beyond;

    if (low < 0 || low == in - 1)
        return (place){c, c, 0.0f};
    return (place){low, low + 1, (float)from_low / (2.0f * (float)factor)};
}

/* A row that is taken from two. */
static void blend(const upsample2d *u, const place *row, const float *x,
                  float *y)
{
    const int32_t W = u->base.in.w;
    const float *above = x + (size_t)row->low * (size_t)W;
    const float *below = x + (size_t)row->high * (size_t)W;
    const float s = row->share;

    for (int32_t c = 0; c < W; c++)
        for (int32_t k = 0; k < u->factor_w; k++) {
            const place p = place_of(c, k, u->factor_w, W);
            const float t = p.share;

            *y++ =
                (1.0f - s) * ((1.0f - t) * above[p.low] + t * above[p.high]) +
                s * ((1.0f - t) * below[p.low] + t * below[p.high]);
        }
}

static void add_blends(const upsample2d *u, const place *row, const float *dy,
                       float *dx)
{
    const int32_t W = u->base.in.w;
    float *above = dx + (size_t)row->low * (size_t)W;
    float *below = dx + (size_t)row->high * (size_t)W;
    const float s = row->share;

    for (int32_t c = 0; c < W; c++)
        for (int32_t k = 0; k < u->factor_w; k++, dy++) {
            const place p = place_of(c, k, u->factor_w, W);
            const float t = p.share;

            above[p.low] += (1.0f - s) * (1.0f - t) * *dy;
            above[p.high] += (1.0f - s) * t * *dy;
            below[p.low] += s * (1.0f - t) * *dy;
            below[p.high] += s * t * *dy;
        }
}

/* ------------------------------------------------------------ passes --- */

/* The rows of all channels of n samples, each with what becomes of it. */
static void forward(const cnn_layer *layer, int32_t n, const float *x, float *y)
{
    const upsample2d *u = (const upsample2d *)layer;
    const size_t W = (size_t)layer->in.w, OW = (size_t)layer->out.w;
    const int32_t H = layer->in.h;

    for (int64_t m = 0; m < (int64_t)n * layer->in.c; m++, x += (size_t)H * W)
        for (int32_t r = 0; r < H; r++)
            for (int32_t k = 0; k < u->factor_h; k++, y += OW) {
                const place row = place_of(r, k, u->factor_h, H);

                if (u->mode == CNN_UPSAMPLE_NEAREST)
                    repeat(x + (size_t)r * W, layer->in.w, u->factor_w, y);
                else
                    blend(u, &row, x, y);
            }
}

static void backward(const cnn_layer *layer, int32_t n, const float *x,
                     const float *y, const float *dy, float *dx)
{
    const upsample2d *u = (const upsample2d *)layer;
    const size_t W = (size_t)layer->in.w, OW = (size_t)layer->out.w;
    const int32_t H = layer->in.h;

    (void)x;
    (void)y;
    memset(dx, 0, (size_t)n * cnn__shape_size(&layer->in) * sizeof(float));
    for (int64_t m = 0; m < (int64_t)n * layer->in.c; m++, dx += (size_t)H * W)
        for (int32_t r = 0; r < H; r++)
            for (int32_t k = 0; k < u->factor_h; k++, dy += OW) {
                const place row = place_of(r, k, u->factor_h, H);

                if (u->mode == CNN_UPSAMPLE_NEAREST)
                    add_repeats(dy, layer->in.w, u->factor_w,
                                dx + (size_t)r * W);
                else
                    add_blends(u, &row, dy, dx);
            }
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    const int64_t size = (int64_t)cnn__shape_size(&layer->out);
    const bool nearest =
        ((const upsample2d *)layer)->mode == CNN_UPSAMPLE_NEAREST;

    costs->connections = nearest ? size : 4 * size;
    costs->multiply_adds = nearest ? 0 : 4 * size;
}

static const cnn__sample_ops samples = {forward, backward};

const cnn__layer_ops cnn__upsample2d_ops = {
    .kind = "upsample2d",
    .size = sizeof(upsample2d),
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .shape = shape,
    .forward = cnn__forward_by_samples,
    .backward = cnn__backward_by_samples,
    .costs = add_costs,
    .samples = &samples,
};

cnn_layer *cnn_upsample2d_create(int32_t factor_h, int32_t factor_w,
                                 int32_t mode)
{
    upsample2d *u = (upsample2d *)cnn__layer_new(&cnn__upsample2d_ops, NULL);

    if (u == NULL)
        return NULL;
    u->factor_h = factor_h;
    u->factor_w = factor_w;
    u->mode = mode;
    return cnn__layer_checked(&u->base);
}
