/* ranks.h over MPI: the only file of the examples that knows it. */
#include <cnn/mpi.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"
#include "support/ranks.h"
#include "support/ranks_impl.h"

static cnn_mpi *mpi; /* NULL: started without mpiexec */

void ranks_join(int *argc, char ***argv, int32_t wanted)
{
    char library[MPI_MAX_LIBRARY_VERSION_STRING];
    int level, size, length;

    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (wanted > 0 && size != wanted) {
        MPI_Get_library_version(library, &length);
        fail(EX_UNAVAILABLE,
             "started as one of %d ranks, and sees %d of them: the mpiexec is "
             "not that of the MPI it was built with, %.*s",
             (int)wanted, size, (int)strcspn(library, ",\n"), library);
    }
    mpi = cnn_mpi_create(MPI_COMM_WORLD, NULL);
    if (mpi == NULL)
        fail(EXIT_FAILURE, "%s", cnn_last_error());
}

void ranks_leave(void)
{
    cnn_mpi_free(mpi);
    MPI_Finalize();
}

void ranks_abort(int code)
{
    MPI_Abort(MPI_COMM_WORLD, code);
}

int32_t ranks_size(void)
{
    return mpi != NULL ? cnn_mpi_size(mpi) : 1;
}

int32_t ranks_max(int32_t x)
{
    if (mpi != NULL)
        MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT32_T, MPI_MAX,
                      MPI_COMM_WORLD);
    return x;
}

/* How many ranks of this machine may run on the very cores that `mine` has. */
static int sharing(const cpu_set_t *mine)
{
    MPI_Comm machine;
    int count, same = 0;

    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL,
                        &machine);
    MPI_Comm_size(machine, &count);
    cpu_set_t *all = allocate((size_t)count, sizeof(*all));
    MPI_Allgather(mine, (int)sizeof(*mine), MPI_BYTE, all, (int)sizeof(*all),
                  MPI_BYTE, machine);
    for (int i = 0; i < count; i++)
        same += CPU_EQUAL(mine, &all[i]);
    free(all);
    MPI_Comm_free(&machine);
    return same;
}

/* mpiexec may have given each rank cores of its own, or the same to all. */
int32_t ranks_threads(void)
{
    cpu_set_t mine;

    if (mpi == NULL)
        return 0;
    CPU_ZERO(&mine);
    if (sched_getaffinity(0, sizeof(mine), &mine) != 0)
        CPU_SET(0, &mine); /* more cores than a set holds: one thread each */
    const int threads = CPU_COUNT(&mine) / sharing(&mine);
    return threads > CNN_MAX_THREADS ? CNN_MAX_THREADS
           : threads > 1             ? threads
                                     : 1;
}

cnn_trainer *ranks_trainer(cnn_net *net, cnn_optim *optim,
                           const cnn_dataset *dataset,
                           const cnn_trainer_options *options)
{
    if (mpi == NULL)
        return cnn_trainer_create(net, optim, dataset, options);
    return cnn_mpi_trainer_create(mpi, net, optim, dataset, options);
}
