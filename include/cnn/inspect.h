/**
 * @file inspect.h
 * Looking at a layer: its arrays of parameters by name.
 */
#ifndef CNN_INSPECT_H
#define CNN_INSPECT_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** One array of a layer's parameters, as model files have it. */
typedef struct cnn_tensor {
    uint32_t struct_size; /**< sizeof(cnn_tensor), set before the call */
    int32_t rank;         /**< number of dimensions, 1 to 4 */
    int32_t dims[4];      /**< the first `rank` of them; the others 1 */
    const char *name;     /**< "weight", "bias", "running_mean", ... */
    float *data;          /**< its elements, row-major, to read and to write */
    float *grad;          /**< their gradients; NULL if it is not trained */
} cnn_tensor;

/** The same, to read. */
typedef struct cnn_const_tensor {
    uint32_t struct_size; /**< sizeof(cnn_const_tensor), set before the call */
    int32_t rank;         /**< as in cnn_tensor, as all that follows */
    int32_t dims[4];      /**< sizes */
    const char *name;     /**< "weight", ... */
    const float *data;    /**< elements */
    const float *grad;    /**< gradients, or NULL */
} cnn_const_tensor;

/** Number of arrays of a built layer; 0 before build. */
CNN_API int32_t cnn_layer_tensor_count(const cnn_layer *layer);

/**
 * An array of a built layer: those of cnn_layer_params(), and those that are
 * not trained, such as running statistics. All pointers are borrowed, for as
 * long as the layer lives.
 *
 * @param index   from 0, in the order of docs/model-format.md
 * @param tensor  overwritten; its struct_size is set before the call
 * @return CNN_OK; CNN_EINVAL, CNN_ESTATE (not built), and nothing written
 */
CNN_API cnn_status cnn_layer_tensor(cnn_layer *layer, int32_t index,
                                    cnn_tensor *tensor);

/** As cnn_layer_tensor(), to read. */
CNN_API cnn_status cnn_layer_const_tensor(const cnn_layer *layer, int32_t index,
                                          cnn_const_tensor *tensor);

CNN_END_DECLS

#endif
