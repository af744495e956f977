/* Pictures in files, as the nets take them. */
#ifndef EXAMPLES_PICTURE_H
#define EXAMPLES_PICTURE_H

#include <stdbool.h>

#include <glib.h>

#include <cnn/cnn.h>

/* The most pixels of a picture: decoding takes up to four bytes for each pixel,
 * a hundred times the size of the file or more. And the most pixels in a row or
 * column: scaling down takes a table of that length. */
#define PICTURE_MOST_PIXELS (1 << 26)
#define PICTURE_MOST_SIDE   (1 << 15)

/*
 * Reads a picture of any colour, and of any size within these limits (PNG, BMP,
 * JPEG, ...). Scales it to `shape`: one channel is grey; three are red, green
 * and blue. 0 is black and 1 is white. Transparent pixels are white. With
 * `invert`, 0 is white, as dark writing on light paper needs it. Returns 0, or,
 * after a message, an exit code.
 */
int picture_read(const char *path, bool invert, const cnn_shape *shape,
                 float *x);

/* A value limited to the range from black to white, to be shown. */
float picture_grey(float x);

/* A grey picture of height x width as the bytes of a PNG file. */
GString *picture_png(int width, int height, const float *x);

#endif
