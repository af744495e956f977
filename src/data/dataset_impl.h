/* What is inside a dataset. */
#ifndef CNN_DATA_DATASET_IMPL_H
#define CNN_DATA_DATASET_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "cnn/dataset.h"

/* Arrays and what they mean. Of `bytes` and `floats` the one is set that the
 * images are made of; a dataset of no samples may have neither. */
struct cnn_dataset {
    cnn_shape shape; /* as it is stored, without padding */
    int32_t pad;
    size_t pixels; /* of one image as it is stored, all channels */
    int64_t count;
    int32_t classes;
    float scale, offset;
    const uint8_t *bytes;  /* (count, c, h, w) */
    const float *floats;   /* (count, c, h, w) */
    const int32_t *labels; /* (count) */
    void *memory[2];       /* what it owns of them */
};

/* A dataset of no samples yet; NULL if the options are not possible or there is
 * no memory. `scale` is the default. */
cnn_dataset *cnn__dataset_new(const cnn_dataset_options *options, float scale);

/* Sets the shape of images as they are stored, if it has room for the padding.
 */
cnn_status cnn__dataset_set_shape(cnn_dataset *d, const cnn_shape *shape);

/* What a pixel 0 is read as. */
float cnn__dataset_paper(const cnn_dataset *dataset);

#endif
