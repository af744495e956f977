/* What a layer's outputs go to while they are still in the cache.
 *
 * A layer with a head table computes some samples at a time. It asks here where
 * their outputs are to be written, tells when they are there, and on the way
 * back asks for their gradients. What is done with them is the business of
 * whoever runs the layer (net/fusion.h); with nothing fused they are y and dy
 * of the pass as they stand. */
#ifndef CNN_LAYERS_FUSED_H
#define CNN_LAYERS_FUSED_H

#include "layers/layer_ops.h"

/* Some samples of a batch, and the worker that computes them. */
typedef struct cnn__some {
    int64_t first;
    int32_t count, worker;
} cnn__some;

struct cnn__fused {
    float *(*place)(const cnn__fused *, const cnn__run *, const cnn__some *);
    void (*done)(const cnn__fused *, const cnn__some *, float *place);
    const float *(*gradient)(const cnn__fused *, const cnn__run *,
                             const cnn__some *, const float *dy);
};

/* Where the outputs of some samples are to be written, `size` floats each; y is
 * that of the whole batch. */
static inline float *cnn__fused_place(const cnn__run *run,
                                      const cnn__some *some, float *y,
                                      size_t size)
{
    return run->fused != NULL ? run->fused->place(run->fused, run, some)
                              : y + (size_t)some->first * size;
}

/* They have been written there. */
static inline void cnn__fused_done(const cnn__run *run, const cnn__some *some,
                                   float *place)
{
    if (run->fused != NULL)
        run->fused->done(run->fused, some, place);
}

/* Their gradients; dy is what the pass handed to the layer. */
static inline const float *cnn__fused_gradient(const cnn__run *run,
                                               const cnn__some *some,
                                               const float *dy, size_t size)
{
    return run->fused != NULL ? run->fused->gradient(run->fused, run, some, dy)
                              : dy + (size_t)some->first * size;
}

#endif
