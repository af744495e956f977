/* libcnn's part in a comparison: what a script runs in turn with another
 * program (against_torch.py, against_onnx.py). */
#ifndef BENCH_BESIDE_H
#define BENCH_BESIDE_H

#include "bench/networks.h"

typedef struct beside {
    const char *folder;
    const network *network;
    int32_t threads, batch;
    int rounds;
} beside;

/* Trains on `images` and `labels` of the folder, IDX files of 28 x 28; writes
 * the initial parameters to NAME.safetensors there, and prints the losses of
 * the first steps, the times of all, and the memory as a JSON object. */
void beside_train(const beside *b);

/* Predicts the first batch of `images`; writes the parameters as above and the
 * outputs to NAME.outputs, and prints the times as a JSON object. */
void beside_predict(const beside *b);

#endif
