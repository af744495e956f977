/* Losses of a batch and their gradients. */
#ifndef CNN_TRAIN_LOSS_H
#define CNN_TRAIN_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "cnn/net.h"

/* N samples of K outputs each, with labels that were checked. */
typedef struct cnn__outcome {
    int32_t N;
    size_t K;
    const float *y;        /* (N, K) */
    const int32_t *labels; /* (N) */
} cnn__outcome;

/* Returns the sum of the losses of all samples. If dy (N, K) is not NULL, it
 * becomes the gradient times `scale`; it may be y. */
double cnn__loss(int32_t loss, const cnn__outcome *outcome, float scale,
                 float *dy);

/* The class that K outputs stand for under a loss: the first best one; -1 if
 * one is NaN. */
int32_t cnn__guess(int32_t loss, const float *y, size_t K);

/* The number of samples whose class is guessed right. */
int64_t cnn__hits(int32_t loss, const cnn__outcome *outcome);

#endif
