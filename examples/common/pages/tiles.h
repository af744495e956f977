/* Many small grey pictures in one, each with a caption. */
#ifndef EXAMPLES_TILES_H
#define EXAMPLES_TILES_H

#include <stddef.h>

typedef struct tile {
    const float *x;   /* height x width, 0 black to 1 white */
    char caption[40]; /* "": none */
} tile;

typedef struct tiles {
    const char *title;
    int width, height; /* of each */
    const tile *tiles;
    size_t count;
    int columns; /* in a row; 0: so that all are about as wide as high */
} tiles;

/* Draws them into a PNG or SVG file. Returns 0, or, after a message, an exit
 * code. */
int tiles_save(const char *path, const tiles *t);

#endif
