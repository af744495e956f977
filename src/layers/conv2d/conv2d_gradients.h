/* What gradients start from, and where those go that an algorithm has summed
 * up. */
#ifndef CNN_LAYERS_CONV2D_GRADIENTS_H
#define CNN_LAYERS_CONV2D_GRADIENTS_H

#include "layers/conv2d/conv2d_algorithm.h"

/* Sets dx of `count` samples to what it starts from: zero, or biases. */
void cnn__conv_start_dx(const cnn__conv_pass *pass, int32_t first,
                        int32_t count);

/* Floats of the sums of a pass; 0 if no dW is wanted. */
static inline size_t cnn__conv_sum_floats(const cnn__conv_pass *pass)
{
    return pass->dW != NULL ? pass->conv->params : 0;
}

/* dw (F, K) += the transpose of `from` (K, lanes). */
void cnn__conv_add_turned(float *dw, const float *from, size_t F, size_t K,
                          size_t lanes);

/* Adds a sum of conv->params floats to dW and db, if these are wanted.
 * `turned`: each group of its weights is transposed, (K, filters). */
void cnn__conv_add_sum(const cnn__conv_pass *pass, const float *sum,
                       bool turned);

#endif
