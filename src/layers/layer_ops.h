/* The contract between a kind of layer and everything else.
 *
 * A kind of layer is one file: a struct whose first member is cnn_layer, the
 * functions of cnn__layer_ops, and one const table of them. Nothing outside of
 * that file knows the struct; nets, files and summaries work through the table.
 * docs/contributing.md shows how to add one. */
#ifndef CNN_LAYERS_LAYER_OPS_H
#define CNN_LAYERS_LAYER_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnn/layer.h"
#include "cnn/summary.h"

/* A setting of a layer, by which model files and the registry read and write
 * it. Every setting is four bytes; `type` says what they are. */
typedef enum cnn__field_type { CNN__INT, CNN__FLOAT } cnn__field_type;

typedef struct cnn__field {
    const char *name;
    cnn__field_type type;
    size_t offset; /* in the layer's struct */
} cnn__field;

/* Memory that a pass needs, in floats. */
typedef struct cnn__workspace {
    size_t shared;  /* one for the call */
    size_t scratch; /* of each worker */
    size_t kept;    /* of this layer alone: what it writes there it finds again
                       in the next pass. Zeros before the first */
} cnn__workspace;

typedef struct cnn__fused cnn__fused; /* layers/fused.h */

/* What a pass hands to each layer. */
typedef struct cnn__run {
    int32_t batch;
    uint32_t flags;          /* CNN_TRAIN */
    const cnn__fused *fused; /* what takes this layer's outputs, or NULL */
    uint64_t seed;           /* of the build, and ... */
    uint64_t step; /* ... the number of this pass with CNN_TRAIN: what random
                      numbers of the pass follow from */
    int32_t workers;
    size_t scratch_stride; /* floats from one worker's to the next */
    float *scratch;        /* of the first worker */
    float *shared, *kept;
} cnn__run;

/* Traits. */
enum {
    CNN__NEEDS_X = 1,     /* backward reads x */
    CNN__NEEDS_Y = 2,     /* backward reads y */
    CNN__IN_PLACE = 4,    /* forward works with y = x, backward with dx = dy */
    CNN__SOFTMAX = 8,     /* y = softmax(x): cross-entropy starts from x */
    CNN__ACTIVATION = 16, /* its outputs are units that may die or saturate */
};

/* A layer that computes each sample from that sample alone: n samples, in the
 * caller's thread. */
typedef struct cnn__sample_ops {
    void (*forward)(const cnn_layer *layer, int32_t n, const float *x,
                    float *y);
    void (*backward)(const cnn_layer *layer, int32_t n, const float *x,
                     const float *y, const float *dy, float *dx);
} cnn__sample_ops;

/* A function of each element, with its slope from y alone: n floats, in the
 * caller's thread; y may be x, and dx dy. */
typedef struct cnn__pointwise_ops {
    void (*forward)(const cnn_layer *layer, size_t n, const float *x, float *y);
    void (*backward)(const cnn_layer *layer, size_t n, const float *y,
                     const float *dy, float *dx);
    /* The bounds of y; false if there are none. */
    bool (*bounds)(const cnn_layer *layer, float *low, float *high);
} cnn__pointwise_ops;

/* Pooling whose outputs are one of their inputs each: forward also puts down
 * which, a byte for each output, and backward goes by that alone. */
typedef struct cnn__picking_ops {
    bool (*fits)(
        const cnn_layer *layer); /* is there such a way in its shape? */
    void (*forward)(const cnn_layer *layer, int32_t n, const float *x, float *y,
                    uint8_t *picked);
    void (*backward)(const cnn_layer *layer, int32_t n, const uint8_t *picked,
                     const float *dy, float *dx);
} cnn__picking_ops;

/* A layer that computes some samples at a time, and hands their outputs on
 * (layers/fused.h). */
typedef struct cnn__head_ops {
    /* The most samples of a batch at a time; 0: all, in this shape nothing can
     * be done with them in between. */
    int32_t (*grain)(const cnn_layer *layer, int32_t batch);
} cnn__head_ops;

/* A setting that is an array of rows x columns bytes. */
typedef struct cnn__table_ops {
    const uint8_t *(*get)(const cnn_layer *layer, int32_t *rows,
                          int32_t *columns);
    cnn_status (*set)(cnn_layer *layer, int32_t rows, int32_t columns,
                      const uint8_t *table);
} cnn__table_ops;

typedef struct cnn__layer_ops {
    const char *kind;
    size_t size;                  /* of the layer's struct */
    size_t options, options_size; /* its options struct; size 0: none */
    uint32_t traits;
    int32_t field_count;
    const cnn__field *fields;
    /* Are the settings possible? Fills in the defaults for zeros. NULL: there
     * are none. */
    cnn_status (*check)(cnn_layer *layer);
    /* layer->in is set, and layer->out equal to it: sets layer->out, adds
     * tensors, and plans. Checks every size that the run relies on. May be
     * called again after a failure. NULL: the output is like the input. */
    cnn_status (*shape)(cnn_layer *layer);
    /* Sets what passes of up to `batch` samples need. NULL: nothing. */
    void (*sizes)(const cnn_layer *layer, int32_t batch, cnn__workspace *need);
    /* Initial values that no initialiser gives. NULL: there are none. */
    void (*init)(cnn_layer *layer);
    /* Everything that can fail has failed before: these two cannot. They write
     * only what they are handed, so that sessions can share a layer. dx may be
     * NULL. */
    void (*forward)(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y);
    void (*backward)(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy,
                     float *dx);
    /* What one sample costs. NULL: nothing worth counting. */
    void (*count)(const cnn_layer *layer, cnn_layer_counts *counts);
    /* Frees memory of its own. NULL: there is none. */
    void (*release)(cnn_layer *layer);
    /* What only some can do; NULL: it cannot. */
    const cnn__sample_ops *samples;
    const cnn__pointwise_ops *pointwise;
    const cnn__picking_ops *picking;
    const cnn__head_ops *head;
    const cnn__table_ops *table;
} cnn__layer_ops;

/* Passes are counted round and round up to here, so that a file can always hold
 * the number. */
#define CNN__LAST_PASS (((uint64_t)1 << 53) - 1)

static inline void cnn__run_count(cnn__run *run, int by)
{
    run->step = (run->step + (uint64_t)by) & CNN__LAST_PASS;
}

/* A worker's part of the workspace. */
static inline float *cnn__run_scratch(const cnn__run *run, int32_t worker)
{
    return run->scratch + (size_t)worker * run->scratch_stride;
}

#endif
