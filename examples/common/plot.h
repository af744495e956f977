/* Curves as a picture, drawn by gnuplot. */
#ifndef EXAMPLES_PLOT_H
#define EXAMPLES_PLOT_H

#include <stddef.h>

/* Points that are added one by one. Starts as {.title = ...}. */
typedef struct curve {
    const char *title;
    double (*points)[2]; /* step, accuracy */
    size_t count, capacity;
} curve;

void curve_add(curve *c, double step, double accuracy);
void curve_free(curve *c);

/* Draws accuracy against steps into a PNG file. 0, or, after a message, an
 * exit code. */
int plot_accuracy(const char *path, const char *title, const curve *curves,
                  size_t count);

#endif
