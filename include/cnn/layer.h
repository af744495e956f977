/**
 * @file layer.h
 * Layers: describing them, and running one by hand.
 *
 * A layer is created, which only describes it; given to a net, or built by
 * itself with cnn_layer_build(); then run forward and backward and updated.
 *
 * Arrays are row-major N x C x H x W float32, N being the batch. `dy` is the
 * gradient of the loss with respect to `y`. Backward ADDS to the parameter
 * gradients and OVERWRITES `dx`. Nothing is allocated after build.
 */
#ifndef CNN_LAYER_H
#define CNN_LAYER_H

#include "cnn/export.h"
#include "cnn/optim.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/* ------------------------------------------------------------ values --- */

/** Flag of forward: this pass is part of training. */
#define CNN_TRAIN 0x1u

/** Flag in the options of conv2d and dense: no biases. */
#define CNN_NO_BIAS 0x1u

/** Whether a layer learns: cnn_layer_set_frozen(). */
enum {
    CNN_LEARNING = 0, /**< it learns */
    CNN_FROZEN = 1,   /**< it does not learn, and runs as in prediction: batch
                           normalisation uses its running statistics, which do
                           not change; dropout does nothing */
    CNN_FROZEN_PARAMS = 2 /**< its parameters do not change, but it runs as in
                               training: batch normalisation uses the batch, and
                               updates its running statistics */
};

/** Padding of a window that slides over an image. With O outputs of stride s,
 *  window (K - 1) d + 1 (dilation d) and input I: */
enum {
    CNN_PAD_VALID = 0, /**< none: O = (I - window) / s + 1, rounded down */
    CNN_PAD_SAME = 1,  /**< O = I / s, rounded up; the odd zero goes below and
                            to the right (TensorFlow's SAME, ONNX's
                            SAME_UPPER) */
    CNN_PAD_SAME_LOWER = 2, /**< the same, the odd zero above and left */
    CNN_PAD_EXPLICIT = 3    /**< pad_top, pad_bottom, pad_left, pad_right */
};

/** Kinds of activation. */
enum {
    CNN_RELU = 0,       /**< max(x, 0) */
    CNN_SIGMOID = 1,    /**< 1 / (1 + exp(-x)) */
    CNN_TANH = 2,       /**< tanh(x) */
    CNN_LECUN_TANH = 3, /**< 1.7159 tanh(2x / 3) (LeCun et al., 1998) */
    CNN_LEAKY_RELU = 4, /**< x > 0 ? x : alpha x [alpha 0.01] */
    CNN_ELU = 5,        /**< x > 0 ? x : alpha (exp(x) - 1) [alpha 1] */
    CNN_GELU = 6,       /**< x P(X <= x), X normal: x (1 + erf(x / sqrt(2))) / 2
                             (Hendrycks and Gimpel, 2016) */
    CNN_SILU = 7,       /**< x / (1 + exp(-x)), also called swish (Elfwing et
                             al., 2018; Ramachandran et al., 2017) */
    CNN_HARD_SWISH =
        8,            /**< x min(max(x + 3, 0), 6) / 6 (Howard et al., 2019) */
    CNN_SOFTPLUS = 9, /**< log(1 + exp(x)) (Dugas et al., 2001) */
    CNN_CLAMP = 10    /**< min(max(x, 0), alpha) [alpha 6, ReLU6 of Howard et
                           al., 2017] */
};

/** Initial values. `scale` is the constant, the standard deviation or the
 *  half-width; fan-in is the number of inputs of one unit. `scale` must be 0
 *  for a kind that does not mention it. A random kind that mentions it needs
 *  one; #CNN_ZERO makes all values zero. */
enum {
    CNN_INIT_DEFAULT = 0,          /**< weights: Glorot uniform; biases: zero */
    CNN_INIT_CONSTANT = 1,         /**< scale */
    CNN_INIT_TRUNCATED_NORMAL = 2, /**< normal of deviation scale, redrawn
                                        outside 2 scale */
    CNN_INIT_NORMAL = 3,           /**< normal of deviation scale */
    CNN_INIT_UNIFORM = 4,          /**< uniform in [-scale, scale) */
    CNN_INIT_GLOROT_UNIFORM = 5,   /**< half-width sqrt(6 / (fan-in + fan-out))
                                        (Glorot and Bengio, 2010) */
    CNN_INIT_HE_NORMAL = 6, /**< deviation sqrt(2 / fan-in) (He et al., 2015) */
    CNN_INIT_LECUN = 7 /**< uniform in +-2.4 / fan-in (LeCun et al., 1998) */
};

/** How a convolution is computed. All give the same result up to rounding. The
 *  error of an output is at most 1e-6 times the largest |x| that it looks at,
 *  times the sum of its filter's |w|. If n products of the sum have one sign,
 *  1e-6 may grow by n 2^-24. With Winograd's algorithm it grows to 1e-5, and
 * the largest |x| is that of a square of 4 x 4 outputs: a pixel that is very
 *  large, infinite or NaN affects all outputs of its square, and sums beyond
 *  1e33 may overflow. Ask for IM2COL where that matters. docs/maths.md also has
 *  the bounds of the gradients.
 *
 *  The environment variable CNN_ALGORITHM (im2col, winograd or direct; for
 *  comparisons, taps or depthwise) is read once. It replaces
 *  CNN_ALGORITHM_AUTO; im2col computes the layers that the named algorithm does
 *  not fit. */
enum {
    CNN_ALGORITHM_AUTO = 0,     /**< the fastest for the shape and the
                                     processor, by a fixed rule */
    CNN_ALGORITHM_IM2COL = 1,   /**< a product of matrices: any convolution */
    CNN_ALGORITHM_WINOGRAD = 2, /**< fewer multiplications, and more rounding:
                                     kernels of 3x3 and 5x5, without stride,
                                     dilation, groups, table */
    CNN_ALGORITHM_DIRECT = 3 /**< the sum itself, for few channels: kernels of
                                  3x3 and 5x5, without stride and dilation, with
                                  less padding than kernel and at least 2 rows,
                                  on processors with AVX2 and FMA */
};

/* ----------------------------------------------------------- options --- */

/** Options of cnn_conv2d_create(). Zero means the default in brackets. */
typedef struct cnn_conv2d_options {
    uint32_t struct_size;           /**< sizeof(cnn_conv2d_options) */
    uint32_t flags;                 /**< CNN_NO_BIAS [0] */
    int32_t stride_h, stride_w;     /**< step of the kernel [1] */
    int32_t dilation_h, dilation_w; /**< step within the kernel [1] */
    int32_t groups;                 /**< independent channel groups [1] */
    int32_t padding;                /**< CNN_PAD_* [CNN_PAD_VALID] */
    int32_t pad_top, pad_bottom;    /**< with CNN_PAD_EXPLICIT only [0] */
    int32_t pad_left, pad_right;    /**< with CNN_PAD_EXPLICIT only [0] */
    int32_t weight_init;            /**< CNN_INIT_* [Glorot uniform] */
    float weight_scale;             /**< for the inits that take one */
    int32_t bias_init;              /**< CNN_INIT_* [zero]; 0 with
                                         CNN_NO_BIAS */
    float bias_scale;               /**< for the inits that take one */
    int32_t algorithm;              /**< CNN_ALGORITHM_* [AUTO]; not stored in
                                         model files */
} cnn_conv2d_options;

/** Options of the pooling layers. Zero means the default in brackets. */
typedef struct cnn_pool2d_options {
    uint32_t struct_size;        /**< sizeof(cnn_pool2d_options) */
    uint32_t flags;              /**< none is defined: 0 */
    int32_t stride_h, stride_w;  /**< step of the window [the window] */
    int32_t padding;             /**< CNN_PAD_* [CNN_PAD_VALID] */
    int32_t pad_top, pad_bottom; /**< with CNN_PAD_EXPLICIT only [0] */
    int32_t pad_left, pad_right; /**< with CNN_PAD_EXPLICIT only [0] */
    int32_t count_include_pad;   /**< average only: divide by the whole window
                                      instead of what lies inside [0] */
} cnn_pool2d_options;

/** Options of cnn_dense_create(). Zero means the default in brackets. */
typedef struct cnn_dense_options {
    uint32_t struct_size; /**< sizeof(cnn_dense_options) */
    uint32_t flags;       /**< CNN_NO_BIAS [0] */
    int32_t weight_init;  /**< CNN_INIT_* [Glorot uniform] */
    float weight_scale;   /**< for the inits that take one */
    int32_t bias_init;    /**< CNN_INIT_* [zero]; 0 with CNN_NO_BIAS */
    float bias_scale;     /**< for the inits that take one */
} cnn_dense_options;

/** Options of cnn_activation_create(). */
typedef struct cnn_activation_options {
    uint32_t struct_size; /**< sizeof(cnn_activation_options) */
    float alpha;          /**< of leaky ReLU, ELU and clamp, at least 0
                               [0.01; 1; 6] */
} cnn_activation_options;

/* -------------------------------------------------------- describing --- */

/**
 * 2-D convolution (cross-correlation, as everywhere in the field):
 *
 *     y[f][i][j] = b[f] + sum over c, u, v of
 *                  w[f][c][u][v] x[c][i s + u d - pad][j s + v d - pad]
 *
 * With `groups` > 1 the channels and the filters are cut into that many equal
 * parts, each filter seeing the channels of its own part only.
 *
 * @param filters   number of filters = channels of the output, at least 1
 * @param kernel_h  height of the kernel, at least 1
 * @param kernel_w  width of the kernel, at least 1
 * @param options   NULL for all defaults
 * @return the layer, owned by the caller until cnn_net_add() takes it; NULL on
 *         failure (CNN_EINVAL, CNN_ENOMEM, CNN_EUNSUPPORTED)
 */
CNN_API cnn_layer *cnn_conv2d_create(int32_t filters, int32_t kernel_h,
                                     int32_t kernel_w,
                                     const cnn_conv2d_options *options);

/**
 * Connects each filter of a convolution with some of the input channels only,
 * as C3 of LeNet-5 does. What is not connected has no parameter and is never
 * computed: the weights of filter f are, one behind the other, a kernel for
 * each channel c with table[f][c] = 1, in order of c.
 *
 * Before build only. The layer's input must then have `channels` channels; the
 * layer may not have groups. The table is copied.
 *
 * @param table  filters x channels bytes, 0 or 1; each filter at least one 1
 * @return CNN_OK, CNN_EINVAL, CNN_ESTATE or CNN_ENOMEM
 */
CNN_API cnn_status cnn_conv2d_set_table(cnn_layer *layer, int32_t filters,
                                        int32_t channels, const uint8_t *table);

/**
 * The largest value under each window; ties go to the first in row-major
 * order, NaN propagates, padding never wins.
 *
 * @param options  NULL for all defaults: stride equal to the window, no padding
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_maxpool2d_create(int32_t window_h, int32_t window_w,
                                        const cnn_pool2d_options *options);

/** The mean of what lies under each window, otherwise as
 *  cnn_maxpool2d_create(). Padding counts only if `count_include_pad` is 1. */
CNN_API cnn_layer *cnn_avgpool2d_create(int32_t window_h, int32_t window_w,
                                        const cnn_pool2d_options *options);

/**
 * The largest value of each channel, {C, H, W} to {C, 1, 1}, whatever H and W
 * are; otherwise as cnn_maxpool2d_create().
 *
 * @return as for cnn_conv2d_create(); CNN_ENOMEM only
 */
CNN_API cnn_layer *cnn_global_maxpool2d_create(void);

/** The mean of each channel (Lin et al., 2014), otherwise as
 *  cnn_global_maxpool2d_create(). */
CNN_API cnn_layer *cnn_global_avgpool2d_create(void);

/**
 * Trainable sub-sampling (LeCun et al., 1998): the sum of the inputs under a
 * window times a coefficient of the channel, plus a bias of the channel. The
 * activation after it, usually CNN_LECUN_TANH, is a separate layer. Parameters:
 * C coefficients, then C biases. Otherwise as cnn_maxpool2d_create(), without
 * count_include_pad.
 */
CNN_API cnn_layer *cnn_subsample2d_create(int32_t window_h, int32_t window_w,
                                          const cnn_pool2d_options *options);

/**
 * Fully connected: y = W x + b, over the whole sample read as one vector, so
 * that no flattening layer is needed. Output shape {units, 1, 1}.
 *
 * @param units  number of outputs, at least 1
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_dense_create(int32_t units,
                                    const cnn_dense_options *options);

/**
 * A function applied to each element.
 *
 * @param kind  CNN_RELU to CNN_CLAMP
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_activation_create(int32_t kind,
                                         const cnn_activation_options *options);

/**
 * Softmax over all elements of a sample, exp(x_i) / sum exp(x_j), computed
 * from x - max(x). As the last layer of a net under softmax cross-entropy it is
 * folded into the loss (cnn_net_set_loss()).
 */
CNN_API cnn_layer *cnn_softmax_create(void);

/**
 * While training, sets each element to zero with probability `rate` and scales
 * the others by 1 / (1 - rate); when predicting, does nothing (Srivastava et
 * al., 2014). What is dropped follows from the seed of the build and the number
 * of the pass.
 *
 * @param rate  from 0 to below 1
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_dropout_create(float rate);

/**
 * Euclidean distance to a code for each class, y_i = sum over j of (x_j -
 * w_ij)^2: the output layer of LeNet-5 (LeCun et al., 1998), to be trained with
 * CNN_LOSS_LENET_MAP. The codes are fixed. The class is the smallest output.
 *
 * @param units  number of classes, at least 1; at most 10 without codes
 * @param codes  units x inputs floats, read when the layer is built; NULL for
 *               the digits 0 to 9 as 7 x 12 pictures of +1 and -1 (84 inputs)
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_rbf_create(int32_t units, const float *codes);

/** Frees a layer; NULL is fine. A layer that a net owns stays, and is freed
 *  with the net. */
CNN_API void cnn_layer_free(cnn_layer *layer);

/* ----------------------------------------------- running one by hand --- */

/**
 * Checks that the layer fits its input, takes all memory it will ever need and
 * draws the initial parameters.
 *
 * @param in         the shape of one sample
 * @param max_batch  the largest batch that will be run, at least 1
 * @param seed       the same seed gives the same parameters
 * @return CNN_OK, CNN_EINVAL, CNN_ESHAPE, CNN_ESTATE (built already, or owned
 *         by a net), CNN_EUNSUPPORTED (an algorithm that does not fit),
 *         CNN_EOVERFLOW, CNN_ENOMEM; after a failure the layer is as it was
 */
CNN_API cnn_status cnn_layer_build(cnn_layer *layer, const cnn_shape *in,
                                   int32_t max_batch, uint64_t seed);

/**
 * Computes y from x.
 *
 * @param flags  0, or CNN_TRAIN
 * @param batch  N, from 1 to max_batch
 * @param x      N inputs
 * @param y      N outputs, overwritten; may not overlap x
 */
CNN_API cnn_status cnn_layer_forward(cnn_layer *layer, uint32_t flags,
                                     int32_t batch, const float *x, float *y);

/**
 * Computes dx from dy and adds to the parameter gradients. `x` and `y` are the
 * unchanged inputs and outputs of the forward pass over the same batch, with
 * CNN_TRAIN.
 *
 * @param dy  N output gradients
 * @param dx  N input gradients, overwritten; NULL if they are not wanted, which
 *            saves the work; may not overlap the other arrays
 */
CNN_API cnn_status cnn_layer_backward(cnn_layer *layer, int32_t batch,
                                      const float *x, const float *y,
                                      const float *dy, float *dx);

/**
 * Freezes a layer or releases it. Optimisers leave the parameters of a frozen
 * layer as they are, and a net does not compute gradients below its lowest
 * layer that learns. Do not call this between a forward pass and its backward
 * pass. Checkpoints store it, model files do not.
 *
 * @param frozen  CNN_LEARNING, CNN_FROZEN or CNN_FROZEN_PARAMS
 * @return CNN_OK; CNN_EINVAL, and nothing changed
 */
CNN_API cnn_status cnn_layer_set_frozen(cnn_layer *layer, int32_t frozen);

/** What cnn_layer_set_frozen() set last; CNN_LEARNING if `layer` is NULL. */
CNN_API int32_t cnn_layer_frozen(const cnn_layer *layer);

/** One step of the optimiser on the layer's parameters. CNN_EDIVERGED if it
 * made a parameter infinite or NaN. Others: CNN_EINVAL, CNN_ESTATE. */
CNN_API cnn_status cnn_layer_update(cnn_layer *layer, const cnn_optim *optim);

/** Sets the parameter gradients to zero. */
CNN_API cnn_status cnn_layer_zero_grad(cnn_layer *layer);

/** The shape of one input of a layer that is built. */
CNN_API cnn_status cnn_layer_in_shape(const cnn_layer *layer, cnn_shape *in);
/** The shape of one output of a layer that is built. */
CNN_API cnn_status cnn_layer_out_shape(const cnn_layer *layer, cnn_shape *out);

/** "conv2d", "dense", ...: the kind of a layer. Never NULL. */
CNN_API const char *cnn_layer_kind(const cnn_layer *layer);

/** Number of trainable parameters; 0 before build. */
CNN_API size_t cnn_layer_param_count(const cnn_layer *layer);

/**
 * The parameters, to read and to write: weights (filters, c / groups, kh, kw)
 * or (units, inputs), then biases. Borrowed, for as long as the layer lives;
 * NULL before build or if there are none.
 */
CNN_API float *cnn_layer_params(cnn_layer *layer);
/** The gradients of the parameters, in the same order; as cnn_layer_params().
 */
CNN_API float *cnn_layer_grads(cnn_layer *layer);

/** As cnn_layer_params(), to read. */
CNN_API const float *cnn_layer_const_params(const cnn_layer *layer);
/** As cnn_layer_grads(), to read. */
CNN_API const float *cnn_layer_const_grads(const cnn_layer *layer);

CNN_END_DECLS

#endif
