/* The contract between a kind of layer and everything else.
 *
 * A kind of layer is one file: a struct whose first member is cnn_layer, the
 * functions of cnn__layer_ops, and one const table of them. Nothing outside
 * that file knows the struct; nets, files and summaries use the table.
 * docs/contributing.md shows how to add a kind. */
#ifndef CNN_LAYERS_LAYER_OPS_H
#define CNN_LAYERS_LAYER_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnn/layer.h"
#include "cnn/summary.h"

/* A setting of a layer, which model files read and write by name. Every setting
 * is four bytes; `type` says what they are. */
typedef enum cnn__field_type {
    CNN__INT,
    CNN__FLOAT,
    CNN__UNSTORED /* an int that says how to compute: no file has it */
} cnn__field_type;

typedef struct cnn__field {
    const char *name;
    cnn__field_type type;
    size_t offset; /* in the layer's struct */
} cnn__field;

/* Memory that a pass needs, in floats. */
typedef struct cnn__workspace {
    size_t shared;  /* one array for the whole call */
    size_t scratch; /* for each worker */
    size_t kept; /* for this layer alone: its contents stay until the next pass;
                    zeros before the first */
} cnn__workspace;

typedef struct cnn__fused cnn__fused; /* layers/fused.h */

/* For a pass over a batch of which other ranks have samples, too, and whose
 * statistics are those of all. All ranks make the same calls, layer by layer.
 */
typedef struct cnn__over_ranks {
    /* Replaces each of n numbers by its sum over the ranks, in their order. */
    void (*sum)(void *user, size_t n, double *x);
    /* Between forward and backward: a failure of one rank is that of all. */
    cnn_status (*agree)(void *user, cnn_status status);
    void *user;
    double *const *rooms; /* of each layer of the net with CNN__FOLLOWS: 1 + 4 C
                             numbers that stay until backward */
} cnn__over_ranks;

/* What a pass gives to each layer. */
typedef struct cnn__run {
    int32_t batch;
    uint32_t flags;              /* CNN_TRAIN */
    const cnn__fused *fused;     /* what takes this layer's outputs, or NULL */
    const cnn_layer *next;       /* activation that a join runs too, or NULL */
    const cnn__over_ranks *over; /* NULL: all samples are here */
    uint64_t seed;               /* of the build */
    uint64_t step;  /* number of this pass with CNN_TRAIN; seed and step fix the
                       random numbers of the pass, ... */
    uint32_t first; /* ... those of its first sample being the ones of this */
    int32_t workers;
    size_t scratch_stride; /* floats from one worker's scratch to the next */
    float *scratch;        /* of the first worker */
    float *shared, *kept;
} cnn__run;

/* Traits. */
enum {
    CNN__NEEDS_X = 1,    /* backward reads x */
    CNN__NEEDS_Y = 2,    /* backward reads y */
    CNN__IN_PLACE = 4,   /* forward works with y = x, backward with dx = dy */
    CNN__ACTIVATION = 8, /* its outputs are units that can die or saturate */
    CNN__FOLLOWS = 16,   /* training passes change its fixed arrays */
    CNN__BY_ROWS = 32, /* channel c of y comes from row c of `weight`, linearly,
                          plus element c of `bias`, if it has a setting `flags`
                          without CNN_NO_BIAS */
};

/* For a layer that computes each sample from that sample alone: passes over n
 * samples, in the caller's thread. */
typedef struct cnn__sample_ops {
    void (*forward)(const cnn_layer *layer, int32_t n, const float *x,
                    float *y);
    void (*backward)(const cnn_layer *layer, int32_t n, const float *x,
                     const float *y, const float *dy, float *dx);
} cnn__sample_ops;

/* For a function of each element whose slope follows from y alone: passes over
 * n floats, in the caller's thread. y may be x, and dx may be dy. */
typedef struct cnn__pointwise_ops {
    void (*forward)(const cnn_layer *layer, size_t n, const float *x, float *y);
    void (*backward)(const cnn_layer *layer, size_t n, const float *y,
                     const float *dy, float *dx);
    /* The bounds of y; false if there are none. */
    bool (*bounds)(const cnn_layer *layer, float *low, float *high);
} cnn__pointwise_ops;

/* For pooling that copies one input to each output: forward also stores the
 * index of that input within its window, one byte for each output, and backward
 * needs only these bytes. */
typedef struct cnn__argmax_ops {
    bool (*fits)(const cnn_layer *layer); /* is it possible for this shape? */
    void (*forward)(const cnn_layer *layer, int32_t n, const float *x, float *y,
                    uint8_t *argmax);
    void (*backward)(const cnn_layer *layer, int32_t n, const uint8_t *argmax,
                     const float *dy, float *dx);
} cnn__argmax_ops;

/* For a layer that computes a span of samples at a time and passes their
 * outputs on (layers/fused.h). */
typedef struct cnn__head_ops {
    /* The most samples in a span. 0: in this shape the whole batch is computed
     * at once, so nothing can be fused. */
    int32_t (*grain)(const cnn_layer *layer, int32_t batch);
} cnn__head_ops;

/* For a setting that is an array of rows x columns bytes. */
typedef struct cnn__table_ops {
    const uint8_t *(*get)(const cnn_layer *layer, int32_t *rows,
                          int32_t *columns);
    cnn_status (*set)(cnn_layer *layer, int32_t rows, int32_t columns,
                      const uint8_t *table);
} cnn__table_ops;

/* For a layer that the program wrote. Its kind is the name that it was given.
 */
typedef struct cnn__custom_ops {
    const char *(*settings)(const cnn_layer *layer); /* as files have them */
    cnn_layer *(*copy)(const cnn_layer *layer);      /* a new one, not built */
} cnn__custom_ops;

/* For a layer with several inputs (layers/join.c), which only a net runs. It
 * has these instead of `shape`, `forward` and `backward`. layer->in is the
 * shape of its first input. */
typedef struct cnn__join_ops {
    int32_t kind; /* CNN_JOIN_... */
    cnn_status (*shape)(cnn_layer *layer, const cnn_shape *const *in);
    /* y may be the first or second of x, with CNN__IN_PLACE. */
    void (*forward)(const cnn_layer *layer, const cnn__run *run,
                    const float *const *x, float *y);
    /* dx of input k. NULL: it is dy, for all of them. */
    void (*backward)(const cnn_layer *layer, const cnn__run *run, int32_t k,
                     const float *dy, float *dx);
} cnn__join_ops;

typedef struct cnn__layer_ops {
    const char *kind;
    size_t size;                  /* of the layer's struct */
    size_t options, options_size; /* its options struct; size 0: it has none */
    uint32_t traits;
    int32_t field_count;
    const cnn__field *fields;
    /* Checks the settings and replaces zeros by defaults. NULL: there are no
     * settings. */
    cnn_status (*check)(cnn_layer *layer);
    /* On entry layer->in is set and layer->out equals it. Sets layer->out, adds
     * tensors, plans, and checks every size that a run relies on. May be called
     * again after a failure. NULL: the output has the shape of the input. */
    cnn_status (*shape)(cnn_layer *layer);
    /* Sets the memory that passes of up to `batch` samples need. NULL: none. */
    void (*sizes)(const cnn_layer *layer, int32_t batch, cnn__workspace *need);
    /* Sets initial values that no initialiser gives. NULL: there are none. */
    void (*init)(cnn_layer *layer);
    /* The passes. They cannot fail: everything that can fail was checked
     * before. They write only to their arguments, so that sessions can share a
     * layer. dx may be NULL. */
    void (*forward)(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y);
    void (*backward)(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy,
                     float *dx);
    /* The CNN_LOSS_... that starts from x instead, if this is the last layer;
     * -1: none. NULL: none. */
    int32_t (*folds_into)(const cnn_layer *layer);
    /* The cost of one sample. NULL: nothing worth counting. */
    void (*costs)(const cnn_layer *layer, cnn_costs *costs);
    /* What it does when predicting: y = scale[c] x + shift[c] for channel c.
     * NULL: something else. */
    void (*affine)(const cnn_layer *layer, double *scale, double *shift);
    /* Frees the layer's own memory. NULL: it has none. */
    void (*release)(cnn_layer *layer);
    /* Optional operations; NULL: the layer has none. */
    const cnn__sample_ops *samples;
    const cnn__pointwise_ops *pointwise;
    const cnn__argmax_ops *argmax;
    const cnn__head_ops *head;
    const cnn__table_ops *table;
    const cnn__custom_ops *custom;
    const cnn__join_ops *join;
} cnn__layer_ops;

/* The number of passes wraps after this one, so that a JSON file can hold it
 * exactly. */
#define CNN__LAST_PASS (((uint64_t)1 << 53) - 1)

static inline void cnn__run_count(cnn__run *run, int by)
{
    run->step = (run->step + (uint64_t)by) & CNN__LAST_PASS;
}

/* A worker's scratch memory; NULL if the layer needs none. */
static inline float *cnn__run_scratch(const cnn__run *run, int32_t worker)
{
    return run->scratch_stride > 0
               ? run->scratch + (size_t)worker * run->scratch_stride
               : NULL;
}

#endif
