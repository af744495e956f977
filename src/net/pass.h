/* A pass through the layers of a net, and the buffers it writes. Nets and
 * sessions have one each. */
#ifndef CNN_NET_PASS_H
#define CNN_NET_PASS_H

#include "net/fusion.h"
#include "net/liveness.h"

/* In place of the number of an array. */
enum {
    CNN__CALLERS = -1, /* the array that the caller wants dx in */
    CNN__NO_ARRAY = -2
};

/* What becomes of the gradient of one input of a layer. If the input is taken
 * by higher layers too, theirs is added to it. */
typedef struct cnn__flow {
    int32_t to;   /* where the layer writes it; CNN__NO_ARRAY: it is dy */
    int32_t with; /* what it is added to; CNN__NO_ARRAY: it is the first */
    int32_t sum;  /* where the sum goes: `with` or `to`, or a third array */
} cnn__flow;

typedef struct cnn__back_node {
    int32_t dy;    /* the array that has the gradient of its output */
    int32_t flows; /* the number of the flow of its first input */
    bool wanted;   /* in this pass: it or something below it learns */
} cnn__back_node;

typedef struct cnn__back {
    cnn__back_node *nodes; /* one for each layer */
    cnn__flow *flows;      /* one for each input of each layer */
    cnn__arrays arrays;    /* steps are layers, from the last one on */
    float *memory;         /* of those arrays */
} cnn__back;

typedef struct cnn__pass {
    cnn_layer *const *layers;
    int32_t count;
    cnn__fusion *fusions; /* one for each layer */
    cnn__arrays arrays;   /* outputs that are not kept; steps are layers */
    int32_t *array;       /* which one a layer's output is; -1: hidden */
    float *memory;        /* of those arrays */
    cnn__back back;       /* for passes that keep outputs */
    bool poison;          /* tests: overwrite arrays that are dead */
    float **y;    /* output of each layer; that of its input if in place; NULL
                     if hidden: fused to the next layer and not needed by
                     backward */
    float **kept; /* memory of each layer that stays (cnn__workspace) */
    const float **joined; /* inputs of a join, while it runs */
    cnn__run run;
} cnn__pass;

/* Prepares passes of up to `batch` samples through layers whose shapes are
 * known; frees what *pass had. With `keep`, every output that backward needs
 * gets a place of its own. Without, outputs share memory unless they live at
 * the same time, and those between fused layers have no place. CNN_ENOMEM. */
cnn_status cnn__pass_start(cnn__pass *pass, cnn_layer *const *layers,
                           int32_t count, int32_t batch, bool keep);

/* Bytes of the pass's own memory. */
size_t cnn__pass_bytes(cnn_layer *const *layers, int32_t count, bool keep);

/* Frees the pass's own memory; the arena's block is the caller's. */
void cnn__pass_free(cnn__pass *pass);

/* Lays out the arrays of a pass that was started with the same arguments. */
void cnn__pass_plan(cnn__pass *pass, int32_t batch, bool keep, int32_t workers,
                    cnn__arena *arena);

/* Floats of a layer's output. */
static inline size_t cnn__output_floats(const cnn_layer *layer, int32_t batch)
{
    return cnn__size_mul((size_t)batch, cnn__shape_size(&layer->out));
}

/* Floats of a sample of what a layer takes as its input k. */
static inline size_t cnn__input_floats(const cnn__pass *pass, int32_t layer,
                                       int32_t k)
{
    const int32_t from = pass->layers[layer]->from[k];

    return cnn__shape_size(from >= 0 ? &pass->layers[from]->out
                                     : &pass->layers[0]->in);
}

/* What a layer takes as its input k, when the pass runs on x. */
const float *cnn__pass_input(const cnn__pass *pass, int32_t layer, int32_t k,
                             const float *x);

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
