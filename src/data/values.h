/* Bytes or floats as they are stored, and the numbers that they stand for. */
#ifndef CNN_DATA_VALUES_H
#define CNN_DATA_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* One of the two arrays, or neither; a number is value * scale + offset. */
typedef struct cnn__values {
    const uint8_t *bytes;
    const float *floats;
    float scale, offset;
} cnn__values;

static inline bool cnn__values_present(const cnn__values *v)
{
    return v->bytes != NULL || v->floats != NULL;
}

/* Reads n numbers, from value `at` on. */
void cnn__values_read(const cnn__values *v, size_t at, float *x, size_t n);

/* What n floats stand for, in their place. */
void cnn__values_scale(const cnn__values *v, float *x, size_t n);

/* (x - mean) / deviation of its channel, in the place of each number of `count`
 * images of C channels of `plane` numbers. */
void cnn__images_normalise(const float *mean, const float *deviation, size_t C,
                           size_t plane, size_t count, float *x);

/* CNN_EINVAL unless each number of the two is possible. `what` names whose they
 * are; NULL: there are none. */
cnn_status cnn__check_normalisation(const float *mean, const float *deviation,
                                    int32_t channel_count, const char *what);

/* The values without the first n. */
cnn__values cnn__values_from(const cnn__values *v, size_t n);

#endif
