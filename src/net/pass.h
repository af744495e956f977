/* A pass through a stack of layers, and the buffers it writes. Nets and
 * sessions have one each. */
#ifndef CNN_NET_PASS_H
#define CNN_NET_PASS_H

#include "net/fusion.h"

typedef struct cnn__pass {
    cnn_layer *const *layers;
    int32_t count;
    cnn__fusion *fusions; /* one for each layer */
    float **y;    /* output of each layer; y[i - 1] if in place; NULL if hidden:
                     fused to the next layer and not needed by backward */
    float **kept; /* memory of each layer that stays (cnn__workspace) */
    cnn__run run;
} cnn__pass;

/* Prepares passes of up to `batch` samples through layers whose shapes are
 * known; frees what *pass had. CNN_ENOMEM. */
cnn_status cnn__pass_start(cnn__pass *pass, cnn_layer *const *layers,
                           int32_t count, int32_t batch);

/* Frees the pass's own memory; the arena's block is the caller's. */
void cnn__pass_free(cnn__pass *pass);

/* Lays out the arrays. With `keep`, every output that backward needs is stored.
 * Without, two buffers alternate, and outputs between fused layers are not
 * stored. */
void cnn__pass_plan(cnn__pass *pass, int32_t batch, bool keep, int32_t workers,
                    cnn__arena *arena);

/* Stores hidden outputs in `memory` from now on; NULL: hides them again. */
void cnn__pass_show(cnn__pass *pass, int32_t batch, float *memory);

/* Floats that `memory` needs. */
size_t cnn__pass_hidden_floats(const cnn__pass *pass, int32_t batch);

/* Runs layers 0 .. end - 1 on x. Call it between cnn__gemm_enter() and
 * _leave(). */
void cnn__pass_forward(cnn__pass *pass, int32_t end, uint32_t flags,
                       int32_t batch, const float *x);

/* Checks the arguments of a predict call. */
cnn_status cnn__check_predict(int64_t count, const float *x, const float *y);

/* Computes the outputs of any number of samples, `batch` at a time. */
void cnn__pass_predict(cnn__pass *pass, int32_t batch, int64_t count,
                       const float *x, float *y);

/* Computes the outputs of layer `index` of a pass that keeps them, for any
 * number of samples. */
void cnn__pass_predict_layer(cnn__pass *pass, int32_t index, int32_t batch,
                             int64_t count, const float *x, float *y);

#endif
