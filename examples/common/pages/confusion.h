/* Confusion matrices: how often each class was taken for each other class. */
#ifndef EXAMPLES_CONFUSION_H
#define EXAMPLES_CONFUSION_H

#include <stdbool.h>
#include <stdint.h>

/* counts[label * classes + answer] */
typedef struct confusion {
    const char *title;
    int32_t classes;
    const int64_t *counts;
} confusion;

/* How strongly a cell is shown as a mistake, from 0 to 1. It follows from the
 * share of the cell among the images of its label; `scale`, from
 * confusion_scale(), is the share that gives 1. On the diagonal it is 0. */
double confusion_scale(const confusion *c);
double confusion_heat(const confusion *c, double scale, int32_t label,
                      int32_t answer);

/* Prints the matrix as text on standard output. */
void confusion_print(const confusion *c);

/* Can a matrix be written into a file of that name: .csv, .png or .svg? */
bool confusion_knows(const char *path);

/* Writes the matrix as CSV, or as a picture that shows the mistakes by colour.
 * Returns 0, or, after a message, an exit code. */
int confusion_save(const char *path, const confusion *c);

#endif
