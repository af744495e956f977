/* The struct behind a dataset. */
#ifndef CNN_DATA_DATASET_IMPL_H
#define CNN_DATA_DATASET_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "cnn/dataset.h"
#include "data/values.h"

/* Arrays, and how to read them. Those that it does not have are NULL; without
 * samples all may be. */
struct cnn_dataset {
    cnn_shape shape; /* of a stored image, without padding */
    int32_t pad;
    size_t pixels; /* of one stored image, all channels */
    int64_t count;
    int32_t classes;
    cnn__values images;         /* (count, c, h, w) */
    const int32_t *labels;      /* (count) */
    cnn_shape target_shape;     /* zeros: there are no targets */
    cnn__values targets;        /* (count, target_shape), or ... */
    bool own_targets;           /* ... the images as they are read */
    const float *weights;       /* (count) */
    const float *class_weights; /* (class_count) */
    int32_t class_count;
    void *memory[2]; /* those arrays that it owns: images, labels */
};

/* A dataset without samples. NULL if the options are not possible or memory is
 * short. `scale` is the default. */
cnn_dataset *cnn__dataset_new(const cnn_dataset_options *options, float scale);

/* Sets the shape of stored images; fails if the padding makes it too large. */
cnn_status cnn__dataset_set_shape(cnn_dataset *d, const cnn_shape *shape);

/* Sets `classes` from the labels, which must be possible; without labels 0. */
cnn_status cnn__dataset_find_classes(cnn_dataset *d);

/* The shape of an image with its padding. */
cnn_shape cnn__dataset_padded_shape(const cnn_dataset *d);

/* Elements of one target; 0 if there are none. */
size_t cnn__dataset_target_floats(const cnn_dataset *d);

/* The value that a pixel 0 is read as. */
float cnn__dataset_paper(const cnn_dataset *dataset);

#endif
