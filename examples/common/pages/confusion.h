/* Confusion matrices: which class was taken for which. */
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

/* How much a cell is to stand out as a mistake, from 0 to 1: by the part of
 * what has that label; `scale`, from confusion_scale(), is the part that is 1.
 * On the diagonal 0. */
double confusion_scale(const confusion *c);
double confusion_heat(const confusion *c, double scale, int32_t label,
                      int32_t answer);

/* As text on standard output. */
void confusion_print(const confusion *c);

/* Can it be written into a file of that name? .csv, .png and .svg can. */
bool confusion_knows(const char *path);

/* Writes it as CSV, or as a picture that shows the mistakes by colour. Returns
 * 0, or, after a message, an exit code. */
int confusion_save(const char *path, const confusion *c);

#endif
