/* Convolution by im2col and sgemm, the general way, for a batch. */
#ifndef CNN_LAYERS_CONV2D_IM2COL_H
#define CNN_LAYERS_CONV2D_IM2COL_H

#include "layers/conv2d_tile.h"

/* What passes of up to `batch` samples need, with so many parameters. */
void cnn__im2col_sizes(const cnn__conv *conv, int32_t batch, size_t params,
                       cnn__workspace *need);

/* y of the batch. */
void cnn__im2col_forward(const cnn__conv_pass *pass);

/* dx of the batch; adds to dW and db (NULL: no biases). */
void cnn__im2col_backward(const cnn__conv_pass *pass, float *dW, float *db);

#endif
