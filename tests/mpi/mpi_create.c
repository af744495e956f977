/* What each rank of the tests of cnn_mpi_create() runs:
 *
 *     mpiexec -n 2 mpi_create single|one_single|other_version|unready */
#include <stdlib.h>

#include "cnn/mpi.h"
#include "cnn/version.h"
#include "mpi_must.h"

/* Of libcnn, as libcnn_mpi sees it. */
uint32_t __real_cnn_version_number(void);
uint32_t __wrap_cnn_version_number(void);

static bool is_older; /* this rank */

uint32_t __wrap_cnn_version_number(void)
{
    return __real_cnn_version_number() - (is_older ? 1u : 0u);
}

static void other_version(void)
{
    const unsigned version = cnn_version_number();
    char text[100];

    is_older = is_last();
    snprintf(text, sizeof(text),
             "rank 1: libcnn %u and libcnn_mpi %u, rank 0 has %u and %u",
             version - 1, version, version, version);
    MUST(cnn_mpi_create(MPI_COMM_WORLD, NULL) == NULL);
    MUST_FAIL(CNN_EINVAL, CNN_EINVAL, text);
}

/* One rank has a program that asked MPI for less. MPIs that give more than was
 * asked for have nothing to refuse. */
static void single_level(int level)
{
    int least;

    MPI_Allreduce(&level, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    cnn_mpi *mpi = cnn_mpi_create(MPI_COMM_WORLD, NULL);
    MUST((mpi == NULL) == (least == MPI_THREAD_SINGLE));
    if (mpi == NULL)
        MUST_FAIL(CNN_ESTATE, CNN_ESTATE,
                  "MPI gives MPI_THREAD_SINGLE, expected MPI_THREAD_FUNNELED");
    cnn_mpi_free(mpi);
}

/* Before MPI can say it: by what Open MPI and MPICH tell each process. */
static bool is_first_process(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");

    if (rank == NULL)
        rank = getenv("PMI_RANK");
    return rank != NULL && strcmp(rank, "0") == 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    const bool all = strcmp(what, "single") == 0;
    const bool one = strcmp(what, "one_single") == 0 && !is_first_process();
    int level = 0;

    if (strcmp(what, "unready") == 0) {
        const bool refused = cnn_mpi_create(MPI_COMM_WORLD, NULL) == NULL &&
                             cnn_last_status() == CNN_ESTATE;
        puts(cnn_last_error());
        return refused ? 0 : 1;
    }
    must_start(&argc, &argv,
               all || one ? MPI_THREAD_SINGLE : MPI_THREAD_FUNNELED, &level);
    if (strcmp(what, "other_version") == 0)
        other_version();
    else
        single_level(level);
    MPI_Finalize();
    return 0;
}
