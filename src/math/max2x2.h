/* Max pooling by 2 x 2, the most common pooling. */
#ifndef CNN_MATH_MAX2X2_H
#define CNN_MATH_MAX2X2_H

#include <stddef.h>
#include <stdint.h>

/* y (OH, OW) = the largest of each 2 x 2 window of x (2 OH, 2 OW); NaN if it
 * has one. `argmax` (OH, OW) receives the index of that element, 0 to 3 row by
 * row; or NULL. */
void cnn__max2x2(const float *x, size_t OH, size_t OW, float *y,
                 uint8_t *argmax);

/* Where the largest elements are: `argmax`, or if that is NULL, x and y. */
typedef struct cnn__max2x2_winners {
    const float *x, *y;
    const uint8_t *argmax;
} cnn__max2x2_winners;

/* dx (2 OH, 2 OW) = dy at the first largest element, or first NaN, of each
 * window, zero elsewhere. */
void cnn__max2x2_back(const cnn__max2x2_winners *winners, size_t OH, size_t OW,
                      const float *dy, float *dx);

#endif
