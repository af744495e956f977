/**
 * @file scaling.h
 * What several ranks (ranks.h) would gain, before one has them: how long a step
 * would take, from what this machine needs and what a link carries.
 *
 * P is the number of trainable parameters, n that of ranks, b the samples of
 * each, L the latency of a message and W the bytes that a program gets through
 * a link in a second:
 *
 *     step     = compute + exchange + sum
 *     compute  = fixed + b per_sample
 *     exchange = exchanges (ceil(log2 n) L + (n - 1) record / W)
 *     sum      = m L + 4 P v / W + P a add
 *
 * where m messages follow each other, v times the parameters go through the
 * link of each rank in each direction, and a times they are added up. If n is a
 * power of two, v = 2 (n - 1) / n, a = (n - 1) / n, and m = 2 log2 n by halving
 * and doubling, or 2 (n - 1) in a ring. Otherwise halving and doubling works
 * with k, the power of two below n: the other ranks hand their gradients to
 * one of these first and get the sum in the end, so m = 2 log2 k + 2, v = 2 (k
 * - 1) / k + 2 and a = (k - 1) / k + 1. (Thakur, Rabenseifner and Gropp, 2005,
 * "Optimization of Collective Communication Operations in MPICH", sections 4.1
 * and 4.5.) One rank sends nothing.
 *
 * The model knows no slow rank, no other user of a link, and no overlapping of
 * computing and sending, which libcnn does not do: docs/scaling.md.
 */
#ifndef CNN_SCALING_H
#define CNN_SCALING_H

#include "cnn/batch.h"
#include "cnn/export.h"
#include "cnn/net.h"
#include "cnn/optim.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** How ranks add up their gradients. */
enum {
    CNN_SUM_HALVING = 0, /**< halves of halves there and back, as Open MPI and
                              MPICH do with what is larger than some KB */
    CNN_SUM_RING = 1     /**< each to the next: fewer paths, more messages */
};

/** A machine's part in a step, as measured by cnn_scaling_measure() or known
 *  from elsewhere. Times are in seconds, finite and at least 0. */
typedef struct cnn_scaling_machine {
    uint32_t struct_size; /**< sizeof(cnn_scaling_machine), set before the call
                           */
    int32_t threads;      /**< of the measurement; for the reader only */
    int32_t exchanges;    /**< how often ranks meet in a step, at least 0: 2 in
                               cnn_trainer_run(), 1 in cnn_trainer_step() */
    uint32_t reserved;    /**< 0 */
    int64_t params;       /**< trainable parameters, at least 1 */
    int64_t record;       /**< bytes that each gives to all when they meet */
    double fixed;         /**< of a step, whatever its batch; with the update */
    double per_sample;    /**< of a step, for each of its samples; above 0 */
    double update;        /**< of the optimiser: a part of `fixed` */
    double add;           /**< to add one gradient to another, in arrays of all
                           */
} cnn_scaling_machine;

/** What joins each rank to the others. Zero means the default in brackets. */
typedef struct cnn_scaling_link {
    uint32_t struct_size; /**< sizeof(cnn_scaling_link) */
    int32_t sum;          /**< CNN_SUM_* [CNN_SUM_HALVING] */
    double bandwidth;     /**< bits a second in each direction, as links are
                               sold: 1e9 for 1 Gb/s. Above 0 */
    double latency; /**< seconds from a small message's sending to its arrival
                         in the other program, at least 0 */
    double payload; /**< the share of the bandwidth that a program gets, up to
                         1 [0.94: TCP over Ethernet, 1,448 of 1,538 bytes] */
} cnn_scaling_link;

/** What is to be expected. Times are in seconds. */
typedef struct cnn_scaling_prediction {
    uint32_t struct_size; /**< sizeof(cnn_scaling_prediction), set before the
                               call */
    uint32_t reserved;    /**< 0 */
    double compute;       /**< of a step */
    double exchange;      /**< of a step: meetings of the ranks */
    double sum;           /**< of a step: adding up the gradients */
    double step;          /**< all three */
    double samples;       /**< of all ranks together, a second */
    double efficiency;    /**< `samples` of n times what one rank does with the
                               same `batch`: compute / step */
    int64_t batch_90; /**< samples of a rank from which efficiency is at least
                           0.9; INT64_MAX if there are no so many */
} cnn_scaling_prediction;

/** Options of cnn_scaling_measure(). Zero means the default in brackets. */
typedef struct cnn_scaling_options {
    uint32_t struct_size; /**< sizeof(cnn_scaling_options) */
    int32_t small;  /**< samples of the smaller batch, less than the batch has
                         [a quarter of it] */
    double seconds; /**< how long to measure, at least; finite and at least 0.
                         Each time is taken three times or more [1] */
} cnn_scaling_options;

/**
 * Predicts a step of several ranks, by the formulas above.
 *
 * @param ranks  n, 1 to CNN_MAX_PORTIONS (ranks.h)
 * @param batch  b, the samples of one rank, at least 1
 * @param out    overwritten
 * @return CNN_OK; CNN_EINVAL, with the field in the text, and nothing written
 */
CNN_API cnn_status cnn_scaling_predict(const cnn_scaling_machine *machine,
                                       const cnn_scaling_link *link,
                                       int32_t ranks, int32_t batch,
                                       cnn_scaling_prediction *out);

/**
 * Measures this machine's part with as many threads as are set
 * (cnn_set_num_threads()): steps with two batches, updates and sums, in turn;
 * the least time of each counts. `per_sample` is the slope between the two,
 * and `fixed` the rest, at least `update`.
 *
 * The steps are those of a copy of the net, which takes about as much memory as
 * a net that is built for that batch, and begin with its parameters each time.
 * The net itself stays as it is. Layers, losses and optimisers are used as in a
 * training; functions of the program are called.
 *
 * @param net      built
 * @param batch    at least 2 samples: the larger batch, near what a rank would
 *                 have. The smaller one is its first samples. It may be larger
 *                 than max_batch of the net
 * @param options  NULL for all defaults
 * @param out      overwritten
 * @return CNN_OK; what cnn_net_copy() and cnn_net_train_batch() return, and
 *         nothing written. CNN_EINVAL also if the net has no parameters
 */
CNN_API cnn_status cnn_scaling_measure(const cnn_net *net,
                                       const cnn_optim *optim,
                                       const cnn_batch *batch,
                                       const cnn_scaling_options *options,
                                       cnn_scaling_machine *out);

CNN_END_DECLS

#endif
