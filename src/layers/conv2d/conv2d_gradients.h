/* Gradients that an algorithm has summed up, into those of the layer. */
#ifndef CNN_LAYERS_CONV2D_GRADIENTS_H
#define CNN_LAYERS_CONV2D_GRADIENTS_H

#include "layers/conv2d/conv2d_algorithm.h"

/* Adds a sum of conv->params floats to dW and db. `turned`: each group of its
 * weights is transposed, (K, filters). */
void cnn__conv_add_sum(const cnn__conv_pass *pass, const float *sum,
                       bool turned);

#endif
