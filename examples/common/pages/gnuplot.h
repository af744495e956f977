/* Pictures drawn by gnuplot, from scripts that are written for it. */
#ifndef EXAMPLES_GNUPLOT_H
#define EXAMPLES_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct gnuplot {
    FILE *script;
    char *text; /* of the script, once it is closed */
    size_t length;
} gnuplot;

/* Can it draw into a file of that name? .png and .svg it can. */
bool gnuplot_knows(const char *path);

/* Starts a script that draws into a file, as its name ends, on white; without a
 * name as SVG, on nothing. Sizes are in pixels. Leaves with a message if memory
 * is short. */
void gnuplot_start(gnuplot *g, const char *path, int width, int height,
                   int font);

/* A text as a word of the script, whatever is in it; NULL as an empty one. */
void gnuplot_quote(gnuplot *g, const char *text);

/* Ends the script and frees it. The picture, to be given to free(), ends with a
 * 0. Returns 0, or, after a message, an exit code. */
int gnuplot_draw(gnuplot *g, char **picture, size_t *size);

/* The same, into a file. */
int gnuplot_save(gnuplot *g, const char *path);

#endif
