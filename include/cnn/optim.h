/**
 * @file optim.h
 * Optimisers: how parameters follow their gradients.
 *
 * An optimiser holds settings only. What it remembers from step to step (the
 * momentum, the moments, the number of steps) lives beside the parameters, in
 * the layer or net that it updates, so one optimiser may serve several of
 * them. Updating with an optimiser of another kind starts that memory afresh.
 *
 * The formulas are PyTorch's, so that the same weights, data and settings give
 * the same trajectory. p is a parameter, g its gradient, t = 1, 2, ... the
 * step.
 */
#ifndef CNN_OPTIM_H
#define CNN_OPTIM_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** Options of cnn_sgd_create(). Zero means the default in brackets. */
typedef struct cnn_sgd_options {
    uint32_t struct_size; /**< sizeof(cnn_sgd_options) */
    float momentum;       /**< mu, in [0, 1) [0] */
    int32_t nesterov;     /**< 1: Nesterov's momentum; needs momentum [0] */
    float weight_decay;   /**< lambda, at least 0 [0] */
} cnn_sgd_options;

/** Options of cnn_adam_create(). Zero means the default in brackets. */
typedef struct cnn_adam_options {
    uint32_t struct_size; /**< sizeof(cnn_adam_options) */
    float beta1;          /**< decay of the mean, in [0, 1) [0.9] */
    float beta2;          /**< decay of the square, in [0, 1) [0.999] */
    float eps;            /**< at least 0 [1e-8] */
    float weight_decay;   /**< lambda, at least 0 [0] */
    int32_t decoupled;    /**< 1: AdamW, decay apart from the gradient [0] */
} cnn_adam_options;

/** Options of cnn_rmsprop_create(). Zero means the default in brackets. */
typedef struct cnn_rmsprop_options {
    uint32_t struct_size; /**< sizeof(cnn_rmsprop_options) */
    float decay;          /**< of the mean square, in [0, 1) [0.9] */
    float eps;            /**< at least 0 [1e-8] */
    float momentum;       /**< mu, in [0, 1) [0] */
} cnn_rmsprop_options;

/**
 * Stochastic gradient descent.
 *
 *     g <- g + lambda p;  b <- mu b + g;  p <- p - lr (nesterov ? g + mu b : b)
 *
 * @param lr  learning rate, finite and at least 0
 * @return    the optimiser, to be freed with cnn_optim_free(), or NULL
 *            (CNN_EINVAL, CNN_ENOMEM)
 */
CNN_API cnn_optim *cnn_sgd_create(float lr, const cnn_sgd_options *options);

/**
 * Adam (Kingma and Ba, 2015), or AdamW (Loshchilov and Hutter, 2019).
 *
 *     Adam: g <- g + lambda p       AdamW: p <- p - lr lambda p
 *     m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2
 *     p <- p - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)
 *
 * With eps 0 (#CNN_ZERO), a parameter whose gradient was always zero becomes
 * 0 / 0, which is CNN_EDIVERGED.
 *
 * Parameters and result as for cnn_sgd_create().
 */
CNN_API cnn_optim *cnn_adam_create(float lr, const cnn_adam_options *options);

/**
 * RMSprop (Tieleman and Hinton, 2012).
 *
 *     v <- d v + (1 - d) g^2;  b <- mu b + g / (sqrt(v) + eps);  p <- p - lr b
 *
 * Parameters and result as for cnn_sgd_create().
 */
CNN_API cnn_optim *cnn_rmsprop_create(float lr,
                                      const cnn_rmsprop_options *options);

/** Sets the learning rate, finite and at least 0. Errors: CNN_EINVAL. */
CNN_API cnn_status cnn_optim_set_lr(cnn_optim *optim, float lr);

/** The learning rate; 0 if `optim` is NULL. */
CNN_API float cnn_optim_lr(const cnn_optim *optim);

/**
 * Sets a factor of the learning rate for one layer, in every update of it: its
 * lr is `factor` times that of the optimiser, in all formulas above, as if the
 * layer were a group of parameters of its own (PyTorch's `{"params": ..., "lr":
 * factor * lr}`). So decoupled weight decay is slower or faster with it; lambda
 * in a gradient is not changed. With 0 the parameters stay as they are, while
 * gradients are computed and the optimiser's memory goes on: 0 may be raised
 * again later. cnn_layer_set_frozen() saves that work.
 *
 * Before or after the build. Copies of the layer and checkpoints keep it; model
 * files do not, as they hold nothing of a training.
 *
 * @param factor  finite, at least 0; 1 if this is never called
 * @return CNN_OK; CNN_EINVAL, and nothing changed
 */
CNN_API cnn_status cnn_layer_set_lr_factor(cnn_layer *layer, float factor);

/** What cnn_layer_set_lr_factor() set last; 1 if `layer` is NULL. */
CNN_API float cnn_layer_lr_factor(const cnn_layer *layer);

/** Frees an optimiser; NULL is fine. */
CNN_API void cnn_optim_free(cnn_optim *optim);

CNN_END_DECLS

#endif
