/* Convolution by Winograd's method: stride 1, no dilation, no groups, no table,
 * kernels of 3 x 3 and 5 x 5. */
#ifndef CNN_LAYERS_CONV2D_WINOGRAD_H
#define CNN_LAYERS_CONV2D_WINOGRAD_H

#include "layers/conv2d_tile.h"
#include "layers/conv2d_winograd_plan.h"

/* y of the batch. */
void cnn__winograd_forward(const cnn__conv_winograd *plan,
                           const cnn__conv_pass *pass);

/* dx of the batch; adds to dW and db (NULL: no biases). */
void cnn__winograd_backward(const cnn__conv_winograd *plan,
                            const cnn__conv_pass *pass, float *dW, float *db);

#endif
