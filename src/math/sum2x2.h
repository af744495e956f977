/* Sums over windows of 2 x 2, for sub-sampling and average pooling. */
#ifndef CNN_MATH_SUM2X2_H
#define CNN_MATH_SUM2X2_H

#include <stddef.h>

/* y (OH, OW) = weight s + bias, with s the sum of each 2 x 2 window of x (2 OH,
 * 2 OW). The order, row by row from the left, is that of all other windows. */
void cnn__sum2x2(const float *x, size_t OH, size_t OW, float weight, float bias,
                 float *y);

/* dx (2 OH, 2 OW) = weight dy, for all four elements of a window. */
void cnn__spread2x2(float weight, const float *dy, size_t OH, size_t OW,
                    float *dx);

#endif
