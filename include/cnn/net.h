/**
 * @file net.h
 * A net: a stack of layers with a loss on top, or a graph of them (graph.h).
 *
 * A net is described, built and run. An error while a net is described is kept,
 * and cnn_net_build() reports it. So a program need not check the result of
 * each cnn_net_add(). Running allocates nothing, with one exception: a step
 * that diverges allocates, to find out where. A call out of order is
 * CNN_ESTATE.
 *
 * Layers are numbered from 0, in error texts as in cnn_net_layer().
 */
#ifndef CNN_NET_H
#define CNN_NET_H

#include "cnn/batch.h"
#include "cnn/export.h"
#include "cnn/layer.h"
#include "cnn/optim.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** Losses. K outputs y of one sample, with targets t: those of a batch
 *  (batch.h), or t = 1 at its label l and 0 elsewhere. */
enum {
    CNN_LOSS_SOFTMAX_CROSS_ENTROPY = 0, /**< -log softmax(y)_l, or -sum of t log
                                             softmax(y), through a stable
                                             log-sum-exp */
    CNN_LOSS_MSE = 1,                   /**< sum over k of (y_k - t_k)^2 / K */
    CNN_LOSS_LENET_MAP = 2, /**< y_l + log(exp(-j) + sum over k of exp(-y_k)), j
                               = 0.1: the smallest output is the class (LeCun et
                                 al., 1998, equation 9). Labels only */
    CNN_LOSS_MAE = 3,       /**< sum over k of |y_k - t_k| / K */
    CNN_LOSS_HUBER = 4, /**< sum over k of h(y_k - t_k) / K, h(e) = e^2 / 2 up
                           to |e| = d, d (|e| - d / 2) beyond (Huber, 1964) */
    /** Sum over k of -t_k log p_k - (1 - t_k) log(1 - p_k), over K, p being the
     *  sigmoid of y, in a stable form. A sigmoid on top is folded in. */
    CNN_LOSS_BINARY_CROSS_ENTROPY = 5,
    CNN_LOSS_CUSTOM = 6 /**< one of your own: cnn_net_set_custom_loss() */
};

/** Settings of the losses. Zero means the default in brackets. */
typedef struct cnn_loss_options {
    uint32_t struct_size;  /**< sizeof(cnn_loss_options) */
    float label_smoothing; /**< of CNN_LOSS_SOFTMAX_CROSS_ENTROPY: a share e of
                                each target goes to all classes alike, t = (1 -
                                e) t + e / K; 0 to 1 [0] (Szegedy et al.,
                                2016) */
    float huber_delta;     /**< d of CNN_LOSS_HUBER, above 0 [1] */
} cnn_loss_options;

/** How the losses of a batch become one. */
enum {
    CNN_REDUCE_MEAN = 0, /**< their mean over the batch */
    CNN_REDUCE_SUM = 1   /**< their sum over the batch */
};

/* -------------------------------------------------------- describing --- */

/** An empty net, to be freed with cnn_net_free(); NULL if memory is short. */
CNN_API cnn_net *cnn_net_create(void);

/** Frees a net and its layers; NULL is fine. Sessions and trainers of the net
 *  must be freed first. */
CNN_API void cnn_net_free(cnn_net *net);

/**
 * Puts a layer on top. The net owns it from now on, even if this call fails.
 * A NULL layer, as a failed `_create` gives, makes this call and the build fail
 * with the text of that failure.
 *
 * @return CNN_OK, CNN_EINVAL, CNN_ESTATE (net or layer built, or layer owned by
 *         a net already) or CNN_ENOMEM
 */
CNN_API cnn_status cnn_net_add(cnn_net *net, cnn_layer *layer);

/**
 * The loss and its reduction; softmax cross-entropy and the mean if this is
 * never called. Allowed before and after build. A softmax layer on top of the
 * net is folded into the cross-entropy: the outputs are probabilities, and the
 * gradient is computed from the inputs of the softmax, which is stable at any
 * size. A sigmoid on top is folded into the binary cross-entropy likewise.
 */
CNN_API cnn_status cnn_net_set_loss(cnn_net *net, int32_t loss,
                                    int32_t reduction);

/** The settings of the loss (NULL: the defaults), for any loss that has them;
 *  saved with the net. Allowed before and after build. CNN_EINVAL. */
CNN_API cnn_status cnn_net_set_loss_options(cnn_net *net,
                                            const cnn_loss_options *options);

/**
 * Infers the shapes, checks every size, takes all memory and draws the initial
 * parameters.
 *
 * @param in         the shape of one sample
 * @param max_batch  the largest batch of a training step, and the batch in
 *                   which cnn_net_predict() works; at least 1
 * @param seed       the same seed gives the same parameters
 * @return CNN_OK; the first error of the description; CNN_EINVAL, CNN_ESHAPE,
 *         CNN_ESTATE, CNN_EUNSUPPORTED (an algorithm that does not fit its
 *         layer), CNN_EOVERFLOW (among others, more than 2^28 floats for one
 *         sample: the sum of its input, the outputs of all layers and the
 *         scratch of one worker; model files have the same limit) or
 *         CNN_ENOMEM. After a failure the net is as it was
 */
CNN_API cnn_status cnn_net_build(cnn_net *net, const cnn_shape *in,
                                 int32_t max_batch, uint64_t seed);

/* ----------------------------------------------------------- metadata --- */

/** Limits of metadata. With them, the metadata of one net take at most 26 MB of
 *  a file's header, even if every byte is escaped there. Readers of safetensors
 *  accept headers of at most 100 MB. */
enum {
    CNN_MAX_METADATA = 64,         /**< keys of a net */
    CNN_MAX_METADATA_KEY = 64,     /**< bytes of a key */
    CNN_MAX_METADATA_VALUE = 65535 /**< bytes of a value */
};

/**
 * Attaches a string to the net: how pixels are scaled, the names of the
 * classes, where the data came from. libcnn keeps metadata in model files and
 * checkpoints, where other tools can read them, and interprets none but
 * CNN_NORMALISATION. Allowed before and after build.
 *
 * @param key    1 to 64 bytes of UTF-8 without control characters (U+0000 to
 *               U+001F, U+007F to U+009F). Not `libcnn`, `architecture`,
 *               `trainer`, `position`, nor anything that begins with `libcnn.`:
 *               the format itself uses these. An existing key gets the new
 *               value and keeps its place; a new key comes last. Copied
 * @param value  0 to 65,535 bytes of UTF-8, copied. NULL removes the key, if it
 *               exists
 * @return CNN_OK; CNN_EINVAL (also for the 65th key) or CNN_ENOMEM, and nothing
 *         changed
 */
CNN_API cnn_status cnn_net_set_metadata(cnn_net *net, const char *key,
                                        const char *value);

/** The value of a key; NULL if the net has no such key. Borrowed until
 *  cnn_net_set_metadata() or cnn_trainer_resume() changes the net. */
CNN_API const char *cnn_net_metadata(const cnn_net *net, const char *key);

/** Number of keys; 0 if `net` is NULL. */
CNN_API int32_t cnn_net_metadata_count(const cnn_net *net);

/** A key, by its number from 0, in the order in which keys were first set; NULL
 *  if there is no such key. Borrowed, as values are. */
CNN_API const char *cnn_net_metadata_key(const cnn_net *net, int32_t index);

/** The key of how inputs are normalised: {"mean": [...], "deviation": [...]}
 *  with a number for each channel, as JSON. */
#define CNN_NORMALISATION "normalisation"

/**
 * Says how inputs are normalised, x = (x - mean) / deviation in each channel,
 * in the metadata under CNN_NORMALISATION: what the dataset of a training was
 * made with (dataset.h), for those who predict. No other call of the net
 * normalises anything.
 *
 * @param channel_count  of the input, as far as it is known; 0 removes the key
 * @param mean           (channel_count), each finite
 * @param deviation      (channel_count), each finite and above 0
 * @return CNN_OK; CNN_EINVAL (also if the text would be too long for metadata,
 *         as it may be from 1,800 channels on), CNN_ESHAPE (a net that is built
 *         has another number of channels), CNN_ENOMEM, and nothing changed
 */
CNN_API cnn_status cnn_net_set_normalisation(cnn_net *net,
                                             int32_t channel_count,
                                             const float *mean,
                                             const float *deviation);

/**
 * How inputs are normalised: the same floats, to the bit, that were set.
 *
 * @param channel_count  of the input
 * @param mean           (channel_count), overwritten
 * @param deviation      (channel_count), overwritten
 * @return CNN_OK; CNN_ESTATE if nothing is said; CNN_EFORMAT if the value of
 *         the key, which may be of any program, is none that
 *         cnn_net_set_normalisation() writes; CNN_ESHAPE if it is for another
 *         number of channels; CNN_EINVAL, CNN_ENOMEM. Nothing is written then
 */
CNN_API cnn_status cnn_net_normalisation(const cnn_net *net,
                                         int32_t channel_count, float *mean,
                                         float *deviation);

/**
 * Normalises inputs as the metadata say, in place, by the arithmetic of
 * datasets: for inputs that come from elsewhere, once and before
 * cnn_net_predict(). What a dataset with these numbers has read is normalised
 * already. If the metadata say nothing, nothing is done.
 *
 * @param count  inputs, at least 0
 * @param x      (count, input shape), finite or not; NULL is fine if count is 0
 * @return CNN_OK; CNN_EINVAL, CNN_ESTATE (not built), CNN_EFORMAT, CNN_ESHAPE
 *         or CNN_ENOMEM, as above, and nothing changed
 */
CNN_API cnn_status cnn_net_normalise(const cnn_net *net, int64_t count,
                                     float *x);

/* ------------------------------------------------- running, the short way */

/**
 * Computes the outputs of any number of samples. Without samples, it does
 * nothing.
 *
 * @param count  number of samples, at least 0
 * @param x      count inputs; may be NULL if count is 0, as y may
 * @param y      count outputs, overwritten; may not overlap x
 */
CNN_API cnn_status cnn_net_predict(cnn_net *net, int64_t count, const float *x,
                                   float *y);

/**
 * One step of training: gradients to zero, forward, loss, backward, update.
 *
 * @param batch   N, from 1 to max_batch
 * @param x       N inputs
 * @param labels  N labels, each from 0 to the number of outputs - 1
 * @param out     loss and hits before the update; NULL if not wanted
 * @return CNN_OK; CNN_EINVAL, and nothing changed; CNN_ESTATE; CNN_EDIVERGED in
 *         two cases. First, the loss or a gradient is not finite: the
 *         parameters are as before the step, and the text names the first layer
 *         whose output or gradient is not finite. Second, the update made a
 *         parameter infinite or NaN (by a huge learning rate), or the mean of
 *         its squared gradients (by gradients above 1e19): the text names the
 *         parameter, and what was trained is lost
 *
 * During the step, denormal numbers (below 2^-126) count as zero, because many
 * processors are slow with them. Then the thread's floating-point mode is
 * restored.
 */
CNN_API cnn_status cnn_net_train_step(cnn_net *net, const cnn_optim *optim,
                                      int32_t batch, const float *x,
                                      const int32_t *labels, cnn_metrics *out);

/** As cnn_net_train_step(), with labels or targets, with or without weights.
 *  CNN_EINVAL also for targets and weights that break the rules of batch.h, and
 *  for targets with CNN_LOSS_LENET_MAP. With labels, `out->correct` is as in
 *  cnn_metrics. With targets of the softmax cross-entropy it counts the samples
 *  whose largest output and largest target have the same number. With targets
 *  of the binary cross-entropy it counts the samples in which every probability
 *  p is on the same side of 1/2 as its target. With targets of other losses it
 *  is 0. */
CNN_API cnn_status cnn_net_train_batch(cnn_net *net, const cnn_optim *optim,
                                       const cnn_batch *batch,
                                       cnn_metrics *out);

/* --------------------------------------------- running, step by step --- */

/** Runs all layers; the result is cnn_net_output(). `flags` is 0 or
 *  CNN_TRAIN; a backward pass needs a forward pass with CNN_TRAIN before it. */
CNN_API cnn_status cnn_net_forward(cnn_net *net, uint32_t flags, int32_t batch,
                                   const float *x);

/** The outputs of the last cnn_net_forward(), batch x the output shape.
 *  Borrowed; NULL if there was none, or if anything else was run since. */
CNN_API const float *cnn_net_output(const cnn_net *net);

/** Adds to the parameter gradients. `dy` is the gradient of any loss with
 *  respect to cnn_net_output(); `x` and `batch` are those of the last
 *  cnn_net_forward() with CNN_TRAIN. CNN_ESTATE if there was no such pass, or
 * if a forward pass without CNN_TRAIN, a training step, a prediction or an
 *  evaluation came after it. */
CNN_API cnn_status cnn_net_backward(cnn_net *net, int32_t batch, const float *x,
                                    const float *dy);

/**
 * As cnn_net_backward(), and also computes dx, the gradient with respect to the
 * inputs. A net below this one takes dx as its `dy`. The pass goes down to the
 * first layer, also through frozen layers. It adds to the gradients of their
 * parameters too; optimisers do not use these.
 *
 * @param dx  N input gradients, overwritten; may not overlap the other arrays
 */
CNN_API cnn_status cnn_net_backward_input(cnn_net *net, int32_t batch,
                                          const float *x, const float *dy,
                                          float *dx);

/** One step of the optimiser on all parameters. CNN_EDIVERGED if the step made
 *  a parameter infinite or NaN. Others: CNN_EINVAL, CNN_ESTATE. */
CNN_API cnn_status cnn_net_update(cnn_net *net, const cnn_optim *optim);

/**
 * Shortens the gradients of all parameters, taken as one vector, to length
 * `max_norm` if they are longer (Pascanu et al., 2013; times max_norm / (norm +
 * 1e-6), as PyTorch).
 *
 * @param max_norm  above 0
 * @param norm      the length before; NULL if not wanted
 */
CNN_API cnn_status cnn_net_clip_grads(cnn_net *net, float max_norm,
                                      double *norm);

/** Sets all parameter gradients to zero. */
CNN_API cnn_status cnn_net_zero_grad(cnn_net *net);

/* ----------------------------------------------------------- looking --- */

/** Number of layers; 0 if `net` is NULL. */
CNN_API int32_t cnn_net_layer_count(const cnn_net *net);

/** A layer, borrowed for as long as the net lives; NULL if the net has no layer
 *  of that number. */
CNN_API cnn_layer *cnn_net_layer(cnn_net *net, int32_t index);
/** As cnn_net_layer(), to read. */
CNN_API const cnn_layer *cnn_net_const_layer(const cnn_net *net, int32_t index);

/** The shape of one input of a net that is built. */
CNN_API cnn_status cnn_net_in_shape(const cnn_net *net, cnn_shape *in);
/** The shape of one output of a net that is built. */
CNN_API cnn_status cnn_net_out_shape(const cnn_net *net, cnn_shape *out);

/** 1 after the build, 0 before it or if `net` is NULL. */
CNN_API int32_t cnn_net_built(const cnn_net *net);

/** The `max_batch` of the build; 0 before it. */
CNN_API int32_t cnn_net_max_batch(const cnn_net *net);

/** The seed that dropout uses: that of the build or, after
 * cnn_trainer_resume(), that of the resumed training. 0 before the build. Also
 * 0 in a loaded net, because its parameters were not drawn. */
CNN_API uint64_t cnn_net_seed(const cnn_net *net);

/** The loss, a CNN_LOSS_ value: that of cnn_net_set_loss() or of the model
 * file; CNN_LOSS_SOFTMAX_CROSS_ENTROPY if `net` is NULL. */
CNN_API int32_t cnn_net_loss(const cnn_net *net);
/** The reduction, a CNN_REDUCE_ value, likewise; CNN_REDUCE_MEAN if `net` is
 *  NULL. */
CNN_API int32_t cnn_net_reduction(const cnn_net *net);

/** Number of trainable parameters of all layers; 0 before build. */
CNN_API size_t cnn_net_param_count(const cnn_net *net);

/** All parameters, contiguous, in layer order, to read and to write. Borrowed;
 *  NULL before build or if there are none. */
CNN_API float *cnn_net_params(cnn_net *net);
/** The gradients of all parameters, in the same order; as cnn_net_params(). */
CNN_API float *cnn_net_grads(cnn_net *net);

/** As cnn_net_params(), to read. */
CNN_API const float *cnn_net_const_params(const cnn_net *net);
/** As cnn_net_grads(), to read. */
CNN_API const float *cnn_net_const_grads(const cnn_net *net);

CNN_END_DECLS

#endif
