/* Transposed convolution: the adjoint of the convolution that makes x (N, C, H,
 * W) of y (N, F, OH, OW), with C filters over F channels. Its algorithm
 * computes all passes, x and dx being its outputs:
 *
 *     forward   y = its dx of x, which starts from the biases
 *     backward  dx = it of dy;  dW += its dW of dy and x;  db += sum of dy */
#include "layers/conv2d/conv2d_layer.h"
#include "layers/kinds.h"
#include "layers/partials.h"
#include "math/sum.h"

static cnn_status check_output_padding(const cnn__conv_layer *c)
{
    const cnn_conv2d_transpose_options *o = &c->o.transpose;
    const int32_t h = o->output_padding_h, w = o->output_padding_w;

    if (h < 0 || w < 0 || h >= o->stride_h || w >= o->stride_w)
        return cnn__fail(CNN_EINVAL,
                         "output padding %dx%d, expected at least 0 and less "
                         "than the stride %dx%d",
                         h, w, o->stride_h, o->stride_w);
    if ((h | w) != 0 &&
        (o->padding == CNN_PAD_SAME || o->padding == CNN_PAD_SAME_LOWER))
        return cnn__fail(CNN_EINVAL,
                         "output padding %dx%d with SAME padding, expected "
                         "VALID or EXPLICIT",
                         h, w);
    return CNN_OK;
}

static cnn_status check(cnn_layer *layer)
{
    CNN__TRY(cnn__conv_check(layer));
    return check_output_padding((const cnn__conv_layer *)layer);
}

static int32_t ceiling(int32_t a, int32_t b)
{
    return (int32_t)cnn__chunks(a, b);
}

/* Fan-in: the most inputs that reach an output; fan-out: the outputs that an
 * input reaches. */
static void add_tensors(cnn__conv_layer *c)
{
    const cnn_conv2d_transpose_options *o = &c->o.transpose;
    const int32_t C = c->base.in.c, F = c->filters / o->groups;
    const int32_t KH = c->kernel_h, KW = c->kernel_w;

    cnn__add_tensor(&c->base, &(cnn__tensor){
                                  .name = "weight",
                                  .rank = 4,
                                  .dims = {C, F, KH, KW},
                                  .initial = {o->weight_init, o->weight_scale,
                                              (double)C / o->groups *
                                                  ceiling(KH, o->stride_h) *
                                                  ceiling(KW, o->stride_w),
                                              (double)F * KH * KW},
                              });
    if (cnn__conv_is_biased(c))
        cnn__add_biases(&c->base, c->filters, o->bias_init, o->bias_scale);
}

static cnn_status shape(cnn_layer *layer)
{
    cnn__conv_layer *c = (cnn__conv_layer *)layer;
    const cnn_conv2d_transpose_options *o = &c->o.transpose;
    const cnn__sliding s = cnn__conv_sliding(c);
    cnn__window window;

    CNN__TRY(cnn__conv_check_channels(c));
    CNN__TRY(cnn__window_transpose(&window, &s, &layer->in, o->output_padding_h,
                                   o->output_padding_w));
    layer->out = (cnn_shape){c->filters, window.h.in, window.w.in};
    CNN__TRY(cnn__check_sample(&layer->out, "output"));
    const cnn__conv_connections with = {
        .filters = layer->in.c, .channels = c->filters, .groups = o->groups};
    CNN__TRY(cnn__conv_settle(c, &window, &with));
    add_tensors(c);
    return CNN_OK;
}

/* The sums of dy use the memory of the algorithm after it. */
static void sizes(const cnn_layer *layer, int32_t batch, cnn__workspace *need)
{
    const size_t sums = cnn__partials_floats(batch, (size_t)layer->out.c);

    cnn__conv_sizes(layer, batch, need);
    need->shared = sums > need->shared ? sums : need->shared;
}

/* ------------------------------------------------------------ passes --- */

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    const cnn__conv_choice *c = &((const cnn__conv_layer *)layer)->choice;
    cnn__conv_pass pass = cnn__conv_pass_of(layer, run);

    pass.dy = x;
    pass.dx = y;
    pass.dx_biases = cnn__conv_biases(layer, layer->params.value);
    c->algorithm->backward(c->plan, &pass);
}

/* What the sums of dy are of. */
typedef struct slopes {
    const cnn_layer *layer;
    const float *dy;
} slopes;

static void add_slopes(void *data, const cnn__partial *p)
{
    const slopes *s = data;
    const cnn_shape *out = &s->layer->out;
    const size_t F = (size_t)out->c, P = (size_t)out->h * (size_t)out->w;

    for (int64_t n = p->first; n < p->end; n++)
        for (size_t f = 0; f < F; f++)
            p->sum[f] += cnn__sum(s->dy + ((size_t)n * F + f) * P, P);
}

static void backward_biases(const cnn_layer *layer, const cnn__run *run,
                            const float *dy, float *db)
{
    slopes s = {layer, dy};
    const size_t F = (size_t)layer->out.c;
    const cnn__partials partials = {.chunks = run->batch,
                                    .floats = F,
                                    .sums = run->shared,
                                    .add = add_slopes,
                                    .data = &s};

    cnn__sum_partials(
        &partials, cnn__worth(run->workers, (size_t)run->batch *
                                                cnn__shape_size(&layer->out)));
    cnn__add(db, partials.sums, F);
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    const cnn__conv_choice *c = &((const cnn__conv_layer *)layer)->choice;
    cnn__conv_pass pass = cnn__conv_pass_of(layer, run);
    float *db = cnn__conv_biases(layer, layer->params.grad);

    (void)y;
    pass.x = dy;
    pass.y = dx;
    if (dx != NULL)
        c->algorithm->forward(c->plan, &pass);
    pass.dy = x;
    pass.dW = layer->params.grad;
    c->algorithm->backward(c->plan, &pass);
    if (db != NULL)
        backward_biases(layer, run, dy, db);
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    const cnn__conv_layer *c = (const cnn__conv_layer *)layer;
    const int64_t biases =
        cnn__conv_is_biased(c) ? (int64_t)cnn__shape_size(&layer->out) : 0;

    costs->multiply_adds = c->geometry.pixels * (int64_t)c->geometry.weights;
    costs->connections = costs->multiply_adds + biases;
}

const cnn__layer_ops cnn__conv2d_transpose_ops = {
    .kind = "conv2d_transpose",
    .size = sizeof(cnn__conv_layer),
    .options = offsetof(cnn__conv_layer, o),
    .options_size = sizeof(cnn_conv2d_transpose_options),
    .traits = CNN__NEEDS_X,
    .field_count = CNN__CONV_TRANSPOSE_FIELDS,
    .fields = cnn__conv_fields,
    .check = check,
    .shape = shape,
    .sizes = sizes,
    .forward = forward,
    .backward = backward,
    .costs = add_costs,
    .release = cnn__conv_release,
};

cnn_layer *
cnn_conv2d_transpose_create(int32_t filters, int32_t kernel_h, int32_t kernel_w,
                            const cnn_conv2d_transpose_options *options)
{
    return cnn__conv_create(&cnn__conv2d_transpose_ops, filters, kernel_h,
                            kernel_w, options);
}
