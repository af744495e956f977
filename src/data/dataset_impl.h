/* The struct behind a dataset. */
#ifndef CNN_DATA_DATASET_IMPL_H
#define CNN_DATA_DATASET_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "cnn/dataset.h"

/* Arrays, and how to read them. Images are in `bytes` or in `floats`, the other
 * is NULL. A dataset without samples may have neither. */
struct cnn_dataset {
    cnn_shape shape; /* of a stored image, without padding */
    int32_t pad;
    size_t pixels; /* of one stored image, all channels */
    int64_t count;
    int32_t classes;
    float scale, offset;
    const uint8_t *bytes;  /* (count, c, h, w) */
    const float *floats;   /* (count, c, h, w) */
    const int32_t *labels; /* (count) */
    void *memory[2];       /* those arrays that it owns */
};

/* A dataset without samples. NULL if the options are not possible or memory is
 * short. `scale` is the default. */
cnn_dataset *cnn__dataset_new(const cnn_dataset_options *options, float scale);

/* Sets the shape of stored images; fails if the padding makes it too large. */
cnn_status cnn__dataset_set_shape(cnn_dataset *d, const cnn_shape *shape);

/* The value that a pixel 0 is read as. */
float cnn__dataset_paper(const cnn_dataset *dataset);

#endif
