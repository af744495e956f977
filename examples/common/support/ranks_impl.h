/* What ranks.c needs of MPI: ranks_mpi.c, or without MPI ranks_none.c. The
 * other half of ranks.h, which is not here, is there as well. */
#ifndef EXAMPLES_RANKS_IMPL_H
#define EXAMPLES_RANKS_IMPL_H

#include <cnn/cnn.h>

/* Begins; leaves with a message if `wanted` ranks, 0 if it is not known how
 * many, cannot be had. */
void ranks_join(int *argc, char ***argv, int32_t wanted);

/* Ends: all ranks call it, or one of them for all. */
void ranks_leave(void);
void ranks_abort(int code);

#endif
