/* Functions of each element, over whole arrays. Written so that a compiler
 * turns the loops into vector instructions, of whatever width: what is computed
 * from an element does not depend on where it stands. */
#ifndef CNN_MATH_ELEMENTWISE_H
#define CNN_MATH_ELEMENTWISE_H

#include <stddef.h>

#include "cnn/layer.h"

/* y[i] = f(x[i]); y may be x. */
typedef void (*cnn__map_fn)(float alpha, const float *x, float *y, size_t n);

/* dx[i] = dy[i] f'(x[i]), from y = f(x) alone; dx may be dy. */
typedef void (*cnn__map_back_fn)(float alpha, const float *y, const float *dy,
                                 float *dx, size_t n);

/* One activation function and its derivative. */
typedef struct cnn__map {
    const char *name;
    float alpha;     /* the default; 0: the function has none */
    float low, high; /* of y; equal: not bounded on both sides */
    cnn__map_fn forward;
    cnn__map_back_fn backward;
} cnn__map;

/* They are indexed by CNN_RELU .. CNN_ELU. */
#define CNN__MAPS (CNN_ELU + 1)

#endif
