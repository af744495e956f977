/* Many small grey pictures in one, each with a caption. */
#ifndef EXAMPLES_TILES_H
#define EXAMPLES_TILES_H

#include <stdbool.h>
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
} tiles;

/* A value as it is shown: never darker than black or lighter than white. */
float tile_grey(float x);

/* Can they be drawn into a file of that name? .png and .svg can. */
bool tiles_knows(const char *path);

/* Draws them into a PNG or SVG file. Returns 0, or, after a message, an exit
 * code. */
int tiles_save(const char *path, const tiles *t);

#endif
