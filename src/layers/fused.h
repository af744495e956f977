/* Where a layer's outputs go while they are still in the cache.
 *
 * A layer with `head` operations computes a span of samples at a time. For each
 * span it asks where to write the outputs, reports that they are written, and
 * in backward asks for their gradients. Whoever runs the layer provides the
 * functions (net/fusion.h). If nothing is fused, outputs and gradients are in y
 * and dy of the pass. */
#ifndef CNN_LAYERS_FUSED_H
#define CNN_LAYERS_FUSED_H

#include "layers/layer_ops.h"

/* Samples first .. first + count - 1 of a batch, and the worker that computes
 * them. */
typedef struct cnn__span {
    int64_t first;
    int32_t count, worker;
} cnn__span;

struct cnn__fused {
    float *(*place)(const cnn__fused *, const cnn__run *, const cnn__span *);
    void (*done)(const cnn__fused *, const cnn__span *, float *place);
    const float *(*gradient)(const cnn__fused *, const cnn__run *,
                             const cnn__span *, const float *dy);
};

/* Where to write the outputs of a span, `size` floats for each sample. y is the
 * output of the whole batch. */
static inline float *cnn__fused_place(const cnn__run *run,
                                      const cnn__span *span, float *y,
                                      size_t size)
{
    return run->fused != NULL ? run->fused->place(run->fused, run, span)
                              : y + (size_t)span->first * size;
}

/* Reports that the outputs of a span are written to `place`. */
static inline void cnn__fused_done(const cnn__run *run, const cnn__span *span,
                                   float *place)
{
    if (run->fused != NULL)
        run->fused->done(run->fused, span, place);
}

/* The gradients of the outputs of a span. dy is what the pass gave to the
 * layer. */
static inline const float *cnn__fused_gradient(const cnn__run *run,
                                               const cnn__span *span,
                                               const float *dy, size_t size)
{
    return run->fused != NULL ? run->fused->gradient(run->fused, run, span, dy)
                              : dy + (size_t)span->first * size;
}

#endif
