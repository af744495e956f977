/* A pass through a stack of layers: the buffers it writes, shared by nets and
 * sessions. */
#ifndef CNN_NET_PASS_H
#define CNN_NET_PASS_H

#include "net/fusion.h"

typedef struct cnn__pass {
    cnn_layer *const *layers;
    int32_t count;
    cnn__fusion *fusions; /* of each layer */
    float **y;    /* the output of each layer; y[i] = y[i - 1] if in place; NULL
                     if it is hidden: inside, and not needed to go back */
    float **kept; /* what each layer finds again (cnn__workspace) */
    cnn__run run;
} cnn__pass;

/* A pass through layers whose shapes are known, for up to `batch` samples;
 * frees what *pass had. CNN_ENOMEM. */
cnn_status cnn__pass_start(cnn__pass *pass, cnn_layer *const *layers,
                           int32_t count, int32_t batch);

/* Frees what it has of its own; the arena's block is the caller's. */
void cnn__pass_free(cnn__pass *pass);

/* Plans its arrays. With `keep`, every layer's output is kept for the backward
 * pass; without, two buffers take turns, and what is inside is not stored. */
void cnn__pass_plan(cnn__pass *pass, int32_t batch, bool keep, int32_t workers,
                    cnn__arena *arena);

/* Gives hidden outputs a place, for somebody who wants to see them, or, with
 * NULL, takes it away. */
void cnn__pass_show(cnn__pass *pass, int32_t batch, float *memory);

/* Floats that this takes. */
size_t cnn__pass_hidden_floats(const cnn__pass *pass, int32_t batch);

/* Runs layers 0 .. end - 1 on x. Between cnn__gemm_enter() and _leave(). */
void cnn__pass_forward(cnn__pass *pass, int32_t end, uint32_t flags,
                       int32_t batch, const float *x);

/* Checks the arguments of a predict call. */
cnn_status cnn__check_predict(int64_t count, const float *x, const float *y);

/* Outputs for any number of samples, `batch` at a time. */
void cnn__pass_predict(cnn__pass *pass, int32_t batch, int64_t count,
                       const float *x, float *y);

#endif
