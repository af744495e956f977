/* Functions of each element, over whole arrays. Compilers turn the loops into
 * vector instructions of any width: the result for an element does not depend
 * on its position. */
#ifndef CNN_MATH_ELEMENTWISE_H
#define CNN_MATH_ELEMENTWISE_H

#include <stdbool.h>
#include <stddef.h>

#include "cnn/layer.h"

/* y[i] = f(x[i]); y may be x. */
typedef void (*cnn__map_fn)(float alpha, const float *x, float *y, size_t n);

/* dx[i] = dy[i] f'(x[i]), from y = f(x) alone, or from x; dx may be dy. */
typedef void (*cnn__map_back_fn)(float alpha, const float *y_or_x,
                                 const float *dy, float *dx, size_t n);

/* One activation function and its derivative. */
typedef struct cnn__map {
    const char *name;
    float alpha; /* the default; 0: the function has none */
    bool from_x; /* the slope is computed from x, as y does not determine it */
    cnn__map_fn forward;
    cnn__map_back_fn backward;
} cnn__map;

/* Maps are indexed by CNN_RELU .. CNN_CLAMP. */
#define CNN__MAPS (CNN_CLAMP + 1)

#endif
