/* Sums over the samples of a dataset, from which scores follow. */
#ifndef CNN_TRAIN_SCORE_SUMS_H
#define CNN_TRAIN_SCORE_SUMS_H

#include "base/memory.h"
#include "cnn/scores.h"
#include "train/walk.h"

/* All are of weights, but `correct`. Samples of weight 0 are only in that. */
typedef struct cnn__score_sums {
    int32_t kind; /* CNN_SCORE_... */
    size_t K;
    double bound; /* of a logit, above which a label is there */
    size_t top_k; /* of classes */
    int64_t correct;
    double weight;
    double right;    /* of the samples that are */
    double elements; /* of the labels that are right */
    double top;      /* of the samples whose class is in the top k */
    /* (K) each, or NULL: of classes and labels */
    double *true_positives, *false_positives, *false_negatives;
    /* and of numbers: |y - t|; (y - t)^2; the mean of t so far; the squares
     * around it */
    double *distance, *square, *mean, *spread;
} cnn__score_sums;

/* Takes room for the arrays of a kind from the arena. */
void cnn__score_sums_lay_out(cnn__score_sums *sums, cnn__arena *arena);

/* Adds a batch: a cnn__walk_fn, of the sums. */
void cnn__score_sums_add(void *sums, const cnn_net *net,
                         const cnn__outcome *outcome);

#endif
