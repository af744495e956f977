/* Classifying a picture in a file. */
#ifndef EXAMPLES_RECOGNISE_H
#define EXAMPLES_RECOGNISE_H

#include <stdbool.h>

#include "images/pixels.h"

/* How pictures are to be read. */
typedef struct reading {
    pixels pixels;
    bool invert; /* the pictures are dark on light */
} reading;

/*
 * Brings the picture to the size of the net's input within the margin,
 * normalises it as the net's metadata say, and runs the net on it.
 *
 * y       as many outputs as the net has, overwritten
 * answer  the class that these outputs give
 *
 * Returns 0, or, after a message, an exit code.
 */
int recognise(cnn_net *net, const char *path, const reading *r, float *y,
              int32_t *answer);

/* The same; also prints the class and all outputs. */
int recognise_print(cnn_net *net, const char *path, const reading *r);

/* How many outputs a net has. */
int32_t output_count(const cnn_net *net);

/* Is the class that of the smallest output, as with RBF on top? Otherwise it is
 * that of the largest. */
bool smallest_wins(cnn_net *net);

#endif
