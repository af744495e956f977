/**
 * @file parts.h
 * Taking nets apart and putting them together: copies of nets and layers;
 * parameters by name, from another net or from a file; outputs of inner layers;
 * a check of gradients.
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
 * A layer with the same settings as a built one, that is not built itself. It
 * keeps the parameters of `layer`, also those that are not trained: the build
 * of the copy, or of the net that it is put into, takes them instead of drawing
 * others. If they do not fit the shape there, the build is CNN_ESHAPE. The copy
 * is frozen as `layer` is, and has its factor of the learning rate (optim.h).
 * The memory of an optimiser is not copied.
 *
 * @return the copy, for cnn_net_add() or cnn_layer_free(), or NULL:
 *         CNN_EINVAL; CNN_ESTATE (`layer` is not built); CNN_EUNSUPPORTED (a
 *         layer of your own with `release` and no `copy`, or a join);
 *         CNN_ENOMEM
 */
CNN_API cnn_layer *cnn_layer_copy(const cnn_layer *layer);

/**
 * Layers first to first + count - 1 of a built net, as cnn_layer_copy() gives
 * them, in a new net that is not built: others may be added with cnn_net_add().
 * The new net has the default loss, and no metadata. What the first of them
 * takes is its input; all other outputs that they take must be their own.
 *
 * @param count  at least 1
 * @return the net, to be freed with cnn_net_free(), or NULL: CNN_EINVAL,
 *         CNN_ESTATE, CNN_EUNSUPPORTED, CNN_ENOMEM
 */
CNN_API cnn_net *cnn_net_take(const cnn_net *net, int32_t first, int32_t count);

/**
 * A copy of a built net, which is built, too: with its layers, parameters,
 * frozen layers, factors of learning rates, loss (one of your own with its
 * `user`) and metadata. The two nets share nothing, and different threads may
 * use them. The memory of an optimiser is not copied.
 *
 * @param max_batch  as for cnn_net_build()
 * @return as cnn_net_take(), and CNN_EOVERFLOW
 */
CNN_API cnn_net *cnn_net_copy(const cnn_net *net, int32_t max_batch);

/**
 * A copy of a built net for predicting: each batch normalisation right after a
 * convolution or a dense layer, if nothing else takes the output of that, is
 * folded into its weights and biases, and is no layer of the copy. So higher
 * layers have lower numbers. The rest is as in cnn_net_copy(). Outputs are
 * those of `net` up to rounding: a weight is rounded once more. Training the
 * copy trains another net.
 *
 * @param max_batch  as for cnn_net_build(). 1 is enough for sessions, which say
 *                   their own
 * @return as cnn_net_copy(); CNN_EDIVERGED if a weight is not finite then
 */
CNN_API cnn_net *cnn_net_fold(const cnn_net *net, int32_t max_batch);

/** Sets all parameters of `to`, also those that are not trained, to those of
 *  `from`. Both nets are built, and their layers have arrays of the same names
 *  and shapes. CNN_EINVAL, CNN_ESTATE; CNN_ESHAPE, with the first array that
 *  differs in the text, and nothing changed. The memory of optimisers stays. */
CNN_API cnn_status cnn_net_copy_params(cnn_net *to, const cnn_net *from);

/* ----------------------------------------------------------- by name --- */

/** Bytes that are enough for the name of any array, including the zero at its
 *  end. */
#define CNN_MAX_TENSOR_NAME 64

/** Number of arrays of all layers of a built net; 0 before the build. */
CNN_API int32_t cnn_net_tensor_count(const cnn_net *net);

/** The name of an array, by its number from 0, layer by layer. CNN_EINVAL (also
 *  for a buffer that is too small), CNN_ESTATE, and nothing written. */
CNN_API cnn_status cnn_net_tensor_name(const cnn_net *net, int32_t index,
                                       char *buffer, size_t capacity);

/**
 * An array of a built net by its name, as cnn_layer_tensor(): `tensor->name` is
 * the name within the layer.
 *
 * @return CNN_OK; CNN_EINVAL (also for an unknown name), CNN_ESTATE, and
 * nothing written
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
 * checked first, and `misfit` is called for each array that does not fit. If
 * there is such an array, parameters change only with CNN_WHAT_FITS. The memory
 * of optimisers stays.
 *
 * @param flags   0 or CNN_WHAT_FITS
 * @param misfit  NULL for none; may not call libcnn with that net
 * @param user    handed to `misfit`
 * @return CNN_OK; CNN_ESHAPE, with the first misfit in the text (an array does
 *         not fit and `flags` is 0, or no array fits); CNN_EINVAL, CNN_ESTATE,
 *         CNN_EIO, CNN_EFORMAT, CNN_EUNSUPPORTED, CNN_ENOMEM. After a failure
 *         nothing has changed
 */
CNN_API cnn_status cnn_net_load_weights(cnn_net *net, const char *path,
                                        uint32_t flags, cnn_misfit_fn misfit,
                                        void *user);

/** As cnn_net_load_weights(), from the content of a file: `size` bytes at
 *  `data`, which are only read, and only during the call. */
CNN_API cnn_status cnn_net_load_weights_memory(cnn_net *net, const void *data,
                                               size_t size, uint32_t flags,
                                               cnn_misfit_fn misfit,
                                               void *user);

/* ------------------------------------------------------ inner layers --- */

/**
 * Computes the outputs of an inner layer for any number of samples, as
 * cnn_net_predict() does. The layers above it are not run.
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
    int32_t per_tensor; /**< at most so many parameters of an array are checked,
                             evenly spread over it [50] */
    int32_t reserved;   /**< 0 */
} cnn_gradcheck_options;

/** What cnn_net_gradcheck() found. */
typedef struct cnn_gradcheck_result {
    uint32_t struct_size; /**< sizeof(cnn_gradcheck_result), set before the call
                           */
    int32_t layer;        /**< of the worst array; -1 if none was checked */
    int32_t tensor;       /**< its number within the layer */
    int32_t element; /**< the element of that array whose gradient is furthest
                          from its slope */
    int64_t checked; /**< number of parameters checked, in all arrays */
    double error;    /**< of the worst array: |gradients - slopes| over the
                          larger of |gradients| and |slopes|, which are vectors
                          over its checked elements */
    double gradient; /**< of that element, by backward */
    double slope;    /**< of that element: (L(w + h) - L(w - h)) / 2h */
} cnn_gradcheck_result;

/**
 * Compares the gradients of a built net with central differences of its loss.
 * This shows whether the backward of a layer of your own, or the gradient of a
 * loss of your own, is right. All passes are training passes with the same
 * random numbers, so the net may contain dropout and batch normalisation.
 *
 * Numbers are float32: an error of 1e-3 is good, an error of 1e-1 is wrong.
 * ReLU and max pooling have kinks, and a step across a kink gives a wrong
 * slope. A smaller step crosses fewer kinks, but has a larger rounding error.
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
