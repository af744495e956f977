/* What conv2d and conv2d_transpose share: their settings, and the convolution
 * that computes either. */
#ifndef CNN_LAYERS_CONV2D_LAYER_H
#define CNN_LAYERS_CONV2D_LAYER_H

#include "cnn/conv_transpose.h"
#include "layers/conv2d/conv2d_algorithms.h"

typedef struct cnn__conv_layer {
    cnn_layer base;
    int32_t filters, kernel_h, kernel_w;
    /* Both structs begin with the same fields, which are read as `plain`. */
    union {
        cnn_conv2d_options plain;
        cnn_conv2d_transpose_options transpose;
    } o;
    cnn__conv geometry;
    void *geometry_memory; /* the lists of a connection table */
    cnn__conv_choice choice;
} cnn__conv_layer;

/* The settings by name; those of conv2d come first. */
#define CNN__CONV_FIELDS           19
#define CNN__CONV_TRANSPOSE_FIELDS 21
extern const cnn__field cnn__conv_fields[CNN__CONV_TRANSPOSE_FIELDS];

/* `check` of conv2d. */
cnn_status cnn__conv_check(cnn_layer *layer);

/* The window that the settings describe. */
cnn__sliding cnn__conv_sliding(const cnn__conv_layer *c);

static inline bool cnn__conv_is_biased(const cnn__conv_layer *c)
{
    return (c->o.plain.flags & CNN_NO_BIAS) == 0;
}

/* CNN_ESHAPE unless the groups cut the channels of the input. */
cnn_status cnn__conv_check_channels(const cnn__conv_layer *c);

/* For `shape`: the geometry for a window, and an algorithm for it. */
cnn_status cnn__conv_settle(cnn__conv_layer *c, const cnn__window *window,
                            const cnn__conv_connections *with);

/* The memory of the algorithm, for `sizes`. */
void cnn__conv_sizes(const cnn_layer *layer, int32_t batch,
                     cnn__workspace *need);

/* The biases in a block of parameters; NULL if there are none. */
float *cnn__conv_biases(const cnn_layer *layer, float *block);

/* The pass of a run, with nothing but the weights. */
cnn__conv_pass cnn__conv_pass_of(const cnn_layer *layer, const cnn__run *run);

/* `release` of a layer without other memory. */
void cnn__conv_release(cnn_layer *layer);

/* The end of `_create`. */
cnn_layer *cnn__conv_create(const cnn__layer_ops *ops, int32_t filters,
                            int32_t kernel_h, int32_t kernel_w,
                            const void *options);

#endif
