/* The struct behind a dataset. */
#ifndef CNN_DATA_DATASET_IMPL_H
#define CNN_DATA_DATASET_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "cnn/dataset.h"
#include "cnn/reader.h"
#include "data/values.h"

/* A function of the program that reads samples (callback.h). */
typedef struct cnn__callback cnn__callback;

/* Arrays, and how to read them. Those that it does not have are NULL; without
 * samples, or with a callback, all may be. */
struct cnn_dataset {
    cnn_shape shape; /* of a stored image, without padding */
    int32_t pad;
    size_t pixels; /* of one stored image, all channels */
    int64_t count;
    int32_t classes;
    cnn__values images; /* (count, c, h, w) */
    float *norms;       /* (2, norm_count): means and deviations; NULL: none */
    int32_t norm_count;
    const int32_t *labels;      /* (count) */
    cnn_shape target_shape;     /* zeros: there are no targets */
    cnn__values targets;        /* (count, target_shape), or ... */
    bool own_targets;           /* ... the images as they are read */
    const float *weights;       /* (count) */
    const float *class_weights; /* (class_count) */
    int32_t class_count;
    cnn__callback *callback; /* NULL: the arrays hold the samples */
    int64_t first;           /* of a slice: its first sample, for that */
    void *memory[2]; /* what it owns besides `norms`: images or the callback,
                        and labels */
};

/* Arrays to read into; NULL: not wanted. */
typedef struct cnn__wanted {
    float *x;
    int32_t *labels;
    float *targets, *weights;
} cnn__wanted;

/* Reads all that is wanted of samples, with one call of a callback. Indices are
 * checked, and that what is wanted is there. */
cnn_status cnn__dataset_read_rows(const cnn_dataset *dataset, int64_t count,
                                  const int64_t *index, const cnn__wanted *to);

/* CNN_EINVAL or CNN_EOVERFLOW unless `count` arrays of that shape, of elements
 * of `size` bytes, are possible. `what` names the shape. */
cnn_status cnn__dataset_check_values(const cnn_shape *shape, const char *what,
                                     int64_t count, size_t size);

/* Does each sample have a label; is one worth more than another? */
bool cnn__dataset_is_labelled(const cnn_dataset *d);
bool cnn__dataset_is_weighted(const cnn_dataset *d);

/* Normalises `count` images, padding and all, in place. */
void cnn__dataset_normalise(const cnn_dataset *d, int64_t count, float *x);

/* A dataset without samples. NULL if the options are not possible or memory is
 * short. `scale` is the default. */
cnn_dataset *cnn__dataset_new(const cnn_dataset_options *options, float scale);

/* Sets the shape of stored images; fails if the padding makes it too large, or
 * if it has other channels than the options say. */
cnn_status cnn__dataset_set_shape(cnn_dataset *d, const cnn_shape *shape);

/* Sets `classes` from the labels, which must be possible; without labels 0. */
cnn_status cnn__dataset_find_classes(cnn_dataset *d);

/* The shape of an image with its padding. */
cnn_shape cnn__dataset_padded_shape(const cnn_dataset *d);

/* Elements of one target; 0 if there are none. */
size_t cnn__dataset_target_floats(const cnn_dataset *d);

/* The value that a pixel 0 of that channel is read as. */
float cnn__dataset_paper(const cnn_dataset *d, int32_t channel);

#endif
