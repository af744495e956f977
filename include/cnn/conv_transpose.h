/**
 * @file conv_transpose.h
 * Transposed convolution, which makes images larger and learns how.
 */
#ifndef CNN_CONV_TRANSPOSE_H
#define CNN_CONV_TRANSPOSE_H

#include "cnn/export.h"
#include "cnn/layer.h"

CNN_BEGIN_DECLS

/** Options of cnn_conv2d_transpose_create(): the fields of cnn_conv2d_options,
 *  and the last two. Zero means the default in brackets. */
typedef struct cnn_conv2d_transpose_options {
    uint32_t struct_size;           /**< sizeof(cnn_conv2d_transpose_options) */
    uint32_t flags;                 /**< CNN_NO_BIAS [0] */
    int32_t stride_h, stride_w;     /**< outputs from one input to the next
                                         [1] */
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
    int32_t output_padding_h;       /**< rows added below, less than stride_h;
                                         not with SAME [0] */
    int32_t output_padding_w;       /**< columns added to the right, less than
                                         stride_w; not with SAME [0] */
} cnn_conv2d_transpose_options;

/**
 * Transposed convolution (Zeiler et al., 2010; Dumoulin and Visin, 2016): the
 * adjoint of a convolution of the same settings that makes this layer's input
 * from its output, and a bias. It is computed by the kernels of that
 * convolution. Each input adds its kernel, times its value, to the output:
 *
 *     y[f][i s + u d - pad][j s + v d - pad] = b[f] +
 *         sum over c, i, j, u, v of w[c][f][u][v] x[c][i][j]
 *
 * {C, H, W} becomes {filters, OH, OW}. With window (K - 1) d + 1, stride s and
 * the padding of that convolution, which is cut off here:
 *
 *     CNN_PAD_SAME, CNN_PAD_SAME_LOWER   OH = H s
 *     otherwise                          OH = (H - 1) s + window - pad_top
 *                                             - pad_bottom + output_padding_h
 *
 * Parameters: weights (C, filters / groups, kernel_h, kernel_w), then `filters`
 * biases, as in PyTorch's ConvTranspose2d. For the initial values the fan-in,
 * the most inputs that reach an output, is C / groups ceil(kernel_h / stride_h)
 * ceil(kernel_w / stride_w); the fan-out, the outputs that an input reaches,
 * filters / groups kernel_h kernel_w. (PyTorch takes the latter for the
 * fan-in.)
 *
 * @param filters   channels of the output, at least 1
 * @param kernel_h  height of the kernel, at least 1
 * @param kernel_w  width of the kernel, at least 1
 * @param options   NULL for all defaults
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *
cnn_conv2d_transpose_create(int32_t filters, int32_t kernel_h, int32_t kernel_w,
                            const cnn_conv2d_transpose_options *options);

CNN_END_DECLS

#endif
