/* How pictures become inputs of a net. */
#ifndef EXAMPLES_PIXELS_H
#define EXAMPLES_PIXELS_H

#include <stdbool.h>

#include <cnn/cnn.h>

/* Black is `low`, white is `high`, and `margin` rows and columns of black are
 * put around the picture. All 0: no margin, values from 0 to 1. */
typedef struct pixels {
    int32_t margin;
    float low, high;
} pixels;

/* The shape of a digit of 28 x 28. */
cnn_shape pixels_shape(const pixels *p);

/* The value of a grey from 0 to 1. */
float pixels_value(const pixels *p, float grey);

/* Writes the fields into the net's metadata, so that a saved model says how
 * pictures are to be read; and reads them back. They are all 0 if the metadata
 * do not have them, or have impossible values. */
void pixels_keep(const pixels *p, cnn_net *net);
pixels pixels_of(const cnn_net *net);

#endif
