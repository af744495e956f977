/* Losses of a batch and their gradients. */
#ifndef CNN_TRAIN_LOSS_H
#define CNN_TRAIN_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "cnn/custom.h"
#include "cnn/net.h"

/* A loss with its settings. */
typedef struct cnn__criterion {
    int32_t loss;    /* CNN_LOSS_... */
    float smoothing; /* of the targets of cross-entropy */
    float delta;     /* of Huber's loss */
    cnn_loss_fn own; /* CNN_LOSS_CUSTOM */
    void *user;      /* handed to it */
} cnn__criterion;

/* N samples of K outputs each, with what they should be, checked. */
typedef struct cnn__outcome {
    int32_t N;
    size_t K;
    const float *y;        /* (N, K) */
    const int32_t *labels; /* (N), or NULL if there are ... */
    const float *targets;  /* ... (N, K) */
    const float *weights;  /* (N), or NULL: 1 each */
} cnn__outcome;

/* One of them. */
typedef struct cnn__scored_sample {
    const float *y;       /* (K) */
    const float *targets; /* (K); NULL: 1 at the label, 0 elsewhere */
    int32_t label;
    size_t K;
} cnn__scored_sample;

static inline float cnn__target(const cnn__scored_sample *s, size_t k)
{
    return s->targets != NULL ? s->targets[k]
                              : (k == (size_t)s->label ? 1.0f : 0.0f);
}

/* The loss of a sample. If dy (K) is not NULL, it becomes the gradient times
 * `scale`; it may be y. */
typedef double cnn__loss_fn(const cnn__criterion *criterion,
                            const cnn__scored_sample *s, float scale,
                            float *dy);

extern cnn__loss_fn cnn__cross_entropy, cnn__lenet_map; /* loss_classes.c */
extern cnn__loss_fn cnn__squared_error, cnn__absolute_error, cnn__huber,
    cnn__binary_cross_entropy; /* loss_elements.c */
extern cnn__loss_fn cnn__custom_loss;

/* The sum of the losses of all samples, each times its weight; dy (N, K) as
 * above. */
double cnn__loss(const cnn__criterion *criterion, const cnn__outcome *outcome,
                 float scale, float *dy);

/* The class that K outputs speak for under a loss: the first best of them; -1
 * if one is NaN. */
int32_t cnn__guess(int32_t loss, const float *y, size_t K);

/* How many outputs come before that of a class under a loss: the better ones,
 * and of equal ones those before it. None may be NaN. */
size_t cnn__rank(int32_t loss, const float *y, size_t K, int32_t class);

/* How many samples are right: the guess is the label, or that of the targets of
 * cross-entropy, or each output is on the side of 0 that the target of binary
 * cross-entropy asks for. With the targets of other losses none is. */
int64_t cnn__hits(const cnn__criterion *criterion, const cnn__outcome *outcome);

#endif
