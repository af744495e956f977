/* A layer, and the functions that all kinds share. */
#ifndef CNN_LAYERS_LAYER_IMPL_H
#define CNN_LAYERS_LAYER_IMPL_H

#include "base/memory.h"
#include "base/status.h"
#include "base/threads.h"
#include "layers/layer_ops.h"
#include "layers/params.h"

/* The parameters of a layer that was copied, until the copy is built. */
typedef struct cnn__given {
    cnn_shape in; /* of the layer that had them */
    int32_t tensor_count;
    cnn__tensor tensors[CNN__MAX_TENSORS];
    float floats[]; /* those that are trained, then those that are not */
} cnn__given;

struct cnn_layer {
    const cnn__layer_ops *ops;
    bool built;
    bool owned;          /* by a net */
    int32_t frozen;      /* CNN_LEARNING to CNN_FROZEN_PARAMS */
    float lr_factor;     /* of the optimiser's learning rate */
    int32_t index;       /* in its net */
    int32_t from_count;  /* in a net, how many layers it takes outputs of, */
    const int32_t *from; /* and their numbers; CNN_NET_INPUT: the net's input */
    int32_t only_from;   /* where `from` points, but in joins */
    int32_t uses;        /* how many times layers of its net take its output */
    cnn_shape in, out;
    int32_t max_batch;
    int32_t tensor_count;
    cnn__tensor tensors[CNN__MAX_TENSORS];
    cnn__params params;
    cnn__run run;      /* to run it by hand; a net has its own */
    cnn__given *given; /* NULL: the build draws the parameters */
    void *memory;      /* the block of a layer run by hand; NULL in a net */
};

/* Creates a layer with the caller's options (NULL: none). All other settings
 * are zero; the caller fills them in and checks them. NULL if memory is short.
 */
cnn_layer *cnn__layer_new(const cnn__layer_ops *ops, const void *options);

/* The last step of every `_create`: checks the settings. If they are not
 * possible, frees the layer and returns NULL. */
cnn_layer *cnn__layer_checked(cnn_layer *layer);

/* The same for a layer with initial weights and biases; `flags` are those of
 * its options. */
cnn_layer *cnn__layer_checked_weights(cnn_layer *layer, uint32_t flags,
                                      const cnn__initial *weight,
                                      const cnn__initial *bias);

/* The operations of a kind by its name; NULL if there is no such kind. */
const cnn__layer_ops *cnn__layer_ops_find(const char *kind);

/* For `shape`: adds an array of parameters; adds biases (init 0 means zero). */
void cnn__add_tensor(cnn_layer *layer, const cnn__tensor *tensor);
void cnn__add_biases(cnn_layer *layer, int32_t count, int32_t init,
                     float scale);

/* For `check`: checks the weight and bias settings of conv2d and dense. */
cnn_status cnn__check_weights(uint32_t flags, const cnn__initial *weight,
                              const cnn__initial *bias);

/* For `check` of a layer that normalises: sets the default of the epsilon.
 * CNN_EINVAL unless it is above 0. */
cnn_status cnn__check_epsilon(float *epsilon);

/* Sets `in`, infers `out`, counts the parameters. A join has as many shapes as
 * inputs, any other layer one. */
cnn_status cnn__layer_shape(cnn_layer *layer, const cnn_shape *const *in);

/* The memory that passes of up to `batch` samples need. */
cnn__workspace cnn__layer_workspace(const cnn_layer *layer, int32_t batch);

/* Points the layer's parameters into `blocks`: value, grad and slots from
 * element at->count on, fixed from at->fixed_count on. Advances `at` past them.
 */
void cnn__layer_place(cnn_layer *layer, const cnn__params *blocks,
                      cnn__params *at);

/* The data of tensor t of a built layer. */
float *cnn__tensor_data(const cnn_layer *layer, int32_t t);

/* Can a layer do what the one after it does, too, when predicting? */
bool cnn__layer_folds(const cnn_layer *layer, const cnn_layer *then);

/* A copy that does both, rounded once for each weight; as cnn_layer_copy(). */
cnn_layer *cnn__layer_folded(const cnn_layer *layer, const cnn_layer *then);

/* CNN_ESHAPE unless the layer's tensors are those of what it was given. */
cnn_status cnn__given_check(const cnn_layer *layer);

/* Sets the parameters to what the layer was given, which is freed. */
void cnn__given_take(cnn_layer *layer);

/* Draws the initial parameters, or takes those that the layer was given;
 * `index` is the layer's number in its net. */
void cnn__layer_init(cnn_layer *layer, uint64_t seed, int32_t index);

/* Floats of one sample. */
static inline size_t cnn__shape_size(const cnn_shape *s)
{
    return cnn__size_mul3((size_t)s->c, (size_t)s->h, (size_t)s->w);
}

/* Does a pass with these flags run this layer in training mode? */
static inline bool cnn__trains(const cnn_layer *layer, uint32_t flags)
{
    return (flags & CNN_TRAIN) != 0 && layer->frozen != CNN_FROZEN;
}

/* How many workers to use for a pass over a batch. */
static inline int32_t cnn__run_workers(const cnn_layer *layer,
                                       const cnn__run *run)
{
    return cnn__worth(run->workers,
                      (size_t)run->batch * cnn__shape_size(&layer->in));
}

/* Lays out the shared memory and the scratch of each worker. */
void cnn__run_plan(cnn__run *run, const cnn__workspace *need, int32_t workers,
                   cnn__arena *arena);

/* Raises `shared` and `scratch` of `all` to those of `one`. */
void cnn__workspace_join(cnn__workspace *all, const cnn__workspace *one);

/* The number of chunks of `size` for `count` items. */
static inline int64_t cnn__chunks(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/* `forward` and `backward` for layers with `samples` or `pointwise` operations.
 */
void cnn__forward_by_samples(const cnn_layer *layer, const cnn__run *run,
                             const float *x, float *y);
void cnn__backward_by_samples(const cnn_layer *layer, const cnn__run *run,
                              const float *x, const float *y, const float *dy,
                              float *dx);

/* Samples in a chunk of elementwise work: about 16 Ki floats, `size` for each
 * sample. Depends on the shape only. */
int32_t cnn__chunk_samples(size_t size);

/* CNN_EINVAL if the layer or the array is NULL, CNN_ESTATE if the layer is not
 * built. */
cnn_status cnn__layer_check_built(const cnn_layer *layer, const void *array);

/* Checks of the arguments that every run has. */
cnn_status cnn__check_batch(int32_t batch, int32_t max_batch);
cnn_status cnn__check_flags(uint32_t flags);
cnn_status cnn__check_input(const cnn_shape *in, int32_t max_batch);

/* CNN_EOVERFLOW unless a sample can be indexed by 32 bits, as inner loops do.
 */
cnn_status cnn__check_sample(const cnn_shape *shape, const char *what);

#endif
