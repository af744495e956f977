/* Convolution by its definition (math/direct.h): stride 1, no dilation, kernels
 * of 3 x 3 and 5 x 5, little padding. */
#ifndef CNN_LAYERS_CONV2D_DIRECT_H
#define CNN_LAYERS_CONV2D_DIRECT_H

#include "layers/conv2d_tile.h"
#include "layers/layer_impl.h"
#include "math/direct.h"

/* As planned for a shape. */
typedef struct cnn__conv_direct {
    const cnn__direct_kernels *kernels; /* NULL: it does not fit */
    cnn__framed x, dy;                  /* a sample each */
    int32_t block;   /* samples at a time, going back; by the shape only */
    bool by_filters; /* dW in whole vectors of filters */
} cnn__conv_direct;

static inline size_t cnn__framed_floats(const cnn__framed *f)
{
    return cnn__size_mul3(f->planes, f->rows, f->row);
}

/* Plans for what `conv` is planned for. */
void cnn__direct_plan(cnn__conv_direct *plan, const cnn__conv *conv);

/* Is it faster than im2col? Depends on the shape only. */
bool cnn__direct_pays(const cnn__conv_direct *plan, const cnn__conv *conv);

/* What passes of up to `batch` samples need, with so many parameters. */
void cnn__direct_sizes(const cnn__conv_direct *plan, const cnn__conv *conv,
                       int32_t batch, size_t params, cnn__workspace *need);

/* The most samples of a batch that are done at a time. */
int32_t cnn__direct_block_samples(const cnn__conv_direct *plan, int32_t batch);

/* y of the batch. */
void cnn__direct_forward(const cnn__conv_direct *plan,
                         const cnn__conv_pass *pass);

/* dx of the batch; adds to dW and db (NULL: no biases), which stands behind
 * dW. */
void cnn__direct_backward(const cnn__conv_direct *plan,
                          const cnn__conv_pass *pass, float *dW, float *db);

#endif
