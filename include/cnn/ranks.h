/**
 * @file ranks.h
 * Several processes that train one net together, each on a part of every batch.
 *
 * This is the half that libcnn has itself: which samples a rank takes, whose
 * gradients are added up and when, what all of them must agree on. How bytes
 * get from one to the other, it leaves to three functions. mpi.h has them for
 * MPI; threads of one process, or sockets, may have others.
 */
#ifndef CNN_RANKS_H
#define CNN_RANKS_H

#include "cnn/dataset.h"
#include "cnn/export.h"
#include "cnn/net.h"
#include "cnn/optim.h"
#include "cnn/trainer.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** Flag in cnn_ranks: in a step, batch normalisation takes the statistics of
 *  the whole batch, as in one process. */
#define CNN_BATCHNORM_OVER_RANKS 0x1u

/** The largest number of portions of a batch, and of ranks. */
#define CNN_MAX_PORTIONS 65536

/*
 * All ranks call the same functions in the same order, and each call returns
 * when it has what it is to give. They return 0, or a cnn_status after
 * cnn_set_last_error() recorded why. They are called by the thread that called
 * libcnn, and may not use the trainer.
 */

/** Gives `bytes` bytes to all ranks, and gets as many from each: those of rank
 *  r are at all + r * bytes. `bytes` is the same on all ranks. */
typedef int32_t (*cnn_exchange_fn)(void *user, int64_t bytes, const void *mine,
                                   void *all);

/** Replaces each of `count` floats by its sum over the ranks. All ranks should
 *  get the same bits; cnn_ranks.check_every finds out. */
typedef int32_t (*cnn_sum_fn)(void *user, int64_t count, float *x);

/** Replaces `bytes` bytes by those of rank 0. */
typedef int32_t (*cnn_spread_fn)(void *user, int64_t bytes, void *data);

/** One of several ranks, and how it reaches the others. Zero means the default
 *  in brackets. */
typedef struct cnn_ranks {
    uint32_t struct_size; /**< sizeof(cnn_ranks) */
    int32_t rank;         /**< which one this is, from 0 */
    int32_t size;         /**< how many there are, 1 to CNN_MAX_PORTIONS */
    int32_t portions;     /**< cut each batch into so many portions, and add up
                               their gradients in the order of the batch: then
                               the bits do not depend on `size`. At least `size`
                               and at most the batch [one portion for each rank,
                               added up by `sum`] */
    int32_t check_every; /**< steps from one comparison of the parameters of all
                              ranks to the next, where they are averaged; -1:
                              none [100] */
    uint32_t reserved;   /**< 0 */
    cnn_exchange_fn exchange; /**< not NULL */
    cnn_sum_fn sum;           /**< not NULL */
    cnn_spread_fn spread;     /**< not NULL */
    void *user;               /**< handed to all three */
    int32_t average_every;    /**< local SGD: each rank takes so many steps by
                                   itself, on its own part of each batch, and then
                                   all go on from the average of what they have
                                   [0: gradients are added up in each step] */
    uint32_t flags;           /**< CNN_BATCHNORM_OVER_RANKS [0] */
} cnn_ranks;

/**
 * As cnn_trainer_create(), for one rank of several that train together. Each
 * makes its own net, optimiser and dataset, all alike, and creates its trainer.
 * Parameters become those of rank 0. From then on all ranks make the same calls
 * with this trainer, in the same order; each call waits for the others. (Calls
 * that only look at the trainer, and cnn_trainer_cancel(), are free. Those that
 * set something do not wait, and fail for one rank only.)
 *
 * `batch` of the options is that of all ranks together [max_batch of the net
 * for each rank, or for each portion]. Order of samples, augmentation and
 * dropout are those of one process with that batch; rank r of n takes the
 * samples from batch * r / n to batch * (r + 1) / n, and reads no others. So n
 * ranks make the steps of one process, but for rounding. With `portions`, that
 * many passes are made over the batch; the bits are those of any other number
 * of ranks, as long as the machines are alike. Batch normalisation looks at the
 * samples of one rank, and its running statistics are averaged after each step;
 * it cannot be used with `portions`. With CNN_BATCHNORM_OVER_RANKS it looks at
 * the whole batch (of `accumulate` pieces, at the first ones of all ranks, then
 * at the second ones): n ranks make the steps of one process with such a net,
 * too, but for rounding. That takes three exchanges for each such layer in each
 * step, and two more. Not with `average_every`.
 *
 * With `average_every`, a rank divides the gradients of its part by that part
 * (under CNN_REDUCE_SUM, takes them times the batch over that part), clips and
 * updates by itself. After each so manyth step of the trainer parameters, the
 * optimiser's memory (momentum, Adam's means) and running statistics are
 * averaged over the ranks, by how many samples each takes. That is so much less
 * to send; what ranks tell each other in each step besides stays. Metrics are
 * those of the batch, but each rank's samples met that rank's parameters. The
 * program may look at parameters where they are averaged; saving, validating,
 * and the end of cnn_trainer_run() and _fit() average first, and all go on from
 * there, so that a resumed training equals one that went on. Not with
 * `portions`, and not with cnn_trainer_set_average(). A parameter that becomes
 * infinite on one rank is told by the next step or average at the latest.
 *
 * What cnn_trainer_step() and the others give is the same on all ranks:
 * - the metrics are those of the whole batch, and cnn_trainer_validate() shares
 *   the dataset out;
 * - a failure on one rank is that of all, and its text begins with "rank 3: ";
 * - where ranks differ in their net, dataset, settings, version or position,
 *   in the number of samples to validate with, or make different calls, the
 *   next call is CNN_EINVAL, with what differs. A run whose callback made a
 *   call that other ranks did not make ends with that;
 * - cnn_trainer_run() and _fit() end when the first rank has a reason to;
 * - cnn_trainer_save() writes in rank 0 only, and cnn_trainer_resume() reads
 *   there only, so other ranks need no path. Ranks and portions may be others
 *   than when the file was written. If one rank cannot resume, none does.
 *
 * @param ranks    copied
 * @param options  NULL for all defaults
 * @return as cnn_trainer_create(), and NULL if it failed on another rank;
 *         CNN_EUNSUPPORTED (portions with batch normalisation)
 */
CNN_API cnn_trainer *
cnn_trainer_create_ranks(cnn_net *net, cnn_optim *optim,
                         const cnn_dataset *dataset, const cnn_ranks *ranks,
                         const cnn_trainer_options *options);

CNN_END_DECLS

#endif
