/* Losses of a batch and their gradients. */
#ifndef CNN_TRAIN_LOSS_H
#define CNN_TRAIN_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "cnn/net.h"

/* N samples of K outputs each, with their labels, checked. */
typedef struct cnn__outcome {
    int32_t N;
    size_t K;
    const float *y;        /* (N, K) */
    const int32_t *labels; /* (N) */
} cnn__outcome;

/* The sum of the losses of all samples. If dy (N, K) is not NULL, it becomes
 * the gradient times `scale`; it may be y. */
double cnn__loss(int32_t loss, const cnn__outcome *outcome, float scale,
                 float *dy);

/* The class that K outputs speak for under a loss: the first best of them; -1
 * if one is NaN. */
int32_t cnn__guess(int32_t loss, const float *y, size_t K);

/* How many samples are guessed right. */
int64_t cnn__hits(int32_t loss, const cnn__outcome *outcome);

#endif
