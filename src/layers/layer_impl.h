/* A layer, and what all kinds share. */
#ifndef CNN_LAYERS_LAYER_IMPL_H
#define CNN_LAYERS_LAYER_IMPL_H

#include "base/memory.h"
#include "base/status.h"
#include "base/threads.h"
#include "layers/layer_ops.h"
#include "layers/params.h"

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
    cnn__run run; /* the workspace to run by hand in; in a net, the net's */
    void *memory; /* what was allocated for it; NULL in a net */
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

/* `forward` and `backward` of layers that have `samples` or `pointwise`. */
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
