/* Initial values of parameters. */
#ifndef CNN_MATH_INITIAL_H
#define CNN_MATH_INITIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* How to initialise one tensor. */
typedef struct cnn__initial {
    int32_t init; /* CNN_INIT_* */
    float scale;
    double fan_in, fan_out;
} cnn__initial;

/* Are the kind and the scale possible? `what` is "weight" or "bias", for
 * errors. */
cnn_status cnn__initial_check(int32_t init, float scale, const char *what);

/* Is there a scale where the kind needs one? Checked when a program describes a
 * layer, but not when a model file does: it brings the parameters. */
cnn_status cnn__initial_check_scale(const cnn__initial *initial,
                                    const char *what);

/* Fills to[0 .. n) from the stream of (seed, layer, tensor). */
void cnn__initial_fill(const cnn__initial *initial, uint64_t seed,
                       int32_t layer, int32_t tensor, float *to, size_t n);

#endif
