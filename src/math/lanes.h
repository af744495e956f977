/* Between images, in which a channel's pixels are neighbours, and squares, in
 * which a pixel's channels are (math/winograd.h). */
#ifndef CNN_MATH_LANES_H
#define CNN_MATH_LANES_H

#include "math/winograd.h"

/* (channels, rows, columns) floats, those of a channel without a gap and
 * `stride` behind the ones before them. */
typedef struct cnn__planes {
    float *at;
    size_t stride;
    size_t channels, rows, columns;
} cnn__planes;

/* to[i][j][c] = from[c][i][j]. Lanes beyond the channels are left alone. */
void cnn__planes_to_lanes(const cnn__planes *from, const cnn__grid *to);

/* to[c][i][j] = from[i][j][c] + add[c], or without add if that is NULL. */
void cnn__lanes_to_planes(const cnn__grid *from, const cnn__planes *to,
                          const float *add);

#endif
