/* The geometry of a window that slides over an image, shared by convolution
 * and pooling. */
#ifndef CNN_MATH_WINDOW_H
#define CNN_MATH_WINDOW_H

#include "base/status.h"
#include "cnn/types.h"

/* One axis. Output o looks at inputs o * stride - before + k * dilation, for k
 * = 0 .. kernel - 1; inputs outside 0 .. in - 1 are padding. */
typedef struct cnn__axis {
    int32_t in, out;
    int32_t kernel, stride, dilation;
    int32_t before, after; /* padding */
} cnn__axis;

typedef struct cnn__window {
    cnn__axis h, w;
} cnn__window;

/* The settings of every layer that slides a window. cnn__window_check()
 * replaces zeros by defaults. */
typedef struct cnn__sliding {
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t padding;
    int32_t pad_top, pad_bottom, pad_left, pad_right;
} cnn__sliding;

/* CNN_EINVAL if the settings fit no image. `what` is "kernel" or "window". */
cnn_status cnn__window_check(const cnn__sliding *s, const char *what);

/* The window over an image of `in`, with the size of its output. CNN_ESHAPE if
 * it does not fit. */
cnn_status cnn__window_fit(cnn__window *window, const cnn__sliding *s,
                           const cnn_shape *in, const char *what);

/* The same window the other way round: its output is `out`, and its input the
 * image that a transposed convolution makes of it. With SAME padding that is a
 * stride for each output; otherwise the least that has so many, and `more_h`
 * rows and `more_w` columns, less than a stride. CNN_ESHAPE if nothing is left.
 */
cnn_status cnn__window_transpose(cnn__window *window, const cnn__sliding *s,
                                 const cnn_shape *out, int32_t more_h,
                                 int32_t more_w);

/* The part of an axis that outputs first .. first + count - 1 look at, as an
 * axis of its own. Its inputs begin at *at; it has none if the outputs look at
 * padding only. */
cnn__axis cnn__axis_part(const cnn__axis *axis, int32_t first, int32_t count,
                         int32_t *at);

#endif
