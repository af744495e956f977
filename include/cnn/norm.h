/**
 * @file norm.h
 * Layers that normalise: each channel over the batch, or each sample by itself.
 */
#ifndef CNN_NORM_H
#define CNN_NORM_H

#include "cnn/export.h"
#include "cnn/layer.h"

CNN_BEGIN_DECLS

/** Flag in the options of layernorm: neither gain nor bias. */
#define CNN_NO_AFFINE 0x1u

/** Options of cnn_batchnorm_create(). Zero means the default in brackets. */
typedef struct cnn_batchnorm_options {
    uint32_t struct_size; /**< sizeof(cnn_batchnorm_options) */
    uint32_t flags;       /**< none is defined: 0 */
    float epsilon;        /**< added to the variance, above 0 [1e-5] */
    float momentum;       /**< of the running statistics, 0 to 1 [0.1]; with
                               #CNN_ZERO they stay as they are */
} cnn_batchnorm_options;

/** Options of cnn_layernorm_create(). Zero means the default in brackets. */
typedef struct cnn_layernorm_options {
    uint32_t struct_size; /**< sizeof(cnn_layernorm_options) */
    uint32_t flags;       /**< CNN_NO_AFFINE [0] */
    float epsilon;        /**< added to the variance, above 0 [1e-5] */
    int32_t groups;       /**< 0: layer normalisation; G: group normalisation
                               of G groups of channels [0] */
} cnn_layernorm_options;

/**
 * Normalises each channel over batch and image, y = gamma (x - m) / sqrt(v +
 * epsilon) + beta (Ioffe and Szegedy, 2015). In training, m and v are mean and
 * variance of the batch; backward updates the running statistics with them. In
 * prediction, and if CNN_FROZEN, m and v are the running statistics.
 * Parameters: C gammas, then C betas. The running statistics are saved with a
 * model, and are not among cnn_layer_params().
 *
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_batchnorm_create(const cnn_batchnorm_options *options);

/**
 * Layer normalisation (Ba et al., 2016): each sample over all its elements,
 * y = gamma (x - m) / sqrt(v + epsilon) + beta, m and v being their mean and
 * variance, always of the sample itself. Gamma, 1 at first, and beta, 0, have
 * the shape of the sample: C H W gammas, then C H W betas, as LayerNorm((C, H,
 * W)) of PyTorch.
 *
 * With `groups` G, group normalisation (Wu and He, 2018): each of G equal parts
 * of the channels by itself, with C gammas, then C betas. As many groups as
 * channels are instance normalisation (Ulyanov et al., 2016). G must divide the
 * channels (CNN_ESHAPE when it is built).
 *
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_layernorm_create(const cnn_layernorm_options *options);

CNN_END_DECLS

#endif
