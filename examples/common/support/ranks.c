#include "support/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/failure.h"
#include "support/ranks_impl.h"

/* What the starters of Open MPI, of MPICH and its kin, and of others that speak
 * PMIx say to each process. */
static const char *const rank_names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK",
                                         "PMIX_RANK"},
                         *const size_names[] = {"OMPI_COMM_WORLD_SIZE",
                                                "PMI_SIZE"};

static int32_t rank;

/* What another rank than the first says on standard error. */
static char *held;
static size_t held_size;

/* The first of some variables; -1 if there is none. */
static int32_t said(const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL)
            return (int32_t)strtol(value, NULL, 10);
    }
    return -1;
}

bool ranks_first(void)
{
    return rank == 0;
}

static void hold_output(void)
{
    stdout = fopen("/dev/null", "w");
    stderr = open_memstream(&held, &held_size);
    if (stdout == NULL || stderr == NULL)
        abort();
}

/* Rank 0 has three seconds to say the same, and to end all. */
static void say_alone(int code)
{
    sleep(3);
    fflush(stderr);
    if (held_size > 0)
        dprintf(STDERR_FILENO, "rank %d: %s", (int)rank, held);
    else
        dprintf(STDERR_FILENO, "rank %d: exit code %d\n", (int)rank, code);
}

/* After a signal all ranks stop together. After another failure the others may
 * wait for this one. */
static void end(int code, void *unused)
{
    (void)unused;
    if (code == 0 || code > 128) {
        ranks_leave();
        return;
    }
    if (rank > 0)
        say_alone(code);
    fflush(NULL);
    ranks_abort(code);
}

void ranks_start(int *argc, char ***argv)
{
    const int32_t mine = said(rank_names, 3), size = said(size_names, 2);

    if (mine < 0 && size < 0)
        return;
    rank = mine > 0 ? mine : 0;
    if (rank > 0)
        hold_output();
    ranks_join(argc, argv, size > 0 ? size : 0);
    if (on_exit(end, NULL) != 0)
        fail(EXIT_FAILURE, "out of memory");
}
