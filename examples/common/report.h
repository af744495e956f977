/* Results, on standard output. */
#ifndef EXAMPLES_REPORT_H
#define EXAMPLES_REPORT_H

#include <stdbool.h>

#include <cnn/cnn.h>

/* The accuracy of a net on a dataset, called `what`, which it returns too; with
 * the confusion matrix if `matrix` is set. */
double report_accuracy(cnn_net *net, const cnn_dataset *dataset,
                       const char *what, bool matrix);

/* What a net makes of the picture in a file: the class and all probabilities.
 * 0, or, after a message, an exit code. */
int report_picture(cnn_net *net, const char *path, bool invert);

#endif
