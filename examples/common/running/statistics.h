/* The summary of a net, and the statistics of its units in training. */
#ifndef EXAMPLES_STATISTICS_H
#define EXAMPLES_STATISTICS_H

#include <stdio.h>

#include <cnn/cnn.h>

/* The summary in a form of CNN_SUMMARY_*, to be given to free(). */
char *summary_text(const cnn_net *net, int32_t form);

/* A line for each layer that has parameters or units that can die; the net must
 * be watched (cnn_net_watch()). */
void statistics_print(cnn_net *net, FILE *stream);

#endif
