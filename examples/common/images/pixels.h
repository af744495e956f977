/* How pictures become what a net takes. */
#ifndef EXAMPLES_PIXELS_H
#define EXAMPLES_PIXELS_H

#include <stdbool.h>

#include <cnn/cnn.h>

/* Black is low, white is high, and `margin` rows and columns of black are put
 * around the picture. All 0: nothing around, from 0 to 1. */
typedef struct pixels {
    int32_t margin;
    float low, high;
} pixels;

/* The shape of a digit of 28 x 28. */
cnn_shape pixels_shape(const pixels *p);

/* The value of a grey from 0 to 1. */
float pixels_value(const pixels *p, float grey);

/* Writes them into the net's metadata, so that a saved model says how pictures
 * are to be read; and reads them back. Those of a net that does not say, or
 * says nonsense, are all 0. */
void pixels_keep(const pixels *p, cnn_net *net);
pixels pixels_of(const cnn_net *net);

#endif
