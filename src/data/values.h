/* Bytes or floats as they are stored, and the numbers that they stand for. */
#ifndef CNN_DATA_VALUES_H
#define CNN_DATA_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* The values without the first n. */
cnn__values cnn__values_from(const cnn__values *v, size_t n);

#endif
