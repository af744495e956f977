/* Convolution of single channels, for any kernel, stride and dilation, in
 * vectors of channels: as in math/taps.h, but each lane has an image and
 * weights of its own. */
#ifndef CNN_MATH_DEPTHWISE_H
#define CNN_MATH_DEPTHWISE_H

#include "math/taps.h"

/* The channels of a block: t->lanes. */
#define CNN__DEPTHWISE_LANES 16

/* Arrays end in CNN__DEPTHWISE_LANES channels; offsets and steps count floats.
 * The functions are NULL in a set without fused multiply-add. */
typedef struct cnn__depthwise_routines {
    /* y = b + sum over the taps of w (count, lanes) x. */
    void (*maps)(const cnn__taps *t, const float *w, const float *b,
                 const float *x, float *y);
    /* dw (count, lanes) += sum over the pixels of x dy (rows, columns, lanes).
     */
    void (*weights)(const cnn__taps *t, const float *x, const float *dy,
                    float *dw);
} cnn__depthwise_routines;

#endif
