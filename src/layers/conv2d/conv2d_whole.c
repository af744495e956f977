/* Kernels as large as the image. The one output of a filter looks at the whole
 * image: a dense layer, computed by the same code, to the bit. */
#include "layers/conv2d/conv2d_algorithms.h"
#include "layers/conv2d/conv2d_gradients.h"
#include "math/affine.h"

/* Does the one output look at each input once? */
static bool is_whole(const cnn__axis *a)
{
    return a->out == 1 && a->before == 0 && a->kernel == a->in &&
           (a->dilation == 1 || a->kernel == 1);
}

static bool plan(void *nothing, const cnn__conv *conv)
{
    (void)nothing;
    return conv->table == NULL && is_whole(&conv->window.h) &&
           is_whole(&conv->window.w);
}

/* The rows are samples; their groups are those of the convolution. */
static cnn__affine affine(const cnn__conv_pass *pass)
{
    const cnn__conv *conv = pass->conv;

    return (cnn__affine){
        .rows = pass->run->batch,
        .groups = conv->group_count,
        .inputs = conv->most_channels * conv->area,
        .outputs = conv->most_filters,
        .workers = pass->run->workers,
        .W = pass->weights,
        .b = pass->biases,
        .dW = pass->dW,
        .db = pass->db,
        .adds = pass->dx_biases != NULL,
    };
}

static void forward(const void *nothing, const cnn__conv_pass *pass)
{
    const cnn__affine a = affine(pass);

    (void)nothing;
    cnn__affine_forward(&a, pass->x, pass->y);
}

static void backward(const void *nothing, const cnn__conv_pass *pass)
{
    const cnn__affine a = affine(pass);

    (void)nothing;
    if (a.adds)
        cnn__conv_start_dx(pass, 0, a.rows);
    cnn__affine_backward(&a, pass->x, pass->dy, pass->dx);
}

const cnn__conv_algorithm cnn__conv_whole = {
    .name = "im2col", /* the same products, with x as the columns */
    .asked_as = CNN_ALGORITHM_IM2COL,
    .demands = "kernels as large as the image",
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
