/* The schedule of a trainer and what it remembers. */
#ifndef CNN_TRAIN_SCHEDULE_H
#define CNN_TRAIN_SCHEDULE_H

#include "cnn/schedule.h"

typedef struct cnn__schedule {
    cnn_schedule_options o;
    float base;
    /* Of a plateau: the epoch at hand, the best one, epochs without progress.
     */
    double loss, samples, best;
    int32_t waited;
    float scale;
} cnn__schedule;

/* Reads and checks the options; everything else begins. */
cnn_status cnn__schedule_start(cnn__schedule *s, float base,
                               const cnn_schedule_options *options);

/* The learning rate of a step. */
float cnn__schedule_lr(const cnn__schedule *s, int64_t step);

/* A step of `samples` samples had that loss in all; it was the last of its
 * epoch or not. */
void cnn__schedule_follow(cnn__schedule *s, double loss, double samples,
                          int epoch_ends);

#endif
