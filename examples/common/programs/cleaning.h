/* The task of the programs that clean images of noise, which differ in their
 * nets alone: their data, the measure and the picture. */
#ifndef EXAMPLES_CLEANING_H
#define EXAMPLES_CLEANING_H

#include "programs/task.h"

/* All of main(). Targets are images of 28 x 28, inputs the same with noise of a
 * deviation of 1/2. `network` makes the net, not yet built, from the latter to
 * the former; its loss is the mean squared error, and what it reaches is told
 * as signal to noise. The task has `about` and the recipe. */
int cleaning_main(task *t, cnn_net *(*network)(void), int argc, char **argv);

#endif
