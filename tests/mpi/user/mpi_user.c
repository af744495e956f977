/* A program that uses libcnn_mpi as it is installed: both.sh, packages.sh. */
#include <cnn/mpi.h>

int main(int argc, char **argv)
{
    int level;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    cnn_mpi *mpi = cnn_mpi_create(MPI_COMM_WORLD, 0);
    cnn_net *net = cnn_net_create();
    const int right =
        cnn_mpi_size(mpi) == 2 && cnn_mpi_broadcast(mpi, net) == CNN_ESTATE;
    cnn_net_free(net);
    cnn_mpi_free(mpi);
    MPI_Finalize();
    return right ? 0 : 1;
}
