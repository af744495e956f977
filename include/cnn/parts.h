/**
 * @file parts.h
 * Nets taken apart and put together: copies of nets and layers, parameters by
 * name, from another net or from a file; what inner layers give; whether
 * gradients are right.
 *
 * Names are those of model files (docs/model-format.md): "0.weight" is the
 * weights of layer 0.
 */
#ifndef CNN_PARTS_H
#define CNN_PARTS_H

#include "cnn/batch.h"
#include "cnn/export.h"
#include "cnn/inspect.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/* ------------------------------------------------------------ copies --- */

/**
 * A layer with the same settings that is not built. If `layer` is built, the
 * copy keeps its parameters, those too that are not trained: the build of the
 * copy, or of the net that it is put into, takes them instead of drawing
 * others. If they do not fit the shape there, the build is CNN_ESHAPE. Frozen
 * stays frozen. The memory of an optimiser is not copied.
 *
 * @return the copy, for cnn_net_add() or cnn_layer_free(), or NULL:
 *         CNN_EINVAL; CNN_EUNSUPPORTED (a layer of your own with `release` and
 *         no `copy`); CNN_ENOMEM
 */
CNN_API cnn_layer *cnn_layer_copy(const cnn_layer *layer);

/**
 * Layers first to first + count - 1 of a built net, as cnn_layer_copy() gives
 * them, in a new net that is not built: others may be added with cnn_net_add().
 * The new net has the loss that every new net has, and no metadata.
 *
 * @param count  at least 1
 * @return the net, to be freed with cnn_net_free(), or NULL: CNN_EINVAL,
 *         CNN_ESTATE, CNN_EUNSUPPORTED, CNN_ENOMEM
 */
CNN_API cnn_net *cnn_net_take(const cnn_net *net, int32_t first, int32_t count);

/**
 * A built net that equals a built one: layers, parameters, what is frozen, loss
 * (one of your own with its `user`) and metadata. It shares nothing with it,
 * and may be used by another thread. What optimisers remember is not copied.
 *
 * @param max_batch  as for cnn_net_build()
 * @return as cnn_net_take(), and CNN_EOVERFLOW
 */
CNN_API cnn_net *cnn_net_copy(const cnn_net *net, int32_t max_batch);

/** Sets all parameters of `to`, those too that are not trained, to those of
 *  `from`: two built nets whose layers have arrays of the same names and
 * shapes. CNN_EINVAL, CNN_ESTATE; CNN_ESHAPE with the first that differs, and
 * nothing changed. What optimisers remember stays. */
CNN_API cnn_status cnn_net_copy_params(cnn_net *to, const cnn_net *from);

/* ----------------------------------------------------------- by name --- */

/** Bytes that are enough for the name of any array, with its zero. */
#define CNN_MAX_TENSOR_NAME 64

/** Number of arrays of all layers of a built net; 0 before the build. */
CNN_API int32_t cnn_net_tensor_count(const cnn_net *net);

/** The name of an array, by its number from 0, layer by layer. CNN_EINVAL (too
 *  small a buffer, too), CNN_ESTATE, and nothing written. */
CNN_API cnn_status cnn_net_tensor_name(const cnn_net *net, int32_t index,
                                       char *buffer, size_t capacity);

/**
 * An array of a built net by its name. As cnn_layer_tensor(), whose `name` is
 * that within the layer.
 *
 * @return CNN_OK; CNN_EINVAL (also for a name that there is not), CNN_ESTATE,
 *         and nothing written
 */
CNN_API cnn_status cnn_net_tensor(cnn_net *net, const char *name,
                                  cnn_tensor *tensor);

/** As cnn_net_tensor(), to read. */
CNN_API cnn_status cnn_net_const_tensor(const cnn_net *net, const char *name,
                                        cnn_const_tensor *tensor);

/** Flag of cnn_net_load_weights(): take what fits, leave out the rest. */
#define CNN_WHAT_FITS 0x1u

/**
 * Called for each array that does not fit.
 *
 * @param name  of the array
 * @param why   "is not in the file", "is not in the net", "is 10 x 84 in the
 *              file, 26 x 84 in the net", "is not finite", ...
 */
typedef void (*cnn_misfit_fn)(void *user, const char *name, const char *why);

/**
 * Sets the parameters of a built net to those that a model file or a checkpoint
 * has under the same names, whatever the rest of its architecture. The file is
 * checked first, and `misfit` told of all that does not fit. Unless that is
 * nothing, or `flags` say CNN_WHAT_FITS, no parameter changes. What optimisers
 * remember stays.
 *
 * @param flags   0 or CNN_WHAT_FITS
 * @param misfit  NULL for none; may not call libcnn with that net
 * @param user    handed to it
 * @return CNN_OK; CNN_ESHAPE (something does not fit, and that is not allowed;
 *         or nothing fits at all), with the first of them; CNN_EINVAL,
 *         CNN_ESTATE, CNN_EIO, CNN_EFORMAT, CNN_EUNSUPPORTED, CNN_ENOMEM;
 *         nothing changed then
 */
CNN_API cnn_status cnn_net_load_weights(cnn_net *net, const char *path,
                                        uint32_t flags, cnn_misfit_fn misfit,
                                        void *user);

/* ------------------------------------------------------ inner layers --- */

/**
 * Outputs of an inner layer for any number of samples, as cnn_net_predict()
 * would have them on its way: what comes above is not run.
 *
 * @param index  of the layer, from 0
 * @param count  number of samples, at least 0
 * @param x      count inputs of the net; may be NULL if count is 0, as y may
 * @param y      count outputs of that layer, overwritten; may not overlap x
 */
CNN_API cnn_status cnn_net_predict_layer(cnn_net *net, int32_t index,
                                         int64_t count, const float *x,
                                         float *y);

/* ---------------------------------------------------------- gradients --- */

/** Options of cnn_net_gradcheck(). Zero means the default in brackets. */
typedef struct cnn_gradcheck_options {
    uint32_t struct_size; /**< sizeof(cnn_gradcheck_options) */
    float step; /**< h: how far a parameter is moved to each side, above 0
                     [2^-8] */
    int32_t per_tensor; /**< most parameters of an array to check, evenly spread
                             over it [50] */
    int32_t reserved;   /**< 0 */
} cnn_gradcheck_options;

/** What cnn_net_gradcheck() found. */
typedef struct cnn_gradcheck_result {
    uint32_t struct_size; /**< sizeof(cnn_gradcheck_result), set before the call
                           */
    int32_t layer;        /**< of the worst array; -1 if none was checked */
    int32_t tensor;       /**< its number within the layer */
    int32_t element; /**< the element whose gradient is furthest from its slope,
                          there */
    int64_t checked; /**< parameters of all arrays */
    double error;    /**< of the worst array: |gradients - slopes| over the
                          larger of |gradients| and |slopes|, as vectors of what
                          was checked there */
    double gradient; /**< of that element, by backward ... */
    double slope;    /**< ... and (L(w + h) - L(w - h)) / 2h */
} cnn_gradcheck_result;

/**
 * Compares the gradients of a built net's own loss with central differences of
 * it: what shows whether the backward of a layer of your own, or the gradient
 * of your loss, is right. Passes are those of training, all with the same
 * random numbers, so dropout may be there; batch normalisation may be, too.
 *
 * Numbers are float32: an error of 1e-3 is good, of 1e-1 wrong. Where a
 * function has a kink, as ReLU and max pooling have, a step across it gives a
 * wrong slope; a smaller step meets fewer, and rounds more.
 *
 * Parameters, running statistics and the count of passes are as before
 * afterwards; gradients and outputs are not.
 *
 * @param batch    as for cnn_net_train_batch()
 * @param options  NULL for the defaults
 * @param result   overwritten; its struct_size is set before the call
 * @return CNN_OK, whatever was found; CNN_EINVAL, CNN_ESTATE, CNN_EDIVERGED,
 *         CNN_ENOMEM, and nothing written
 */
CNN_API cnn_status cnn_net_gradcheck(cnn_net *net, const cnn_batch *batch,
                                     const cnn_gradcheck_options *options,
                                     cnn_gradcheck_result *result);

CNN_END_DECLS

#endif
