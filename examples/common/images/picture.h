/* Pictures in files, as the nets take them. */
#ifndef EXAMPLES_PICTURE_H
#define EXAMPLES_PICTURE_H

#include <stdbool.h>

#include <glib.h>

#include <cnn/cnn.h>

/* How large a picture may be: decoded it takes up to four bytes for each pixel,
 * and a file of a hundredth of that may hold it. And how long, as scaling it
 * down takes a table of that length. */
#define PICTURE_MOST_PIXELS (1 << 26)
#define PICTURE_MOST_SIDE   (1 << 15)

/*
 * Reads a picture of any size, within these limits, and colour (PNG, BMP, JPEG,
 * ...) and scales it to `shape`: of one channel, grey, or of three, red, green
 * and blue; 0 is black and 1 white. What is transparent is white. With `invert`
 * 0 is white, as dark writing on light paper needs it. Returns 0, or, after a
 * message, an exit code.
 */
int picture_read(const char *path, bool invert, const cnn_shape *shape,
                 float *x);

/* A value as it is shown: never darker than black or lighter than white. */
float picture_grey(float x);

/* A grey one of height x width as the bytes of a PNG file. */
GString *picture_png(int width, int height, const float *x);

#endif
