/* The images that the examples train and test on. */
#ifndef EXAMPLES_DATA_H
#define EXAMPLES_DATA_H

#include <stdbool.h>

#include <cnn/cnn.h>

#include "images/pixels.h"

typedef struct data {
    char *source;            /* where the images came from, to be shown */
    cnn_dataset *train;      /* what is trained on */
    cnn_dataset *validation; /* NULL if nothing is held out */
    cnn_dataset *test;
    cnn_dataset *all; /* train and validation are slices of it */
    void *drawn;      /* NULL if they came from files */
} data;

/*
 * Finds the images. It looks in `folder`; if that is NULL, in CNN_DATA_DIR, in
 * the data/ folder of the build, and in Debian's dataset-fashion-mnist. If it
 * finds nothing, or if the folder is called "drawn", it draws digits. A folder
 * that was named must have all four files: otherwise this leaves with a
 * message. "fashion" is the folder of dataset-fashion-mnist.
 *
 * With `hold_out` the first twelfth of the training images (5,000 of 60,000)
 * is for validation.
 */
void data_find(data *d, const char *folder, const pixels *p, bool hold_out);

/* Where the images came from, and how many there are, on standard output. */
void data_print(const data *d);

void data_free(data *d);

#endif
