/* The schedule of a trainer and its state. */
#ifndef CNN_TRAIN_SCHEDULE_H
#define CNN_TRAIN_SCHEDULE_H

#include "cnn/schedule.h"

typedef struct cnn__schedule {
    cnn_schedule_options o;
    float base;
    /* For a plateau: the current epoch, the best one, epochs without progress.
     */
    double loss, samples, best;
    int32_t waited;
    float scale;
} cnn__schedule;

/* Reads and checks the options, and sets the initial state. */
cnn_status cnn__schedule_start(cnn__schedule *s, float base,
                               const cnn_schedule_options *options);

/* The learning rate of a step. */
float cnn__schedule_lr(const cnn__schedule *s, int64_t step);

/* Records a step of `samples` samples whose losses add up to `loss`, and
 * whether it was the last of its epoch. */
void cnn__schedule_follow(cnn__schedule *s, double loss, double samples,
                          int epoch_ends);

#endif
