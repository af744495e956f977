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

/* How many samples have their label's output as the first largest. */
int64_t cnn__hits(const cnn__outcome *outcome);

/* The number of the first largest of K values; -1 if one is NaN. */
int32_t cnn__argmax(const float *y, size_t K);

#endif
