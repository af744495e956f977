/* The average of a net's weights over the steps of a training (cnn/fit.h). */
#ifndef CNN_TRAIN_AVERAGE_H
#define CNN_TRAIN_AVERAGE_H

#include "train/shadow.h"

typedef struct cnn__average {
    float decay;   /* 0: there is no average */
    int64_t count; /* steps that are in it */
    cnn__shadow shadow;
} cnn__average;

/* Adds the net as it is after a step. */
void cnn__average_step(cnn__average *a, const cnn_net *net);

#endif
