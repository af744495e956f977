/**
 * @file inspect.h
 * Looking at a layer, also of a loaded net: its settings and its arrays of
 * parameters, both by name.
 */
#ifndef CNN_INSPECT_H
#define CNN_INSPECT_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/* ---------------------------------------------------------- settings --- */

/** Number of settings that the kind of a layer has; 0 if `layer` is NULL. */
CNN_API int32_t cnn_layer_setting_count(const cnn_layer *layer);

/** The name of a setting, by its number from 0: as in model files
 *  (docs/model-format.md), "filters", "stride_h", ...; and "algorithm", which
 *  files do not have. NULL if there is no setting of that number. */
CNN_API const char *cnn_layer_setting_name(const cnn_layer *layer,
                                           int32_t index);

/**
 * A setting of a layer: what its `_create` was given or the model file says,
 * with defaults in place of zeros. A zero that was asked for is -0.0, as
 * #CNN_ZERO is, so that the value may be given to a `_create` as it is.
 *
 * @param name   as of cnn_layer_setting_name()
 * @param value  overwritten
 * @return CNN_OK; CNN_EINVAL (also for an unknown name: the text lists the
 * known ones), and nothing written
 */
CNN_API cnn_status cnn_layer_setting(const cnn_layer *layer, const char *name,
                                     double *value);

/**
 * The connection table of a convolution, as cnn_conv2d_set_table() took it:
 * filters x channels bytes of 0 and 1. Borrowed, until the layer is freed or
 * gets another table.
 *
 * @param filters, channels  overwritten, with 0 if there is no table; NULL if
 *                           not wanted
 * @return the table; NULL if the layer has none
 */
CNN_API const uint8_t *cnn_conv2d_table(const cnn_layer *layer,
                                        int32_t *filters, int32_t *channels);

/* ----------------------------------------------------------- tensors --- */

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
    int32_t rank;         /**< as in cnn_tensor; so are the fields below */
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
