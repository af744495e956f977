/* What the files of libcnn_mpi share. */
#ifndef CNN_MPI_IMPL_H
#define CNN_MPI_IMPL_H

#include "cnn/mpi.h"

struct cnn_mpi {
    MPI_Comm comm;
    int rank, size;
    cnn_mpi_options o;
};

#define TRY(expression)                        \
    do {                                       \
        const cnn_status tried = (expression); \
        if (tried != CNN_OK)                   \
            return tried;                      \
    } while (0)

/* Records a failure, and returns its status. */
cnn_status cnn__mpi_fail(cnn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All ranks fail if one does. */
cnn_status cnn__mpi_agree(const cnn_mpi *m, cnn_status status);

/* cnn_sum_fn and cnn_spread_fn, of a cnn_mpi. */
int32_t cnn__mpi_sum(void *user, int64_t count, float *x);
int32_t cnn__mpi_spread(void *user, int64_t bytes, void *data);

#endif
