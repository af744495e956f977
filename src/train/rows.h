/* The arrays that samples of a dataset are read into, for a batch. */
#ifndef CNN_TRAIN_ROWS_H
#define CNN_TRAIN_ROWS_H

#include "base/memory.h"
#include "cnn/batch.h"
#include "cnn/dataset.h"

/* What a dataset does not have is NULL. With targets, its labels are not what a
 * net learns from, so these are NULL too. */
typedef struct cnn__rows {
    int64_t *index;  /* (N): the number of each sample, set by the caller */
    float *x;        /* (N, C, H, W) */
    int32_t *labels; /* (N) */
    float *targets;  /* (N, output shape) */
    float *weights;  /* (N) */
} cnn__rows;

/* Takes room for N samples from the arena. */
cnn__rows cnn__rows_lay_out(const cnn_dataset *dataset, size_t N,
                            cnn__arena *arena);

/* Reads the samples that `index` names, as a batch. */
cnn_status cnn__rows_read(const cnn__rows *rows, const cnn_dataset *dataset,
                          int32_t count, cnn_batch *batch);

#endif
