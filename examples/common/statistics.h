/* What is known of a net's units while it is trained. */
#ifndef EXAMPLES_STATISTICS_H
#define EXAMPLES_STATISTICS_H

#include <stdio.h>

#include <cnn/cnn.h>

/* A line for each layer that has parameters or units that can die; the net must
 * be watched (cnn_net_watch()). */
void statistics_print(cnn_net *net, FILE *stream);

#endif
