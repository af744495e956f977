/* Where the pixels of an image come from that is changed a little. */
#ifndef TESTS_SUPPORT_ORIGIN_H
#define TESTS_SUPPORT_ORIGIN_H

#include "cnn/augment.h"
#include "support/near.h"

enum { H = 40, W = 48, PLANE = H * W };

/* Changes an image of 1 x H x W, in the way that `seed` draws. */
void move(const cnn_augment_options *o, uint64_t seed, float paper,
          float *image);

/* The stream that move() draws from. */
#define MOVE_STEP   3
#define MOVE_SAMPLE 4

/* Row and column that each pixel came from; far from the image if any part of
 * it is paper. */
typedef struct origin {
    float row[PLANE], col[PLANE];
} origin;

void trace(const cnn_augment_options *o, uint64_t seed, origin *from);

/* The affine map around the middle: from = (a b; c d) (to - middle) + middle +
 * shift. */
typedef struct affine {
    double a, b, c, d, shift_row, shift_col;
} affine;

/* Reads it from pixels in the middle, where there may be no elastic field. Row
 * and column are up to 48 and rounded three times by 2^-19; their differences
 * are divided by four. */
#define READ 3e-6
affine read_affine(const origin *from);

#endif
