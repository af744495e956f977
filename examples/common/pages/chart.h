/* Curves over axes, drawn by gnuplot. */
#ifndef EXAMPLES_CHART_H
#define EXAMPLES_CHART_H

#include <stdbool.h>
#include <stddef.h>

/* A line through at most a few hundred points (x, y). A point that is not
 * finite is a gap in the line. */
typedef struct curve {
    const char *title; /* for the key; NULL: not in the key */
    double (*points)[2];
    size_t count;
    int colour;  /* of the palette, from 0; the same number, the same colour */
    bool dashed; /* for another training, to compare */
} curve;

/* One pair of axes and its curves. */
typedef struct panel {
    const char *title; /* NULL: none */
    const char *x, *y; /* what the axes are, with units */
    bool log_y;
    const curve *curves;
    size_t count;
} panel;

/* Panels side by side; from four on in several rows. */
typedef struct chart {
    const char *title; /* NULL: none */
    const panel *panels;
    size_t count;
} chart;

/* Draws a chart into a PNG or SVG file, as its name ends. Returns 0, or, after
 * a message, an exit code. */
int chart_save(const char *path, const chart *c);

#endif
