/* Judging a training by validations: the best so far, and when to stop
 * (cnn/fit.h). */
#ifndef CNN_TRAIN_STOPPING_H
#define CNN_TRAIN_STOPPING_H

#include "cnn/fit.h"
#include "train/shadow.h"

typedef struct cnn__stopping {
    bool on;
    cnn_stopping_options o;
    int64_t step;     /* of the best; -1: none yet */
    double value;     /* the best */
    int32_t waited;   /* validations since then */
    cnn__shadow best; /* what was judged then */
} cnn__stopping;

/* Is the patience used up? */
bool cnn__stopping_ends(const cnn__stopping *s);

/* What is watched of the result of a validation. */
double cnn__stopping_value(const cnn__stopping *s, const cnn_metrics *m);

#endif
