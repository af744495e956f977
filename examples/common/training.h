/* A training from the first step to the last, as an example shows it. */
#ifndef EXAMPLES_TRAINING_H
#define EXAMPLES_TRAINING_H

#include "common/data.h"
#include "common/options.h"
#include "common/plot.h"

/* The accuracies that were met on the way. */
typedef struct history {
    curve training, test;
} history;

/*
 * Trains `net` by the recipe in `o`. While it runs it prints, every eval_every
 * steps, on standard output
 *
 *     step I, training accuracy A      of step I's batch, before the update
 *     time: T                          seconds since the last such line
 *
 * or, if eval_every is 0, a line with losses and accuracies after each epoch on
 * standard error. Ctrl-C saves a checkpoint, says how to go on, and leaves.
 */
void training_run(cnn_net *net, const data *d, const options *o, history *h);

#endif
