/* Digits drawn by the program itself, for machines that have no others: the
 * same ones each time. */
#ifndef EXAMPLES_DRAWN_DIGITS_H
#define EXAMPLES_DRAWN_DIGITS_H

#include <cnn/cnn.h>

/* Makes two datasets of 28 x 28 images, white on black, labelled 0 to 9. They
 * live in the memory returned, to be given to free() after them. */
void *drawn_digits(cnn_dataset **train, cnn_dataset **test,
                   const cnn_dataset_options *options);

#endif
