/* What layers share that slide a window over each channel: max and average
 * pooling, and trainable sub-sampling. */
#ifndef CNN_LAYERS_POOL2D_IMPL_H
#define CNN_LAYERS_POOL2D_IMPL_H

#include "layers/layer_impl.h"
#include "math/window.h"

typedef struct cnn__pool2d {
    cnn_layer base;
    int32_t window_h, window_w;
    cnn_pool2d_options o;
    cnn__window window;
    bool quarters; /* windows are 2 x 2 and cover the image without overlap */
} cnn__pool2d;

#define CNN__POOL2D_FIELDS 10
extern const cnn__field cnn__pool2d_fields[CNN__POOL2D_FIELDS];

/* `check`, `shape` and the create function of such a layer. */
cnn_status cnn__pool2d_check(cnn_layer *layer);
cnn_status cnn__pool2d_shape(cnn_layer *layer);
/* `shape` of a layer whose window is the image. */
cnn_status cnn__pool2d_shape_global(cnn_layer *layer);
cnn_layer *cnn__pool2d_create(const cnn__layer_ops *ops, int32_t window_h,
                              int32_t window_w,
                              const cnn_pool2d_options *options);

/* The inputs under a window: rows top .. bottom - 1, columns left .. right - 1.
 */
typedef struct cnn__view {
    int32_t top, bottom, left, right;
} cnn__view;

/* The window of output (i, j). */
cnn__view cnn__view_at(const cnn__window *w, int32_t i, int32_t j);

/* The sum of x (H, W) under a window; adds to each dx under a window. */
float cnn__view_sum(const cnn__view *v, size_t W, const float *x);
void cnn__view_add(const cnn__view *v, size_t W, float add, float *dx);

#endif
