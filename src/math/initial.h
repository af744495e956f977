/* Initial values of parameters. */
#ifndef CNN_MATH_INITIAL_H
#define CNN_MATH_INITIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* How to fill one tensor. */
typedef struct cnn__initial {
    int32_t init; /* CNN_INIT_* */
    float scale;
    double fan_in, fan_out;
} cnn__initial;

/* Are kind and scale possible? `what` is "weight" or "bias". */
cnn_status cnn__initial_check(int32_t init, float scale, const char *what);

/* Does the scale say what the kind needs? Asked where somebody describes a
 * layer, not of a model file: its parameters are there. */
cnn_status cnn__initial_check_scale(const cnn__initial *initial,
                                    const char *what);

/* Fills to[0 .. n) from the stream of (seed, layer, tensor). */
void cnn__initial_fill(const cnn__initial *initial, uint64_t seed,
                       int32_t layer, int32_t tensor, float *to, size_t n);

#endif
