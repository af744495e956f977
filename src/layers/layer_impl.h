/* The contract between a kind of layer and everything else.
 *
 * A kind of layer is one file: a struct whose first member is cnn_layer, the
 * functions of cnn__layer_ops, and one const table of them. Nothing outside of
 * that file knows the struct; nets, files and summaries work through the table.
 * docs/contributing.md shows how to add one. */
#ifndef CNN_LAYERS_LAYER_IMPL_H
#define CNN_LAYERS_LAYER_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/float_mode.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/threads.h"
#include "cnn/layer.h"
#include "cnn/summary.h"
#include "math/initial.h"

#define CNN__MAX_TENSORS 4
#define CNN__MAX_RANK    4
/* Arrays of the size of the parameters that an optimiser may keep. */
#define CNN__MAX_SLOTS 2

/* A setting of a layer, by which model files and the registry read and write
 * it. Every setting is four bytes; `type` says what they are. */
typedef enum cnn__field_type { CNN__INT, CNN__FLOAT } cnn__field_type;

typedef struct cnn__field {
    const char *name;
    cnn__field_type type;
    size_t offset; /* in the layer's struct */
} cnn__field;

/* One array of parameters, in the order in which they stand in memory. */
typedef struct cnn__tensor {
    const char *name; /* "weight", "bias" */
    int32_t rank;
    int32_t dims[CNN__MAX_RANK];
    cnn__initial initial;
    bool fixed;    /* not trained: it stands in params.fixed, not in .value */
    bool positive; /* no element may be below zero: a variance */
} cnn__tensor;

/* The parameters of a layer and all that belongs to them, `count` floats each.
 * In a net they are parts of the net's blocks. */
typedef struct cnn__params {
    size_t count;
    float *value, *grad;
    float *slot[CNN__MAX_SLOTS]; /* the optimiser's; junk until it begins */
    size_t fixed_count;
    float *fixed;     /* what belongs to the model, but is not trained */
    const void *rule; /* the optimiser's kind; NULL: none yet */
    int64_t steps;    /* updates by that kind */
} cnn__params;

/* What is done to parameters is done in chunks of so many. */
#define CNN__PARAMS_CHUNK 16384

static inline int64_t cnn__params_chunks(const cnn__params *p)
{
    return (int64_t)((p->count + CNN__PARAMS_CHUNK - 1) / CNN__PARAMS_CHUNK);
}

/* Floats of a chunk. */
static inline size_t cnn__params_chunk(const cnn__params *p, int64_t chunk)
{
    const size_t rest = p->count - (size_t)chunk * CNN__PARAMS_CHUNK;

    return rest < CNN__PARAMS_CHUNK ? rest : CNN__PARAMS_CHUNK;
}

/* Memory that a pass needs while it runs, in floats. */
typedef struct cnn__workspace {
    size_t shared;  /* one for the call */
    size_t scratch; /* of each worker */
    size_t memo;    /* cnn__memo, not shared with other layers */
} cnn__workspace;

/* What a layer makes of its parameters, remembered from one pass to the next.
 * The caller may write to parameters at any time: whether it still holds is for
 * the layer to see. */
typedef struct cnn__memo {
    bool written;
    cnn__float_mode mode; /* that it was computed in */
    float *at;
} cnn__memo;

typedef struct cnn__tail cnn__tail; /* layers/tail.h */

/* What a pass hands to each layer. */
typedef struct cnn__run {
    int32_t batch;
    uint32_t flags;        /* CNN_TRAIN */
    bool keep;             /* what layers put out is looked at later */
    const cnn__tail *tail; /* what follows this layer, done by it; or NULL */
    cnn__memo *memo;       /* this layer's */
    uint64_t seed;         /* of the build, and ... */
    uint64_t step; /* ... the number of this pass with CNN_TRAIN: what random
                      numbers of the pass follow from */
    int32_t workers;
    size_t scratch_stride; /* floats from one worker's to the next */
    float *scratch;        /* of the first worker */
    float *shared;
} cnn__run;

/* Passes are counted round and round up to here, so that a file can always hold
 * the number. */
#define CNN__LAST_PASS (((uint64_t)1 << 53) - 1)

static inline void cnn__run_count(cnn__run *run, int by)
{
    run->step = (run->step + (uint64_t)by) & CNN__LAST_PASS;
}

/* Traits. */
enum {
    CNN__NEEDS_X = 1,     /* backward reads x */
    CNN__NEEDS_Y = 2,     /* backward reads y */
    CNN__IN_PLACE = 4,    /* forward works with y = x, backward with dx = dy */
    CNN__SOFTMAX = 8,     /* y = softmax(x): cross-entropy starts from x */
    CNN__ACTIVATION = 16, /* its outputs are units that may die or saturate */
};

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
    /* Everything that can fail has failed before: these two cannot. They write
     * only what they are handed, so that sessions can share a layer. dx may be
     * NULL. */
    void (*forward)(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y);
    void (*backward)(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy,
                     float *dx);
    /* Optional, for those that may follow a layer in its tail: the same as
     * forward and backward for n samples, in the caller's thread. */
    void (*forward_samples)(const cnn_layer *layer, int32_t n, const float *x,
                            float *y);
    void (*backward_samples)(const cnn_layer *layer, int32_t n, const float *x,
                             const float *y, const float *dy, float *dx);
    /* Optional, for a function of each element: backward of n floats. */
    void (*backward_floats)(const cnn_layer *layer, size_t n, const float *y,
                            const float *dy, float *dx);
    /* Optional, for pooling that picks one of its inputs, if the shape allows
     * it: forward that also puts down which, a byte for each output, and
     * backward by that alone. */
    bool (*picks)(const cnn_layer *layer);
    void (*forward_picks)(const cnn_layer *layer, int32_t n, const float *x,
                          float *y, uint8_t *picked);
    void (*backward_picks)(const cnn_layer *layer, int32_t n,
                           const uint8_t *picked, const float *dy, float *dx);
    /* Optional, for those that may have a tail: the most samples of a batch
     * that they do at a time; 0: all, in this shape they have none. */
    int32_t (*grain)(const cnn_layer *layer, int32_t batch);
    /* The bounds of its outputs, for an activation; false if there are none. */
    bool (*bounds)(const cnn_layer *layer, float *low, float *high);
    /* What one sample costs; NULL: nothing worth counting. */
    void (*count)(const cnn_layer *layer, cnn_layer_counts *counts);
    /* Optional, NULL if there is nothing to do: initial values that no init
     * gives, memory of its own, and a setting that is an array of rows x
     * columns bytes. */
    void (*init)(cnn_layer *layer);
    void (*release)(cnn_layer *layer);
    const uint8_t *(*get_table)(const cnn_layer *layer, int32_t *rows,
                                int32_t *columns);
    cnn_status (*set_table)(cnn_layer *layer, int32_t rows, int32_t columns,
                            const uint8_t *table);
} cnn__layer_ops;

struct cnn_layer {
    const cnn__layer_ops *ops;
    bool built;
    bool owned;     /* by a net */
    int32_t frozen; /* CNN_LEARNING to CNN_FROZEN_PARAMS */
    int32_t index;  /* in its net */
    cnn_shape in, out;
    int32_t max_batch;
    int32_t tensor_count;
    cnn__tensor tensors[CNN__MAX_TENSORS];
    cnn__params params;
    cnn__run run;   /* the workspace to run by hand in; in a net, the net's */
    cnn__memo memo; /* the same; not used in a net */
    void *memory;   /* what was allocated for it; NULL in a net */
};

/* A layer of that kind with the options of the caller (NULL: none) and all
 * other settings zero, to be filled in and checked. */
cnn_layer *cnn__layer_new(const cnn__layer_ops *ops, const void *options);

/* The last step of every `_create`: checks the settings; frees the layer and
 * gives NULL if they are not possible. */
cnn_layer *cnn__layer_checked(cnn_layer *layer);

/* The same where there are weights and biases to be drawn. */
cnn_layer *cnn__layer_checked_weights(cnn_layer *layer,
                                      const cnn__initial *weight,
                                      const cnn__initial *bias);

/* The kind of that name, NULL if there is none. */
const cnn__layer_ops *cnn__layer_ops_find(const char *kind);

/* For `shape`: adds an array of parameters, or biases (init 0 means zero). */
void cnn__add_tensor(cnn_layer *layer, const cnn__tensor *tensor);
void cnn__add_biases(cnn_layer *layer, int32_t count, int32_t init,
                     float scale);

/* For `check`: the settings of weights and biases that conv2d and dense share.
 */
cnn_status cnn__check_weights(uint32_t flags, const cnn__initial *weight,
                              const cnn__initial *bias);

/* Sets `in`, infers the rest, counts the parameters. */
cnn_status cnn__layer_shape(cnn_layer *layer, const cnn_shape *in);

/* What passes of up to `batch` samples need. */
cnn__workspace cnn__layer_workspace(const cnn_layer *layer, int32_t batch);

/* Puts the layer's parameters into blocks: the parts from at->count on of
 * value, grad and slots, from at->fixed_count on of fixed. Moves `at` behind
 * them. */
void cnn__layer_place(cnn_layer *layer, const cnn__params *blocks,
                      cnn__params *at);

/* Where tensor t of a layer that is built stands. */
float *cnn__tensor_data(const cnn_layer *layer, int32_t t);
size_t cnn__tensor_size(const cnn__tensor *tensor);

/* Draws the initial parameters; `index` is the layer's number in its net. */
void cnn__layer_init(cnn_layer *layer, uint64_t seed, int32_t index);

/* Floats of one sample. */
static inline size_t cnn__shape_size(const cnn_shape *s)
{
    return cnn__size_mul3((size_t)s->c, (size_t)s->h, (size_t)s->w);
}

/* Does a pass with these flags run the layer as in training? */
static inline bool cnn__trains(const cnn_layer *layer, uint32_t flags)
{
    return (flags & CNN_TRAIN) != 0 && layer->frozen != CNN_FROZEN;
}

/* The workers that a pass over a batch of inputs is worth. */
static inline int32_t cnn__run_workers(const cnn_layer *layer,
                                       const cnn__run *run)
{
    return cnn__worth(run->workers,
                      (size_t)run->batch * cnn__shape_size(&layer->in));
}

/* A worker's part of the workspace. */
static inline float *cnn__run_scratch(const cnn__run *run, int32_t worker)
{
    return run->scratch + (size_t)worker * run->scratch_stride;
}

/* Lays the workspace out for passes of any batch up to `batch`. */
void cnn__run_plan(cnn__run *run, const cnn__workspace *need, int32_t workers,
                   cnn__arena *arena);

/* Takes the larger of both, field by field. */
void cnn__workspace_join(cnn__workspace *all, const cnn__workspace *one);

/* Chunks of `size` that `count` things fill. */
static inline int64_t cnn__chunks(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/* `forward` and `backward` of layers that have the same for samples. */
void cnn__forward_by_samples(const cnn_layer *layer, const cnn__run *run,
                             const float *x, float *y);
void cnn__backward_by_samples(const cnn_layer *layer, const cnn__run *run,
                              const float *x, const float *y, const float *dy,
                              float *dx);

/* Splits `batch` samples of `size` floats into chunks of about 16 Ki floats for
 * elementwise work: samples in a chunk. Depends on the shape only. */
int32_t cnn__chunk_samples(size_t size);

/* Checks that the arguments of every run share. */
cnn_status cnn__check_batch(int32_t batch, int32_t max_batch);
cnn_status cnn__check_flags(uint32_t flags);
cnn_status cnn__check_input(const cnn_shape *in, int32_t max_batch);

#endif
