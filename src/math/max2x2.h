/* Max pooling by 2 x 2, the one that nearly every network has. */
#ifndef CNN_MATH_MAX2X2_H
#define CNN_MATH_MAX2X2_H

#include <stddef.h>
#include <stdint.h>

/* y (OH, OW) = the largest of each 2 x 2 of x (2 OH, 2 OW); NaN if there is
 * one. `argmax` (OH, OW), or NULL, is which of the four it was, 0 to 3 row by
 * row. */
void cnn__max2x2(const float *x, size_t OH, size_t OW, float *y,
                 uint8_t *argmax);

/* What tells the winners: `argmax`, or if that is NULL x and y. */
typedef struct cnn__max2x2_winners {
    const float *x, *y;
    const uint8_t *argmax;
} cnn__max2x2_winners;

/* dx (2 OH, 2 OW) = dy where the first largest (or first NaN) of the 2 x 2 is,
 * zero elsewhere. */
void cnn__max2x2_back(const cnn__max2x2_winners *winners, size_t OH, size_t OW,
                      const float *dy, float *dx);

#endif
