/* Assertions of ranks: one that fails ends all ranks, which would wait
 * otherwise. */
#ifndef TESTS_MPI_MUST_H
#define TESTS_MPI_MUST_H

#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cnn/status.h"

static int world_rank, world_size;

static inline void must(bool holds, const char *what, int line)
{
    if (holds)
        return;
    fprintf(stderr, "rank %d, line %d: %s; last error: %s\n", world_rank, line,
            what, cnn_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

#define MUST(condition) must(condition, #condition, __LINE__)

static inline void must_fail(cnn_status status, cnn_status want,
                             const char *part, int line)
{
    must(status == want && cnn_last_status() == want, "another status", line);
    must(strstr(cnn_last_error(), part) != NULL, part, line);
}

#define MUST_FAIL(status, want, part) must_fail(status, want, part, __LINE__)

static inline bool is_last(void)
{
    return world_rank == world_size - 1;
}

static inline void must_start(int *argc, char ***argv, int wanted, int *level)
{
    MPI_Init_thread(argc, argv, wanted, level);
    MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
    MPI_Comm_size(MPI_COMM_WORLD, &world_size);
}

#endif
