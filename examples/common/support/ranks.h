/* The processes of one training: if mpiexec started several copies of a
 * program, each is a rank, and they train together. Rank 0 alone prints and
 * writes files. A program that was started by itself is rank 0 of 1, and MPI is
 * left alone. */
#ifndef EXAMPLES_RANKS_H
#define EXAMPLES_RANKS_H

#include <stdbool.h>

#include <cnn/cnn.h>

/*
 * To be called first, by programs that can train as one rank of several. Of a
 * failure that all ranks have, rank 0 tells; of another, the rank that has it,
 * and all end. Leaves with a message if the ranks cannot find each other.
 */
void ranks_start(int *argc, char ***argv);

int32_t ranks_size(void);

/* Is this rank 0? */
bool ranks_first(void);

/* The largest `x` of all ranks, all of which make this call. */
int32_t ranks_max(int32_t x);

/* Threads for a rank, so that those of a machine share its cores; 0: all. */
int32_t ranks_threads(void);

/* cnn_trainer_create() for all ranks together. One at a time. */
cnn_trainer *ranks_trainer(cnn_net *net, cnn_optim *optim,
                           const cnn_dataset *dataset,
                           const cnn_trainer_options *options);

#endif
