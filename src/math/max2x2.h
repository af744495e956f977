/* Max pooling by 2 x 2, the one that nearly every network has. */
#ifndef CNN_MATH_MAX2X2_H
#define CNN_MATH_MAX2X2_H

#include <stddef.h>
#include <stdint.h>

/* y (OH, OW) = the largest of each 2 x 2 of x (2 OH, 2 OW); NaN if there is
 * one. */
void cnn__max2x2(const float *x, size_t OH, size_t OW, float *y);

/* dx (2 OH, 2 OW) = dy where the first largest (or first NaN) of the 2 x 2 is,
 * zero elsewhere; y is what cnn__max2x2() gave. */
void cnn__max2x2_back(const float *x, size_t OH, size_t OW, const float *y,
                      const float *dy, float *dx);

/* The same two by bytes instead of x and y: `picked` (OH, OW) says which of the
 * 2 x 2 it was, 0 to 3 row by row. */
void cnn__max2x2_pick(const float *x, size_t OH, size_t OW, float *y,
                      uint8_t *picked);
void cnn__max2x2_put(const uint8_t *picked, size_t OH, size_t OW,
                     const float *dy, float *dx);

#endif
