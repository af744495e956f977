/* Pictures in files, as the nets take them. */
#ifndef EXAMPLES_PICTURE_H
#define EXAMPLES_PICTURE_H

#include <stdbool.h>

/*
 * Reads a picture of any size and colour (PNG, BMP, JPEG, ...) as grey, scaled
 * to width x height, 0 black to 1 white; what is transparent is white. With
 * `invert` 0 is white, as dark writing on light paper needs it. Returns 0, or,
 * after a message, an exit code.
 */
int picture_read(const char *path, bool invert, int width, int height,
                 float *x);

/* Writes such an array as a grey PNG. */
int picture_write(const char *path, int width, int height, const float *x);

#endif
