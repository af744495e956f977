/**
 * @file mpi.h
 * Training on several machines over MPI: ranks.h with the communicator that a
 * program has. In a library of its own, libcnn_mpi (docs/mpi.md); cnn.h does
 * not include this header.
 *
 * MPI is the program's: it calls MPI_Init_thread() before and MPI_Finalize()
 * after all of this. Ranks must be of one kind of machine, with one libcnn.
 * All calls here, and all of a trainer of several ranks, are made by all ranks
 * of the communicator, in the same order and by the thread that MPI allows.
 * Where one of them fails, all do, with the text of that rank. An error of MPI
 * itself is CNN_EIO with MPI's text; what other ranks make of it is up to MPI.
 */
#ifndef CNN_MPI_H
#define CNN_MPI_H

#include <mpi.h>

#include "cnn/ranks.h"
#include "cnn/status.h"

CNN_BEGIN_DECLS

typedef struct cnn_mpi cnn_mpi; /**< a communicator, and how it is used */

/** Options of cnn_mpi_create(). Zero means the default in brackets. */
typedef struct cnn_mpi_options {
    uint32_t struct_size; /**< sizeof(cnn_mpi_options) */
    int32_t portions;    /**< cnn_ranks.portions: bits that do not depend on the
                              number of ranks [one sum by MPI_Allreduce()] */
    int32_t check_every; /**< cnn_ranks.check_every [100] */
    uint32_t reserved;   /**< 0 */
    int32_t average_every; /**< cnn_ranks.average_every: local SGD [0: no] */
    uint32_t flags;        /**< cnn_ranks.flags [0] */
} cnn_mpi_options;

/**
 * Makes ready for training over a communicator, of which it takes a duplicate:
 * nothing here gets in the way of other messages of the program. One trainer at
 * a time may use it.
 *
 * MPI must be initialised with MPI_THREAD_FUNNELED or more, because libcnn has
 * threads; with FUNNELED, the caller must be MPI's main thread.
 *
 * @param comm     of processes, not between groups of them
 * @param options  NULL for all defaults
 * @return the handle, to be freed with cnn_mpi_free(), or NULL: CNN_ESTATE (MPI
 *         is not initialised, is finalised, or allows less than FUNNELED);
 *         CNN_EINVAL (also where ranks differ in version, kind of machine or
 *         options); CNN_EUNSUPPORTED (an option of a later version);
 *         CNN_ENOMEM, CNN_EIO
 */
CNN_API cnn_mpi *cnn_mpi_create(MPI_Comm comm, const cnn_mpi_options *options);

/** Frees a handle; NULL is fine. Before MPI_Finalize(), and after the trainers
 *  that use it. */
CNN_API void cnn_mpi_free(cnn_mpi *mpi);

/** This process's rank, from 0; 0 if `mpi` is NULL. */
CNN_API int32_t cnn_mpi_rank(const cnn_mpi *mpi);

/** How many ranks there are; 0 if `mpi` is NULL. */
CNN_API int32_t cnn_mpi_size(const cnn_mpi *mpi);

/**
 * Creates a trainer for all ranks of the communicator: see
 * cnn_trainer_create_ranks(), which says what is shared, what is compared, and
 * what the calls of trainer.h and fit.h do then.
 *
 * @param options  `batch` is that of all ranks together; NULL for all defaults
 */
CNN_API cnn_trainer *cnn_mpi_trainer_create(cnn_mpi *mpi, cnn_net *net,
                                            cnn_optim *optim,
                                            const cnn_dataset *dataset,
                                            const cnn_trainer_options *options);

/* For loops of your own. */

/** Sets all arrays of a net, those too that are not trained, to those of rank
 *  0. CNN_EINVAL, CNN_ESTATE; CNN_ESHAPE if the nets differ in their arrays,
 *  and nothing changed then. */
CNN_API cnn_status cnn_mpi_broadcast(cnn_mpi *mpi, cnn_net *net);

/** Replaces all gradients of a net by their sum over the ranks, in one
 *  MPI_Allreduce(), between a backward pass and the update. The caller divides:
 *  by how many ranks, if each has a mean over as many samples. Errors as
 *  cnn_mpi_broadcast(). */
CNN_API cnn_status cnn_mpi_sum_grads(cnn_mpi *mpi, cnn_net *net);

CNN_END_DECLS

#endif
