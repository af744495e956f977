/**
 * @file trainer.h
 * Training a net on a dataset: shuffled batches, stopping and going on.
 */
#ifndef CNN_TRAINER_H
#define CNN_TRAINER_H

#include "cnn/augment.h"
#include "cnn/dataset.h"
#include "cnn/export.h"
#include "cnn/net.h"
#include "cnn/optim.h"
#include "cnn/schedule.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** Flag in cnn_trainer_options: take the samples in their own order. */
#define CNN_NO_SHUFFLE 0x1u

/** Options of cnn_trainer_create(). Zero means the default in brackets. */
typedef struct cnn_trainer_options {
    uint32_t struct_size; /**< sizeof(cnn_trainer_options) */
    uint32_t flags;       /**< CNN_NO_SHUFFLE [0] */
    int32_t batch;        /**< samples in a step [the net's max_batch for each
                               piece] */
    float clip_norm;    /**< the gradients of the whole net, as one vector, are
                             shortened to this length if they are longer [never];
                             gradients of frozen layers count if they are
                             computed */
    uint64_t seed;      /**< of shuffling and augmentation [0] */
    int32_t read_ahead; /**< batches that a thread reads while a step computes,
                             each with memory of its own; -1: none [2 if the
                             dataset has a reader (reader.h), else none] */
    int32_t accumulate; /**< run each batch in so many pieces, one after the
                             other, whose gradients are added up [1] */
} cnn_trainer_options;

/** Where a trainer stands, as its callback sees it. */
typedef struct cnn_progress {
    uint32_t struct_size; /**< how much of it there is; set by libcnn */
    uint32_t reserved;    /**< 0 */
    int64_t step;         /**< steps done since the training began */
    int64_t epoch; /**< passes over the dataset that began before this one */
    cnn_metrics metrics; /**< of the step just done, before its update */
} cnn_progress;

/** Called after each step, in the thread that runs. Not 0 stops the run. It may
 *  read and evaluate the net and set the learning rate. */
typedef int32_t (*cnn_trainer_callback)(void *user,
                                        const cnn_progress *progress);

/**
 * A trainer borrows the net (built), the optimiser and the dataset (not empty),
 * which must outlive it. An epoch takes each sample once, in an order that
 * follows from the seed and the number of the epoch. All batches are full: one
 * batch may hold the last samples of an epoch and the first of the next.
 *
 * With `accumulate`, a batch may be that many times the net's max_batch: a step
 * takes the time of its samples, but the memory of one piece. It is the step of
 * the whole batch but for rounding: loss, metrics, weights of samples, dropout
 * and augmentation are those of the batch. Batch normalisation alone looks at
 * one piece at a time, and its running statistics follow each. Checkpoints go
 * from any number of pieces to any other.
 *
 * @return the trainer, to be freed with cnn_trainer_free(), or NULL:
 *         CNN_EINVAL, CNN_ESTATE (net not built), CNN_ESHAPE (the images or
 *         the number of classes do not fit the net), CNN_ENOMEM
 */
CNN_API cnn_trainer *cnn_trainer_create(cnn_net *net, cnn_optim *optim,
                                        const cnn_dataset *dataset,
                                        const cnn_trainer_options *options);

/** Frees a trainer; NULL is fine. Net, optimiser and dataset stay. A thread
 *  that reads ahead ends with the batch that it is at. */
CNN_API void cnn_trainer_free(cnn_trainer *trainer);

/**
 * Lets the learning rate follow a schedule from now on: each step sets the rate
 * of the optimiser. The schedule counts the trainer's steps from 0; it is saved
 * and resumed with the trainer. Errors: CNN_EINVAL, and the old schedule stays.
 *
 * @param base     the base learning rate
 * @param options  NULL for a constant rate
 */
CNN_API cnn_status cnn_trainer_set_schedule(
    cnn_trainer *trainer, float base, const cnn_schedule_options *options);

/**
 * Changes the images of every batch a little from now on. The random numbers
 * for an image are a function of the seed, the step and the place of the image
 * in the batch. Pixels from outside the image have the value of a pixel 0.
 *
 * @param options  NULL for none
 * @return CNN_OK, CNN_EINVAL, CNN_ENOMEM; after a failure the old options stay
 */
CNN_API cnn_status cnn_trainer_set_augmentation(
    cnn_trainer *trainer, const cnn_augment_options *options);

/** One step on the next batch, as cnn_net_train_step(). Also what the reader of
 *  a dataset fails with, and CNN_EOVERFLOW at step or epoch 2^62, a number that
 *  a checkpoint may contain. The bits are the same whether batches are read
 *  ahead or not. A failure to read is that of the step whose batch it is; the
 *  next call reads that batch again. After a failure the trainer is at the same
 *  step as before. If a gradient is not finite, the running statistics of batch
 *  normalisation may have changed. If a parameter is not finite, the parameters
 *  have changed as well. */
CNN_API cnn_status cnn_trainer_step(cnn_trainer *trainer, cnn_metrics *out);

/**
 * Does `steps` steps. It ends earlier if a step fails, if the callback does not
 * return 0, or if cnn_trainer_cancel() is called.
 *
 * @param callback  NULL for none
 * @param user      handed to the callback
 * @return CNN_OK after all steps; CNN_ECANCELED if the run was stopped: all
 *         steps so far are complete; otherwise as cnn_trainer_step()
 */
CNN_API cnn_status cnn_trainer_run(cnn_trainer *trainer, int64_t steps,
                                   cnn_trainer_callback callback, void *user);

/** Ends cnn_trainer_run() or _fit() after its current step; if no run is in
 *  progress, the next run ends at once. Any thread and any signal handler may
 *  call this. */
CNN_API void cnn_trainer_cancel(cnn_trainer *trainer);

/** Steps done since the training began, over all resumes. */
CNN_API int64_t cnn_trainer_steps(const cnn_trainer *trainer);

/** The number of the epoch that the next sample comes from, from 0. */
CNN_API int64_t cnn_trainer_epoch(const cnn_trainer *trainer);

/**
 * Saves everything that a resumed training needs to equal one that never
 * stopped, bit for bit: parameters, the optimiser's memory and settings, step,
 * epoch and position; which layers are frozen, and the factors of their rates;
 * and the net's metadata. The file is a model file (model.h) as well. Atomic:
 * after any failure the old file is whole. CNN_EDIVERGED, and nothing written,
 * if a parameter is not finite. Others: CNN_EINVAL, CNN_EIO, CNN_ENOMEM.
 */
CNN_API cnn_status cnn_trainer_save(const cnn_trainer *trainer,
                                    const char *path);

/**
 * Goes on from a file of cnn_trainer_save(). The net must have the same
 * layers, the dataset the same content, the optimiser the same settings (the
 * learning rate is taken from the file) and the options the same values. The
 * metadata of the file replace those of the net, also if the file has none.
 * Layers become frozen, with factors of their rates, as in the file; files of
 * versions that did not save this leave the layers as they are. Set what should
 * differ from the file after resuming.
 *
 * @return CNN_OK; CNN_EINVAL or CNN_ESHAPE (made for another net, dataset,
 *         optimiser or options); CNN_EIO, CNN_EFORMAT, CNN_EUNSUPPORTED,
 *         CNN_ENOMEM; after a failure net and trainer are as they were
 */
CNN_API cnn_status cnn_trainer_resume(cnn_trainer *trainer, const char *path);

/**
 * Loss and hits of a net over a whole dataset, in batches of its max_batch.
 * More is in cnn_net_score() (scores.h).
 *
 * @param out        not NULL; the loss is reduced over the whole dataset
 * @param confusion  K x K counts for K outputs, [label][prediction],
 *                   overwritten; NULL if not wanted. A sample with a NaN among
 *                   its outputs is wrong, and in no cell
 * @return CNN_OK, CNN_EINVAL, CNN_ESTATE, CNN_ESHAPE, CNN_ENOMEM; what a reader
 *         of the program fails with: then `confusion` is all 0
 */
CNN_API cnn_status cnn_net_evaluate(cnn_net *net, const cnn_dataset *dataset,
                                    cnn_metrics *out, int64_t *confusion);

CNN_END_DECLS

#endif
