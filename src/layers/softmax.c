/* Softmax over all elements of a sample.
 *
 *     forward   y_i = exp(x_i) / sum over j of exp(x_j)
 *     backward  dx_i = y_i (dy_i - sum over j of dy_j y_j) */
#include "cnn/net.h"
#include "layers/kinds.h"
#include "math/stable_softmax.h"

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    const size_t K = cnn__shape_size(&layer->in);

    for (int32_t n = 0; n < run->batch; n++)
        cnn__softmax(x + (size_t)n * K, y + (size_t)n * K, K);
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    const size_t K = cnn__shape_size(&layer->in);

    (void)x;
    if (dx == NULL)
        return;
    for (int32_t n = 0; n < run->batch; n++, y += K, dy += K, dx += K) {
        double dot = 0.0;
        for (size_t i = 0; i < K; i++)
            dot += (double)dy[i] * (double)y[i];
        for (size_t i = 0; i < K; i++)
            dx[i] = (float)((double)y[i] * ((double)dy[i] - dot));
    }
}

static int32_t folds_into(const cnn_layer *layer)
{
    (void)layer;
    return CNN_LOSS_SOFTMAX_CROSS_ENTROPY;
}

const cnn__layer_ops cnn__softmax_ops = {
    .kind = "softmax",
    .size = sizeof(cnn_layer),
    .traits = CNN__NEEDS_Y | CNN__IN_PLACE,
    .forward = forward,
    .backward = backward,
    .folds_into = folds_into,
};

cnn_layer *cnn_softmax_create(void)
{
    return cnn__layer_checked(cnn__layer_new(&cnn__softmax_ops, NULL));
}
