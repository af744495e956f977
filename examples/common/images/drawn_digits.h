/* Digits drawn by the program, for machines that have no image files. They are
 * the same each time. */
#ifndef EXAMPLES_DRAWN_DIGITS_H
#define EXAMPLES_DRAWN_DIGITS_H

#include <cnn/cnn.h>

/* Makes two datasets of 28 x 28 images, white on black, labelled 0 to 9.
 * Returns the memory that they use; free() it after the datasets. */
void *drawn_digits(cnn_dataset **train, cnn_dataset **test,
                   const cnn_dataset_options *options);

#endif
