/* What a trainer is made of, for checkpoints. */
#ifndef CNN_TRAIN_TRAINER_IMPL_H
#define CNN_TRAIN_TRAINER_IMPL_H

#include <stdatomic.h>

#include <stdbool.h>

#include "cnn/trainer.h"
#include "train/average.h"
#include "train/feed.h"
#include "train/ranks.h"
#include "train/schedule.h"
#include "train/stopping.h"

/* What the steps of an epoch gave so far. */
typedef struct cnn__sums {
    int64_t epoch; /* the one that the last step began in */
    double loss;   /* over all samples */
    int64_t count, correct;
} cnn__sums;

struct cnn_trainer {
    cnn_net *net;
    cnn_optim *optim;
    const cnn_dataset *dataset;
    cnn__ranks *ranks; /* NULL: this process trains alone */
    cnn_trainer_options o;
    int32_t count;       /* samples in the dataset */
    int64_t step, epoch; /* steps done; epoch of the next sample */
    int32_t position;    /* of the next sample in its epoch */
    cnn__feed feed;      /* of its batches; while that reads, it has ... */
    int64_t next_epoch;  /* ... the epoch and position after them, ... */
    int32_t next_position;
    int64_t order_epoch; /* ... the epoch that `order` is shuffled for, ... */
    int32_t *order;      /* ... and (count) that */
    float *before;       /* what a step in pieces began with: arrays that are
                            not trained */
    atomic_int cancel;
    bool scheduled;
    cnn__schedule schedule;
    bool augmented;
    cnn_augment_options augment;
    float *paper;          /* (C): values of a pixel 0, before ... */
    int32_t workers;       /* number of scratch areas, ... */
    size_t scratch_stride; /* ... of this many floats each */
    float *scratch;
    cnn__average average;
    atomic_bool validating; /* the net has the average, and that the net */
    cnn__stopping stopping;
    cnn__sums sums;
    int64_t settled; /* the last step after which cnn_trainer_fit() looked */
    int32_t stopped; /* CNN_STOPPED_* */
    void *memory;    /* the block of the arrays */
};

/* CNN_EINVAL if there is none; CNN_ESTATE while it validates an average. */
cnn_status cnn__trainer_check_idle(const cnn_trainer *t, const char *caller);

/* Lists the samples of the next batch, which may extend into the next epoch: of
 * several ranks, those of this one (cnn__feed). */
int32_t cnn__trainer_list(void *trainer, int64_t *index, bool *more);

/* Goes to a position: the next batch begins there. */
void cnn__trainer_go(cnn_trainer *t, int64_t step, int64_t epoch,
                     int32_t position);

#endif
