/* Copies between images, in which the pixels of a channel are contiguous, and
 * squares, in which the channels of a pixel are (math/winograd.h). */
#ifndef CNN_MATH_LANES_H
#define CNN_MATH_LANES_H

#include "math/winograd.h"

/* (channels, rows, columns) floats. Channels are `stride` floats apart; the
 * pixels of a channel have no gaps. */
typedef struct cnn__planes {
    float *at;
    size_t stride;
    size_t channels, rows, columns;
} cnn__planes;

/* to[i][j][c] = from[c][i][j]. Lanes beyond the channels are not written. */
void cnn__planes_to_lanes(const cnn__planes *from, const cnn__grid *to);

/* to[c][i][j] = from[i][j][c] + add[c]; add may be NULL: zero. */
void cnn__lanes_to_planes(const cnn__grid *from, const cnn__planes *to,
                          const float *add);

/* The code for one instruction set. */
typedef struct cnn__lane_copies {
    void (*to_lanes)(const cnn__planes *from, const cnn__grid *to);
    void (*to_planes)(const cnn__grid *from, const cnn__planes *to,
                      const float *add);
} cnn__lane_copies;

#endif
