/* Layers of a net that run as one.
 *
 * The head is a layer that computes a span of samples at a time. It may be
 * followed by a layer that works sample by sample, as pooling does, with or
 * without an activation that works in place between them. Both run on each span
 * as soon as the head has computed it, and in backward they compute the
 * gradient of each span just before the head needs it. The bits are the same as
 * without fusion.
 *
 * Outputs between fused layers are read while they are in the cache. Where
 * backward does not need them they are not stored: after max pooling by 2 x 2
 * it needs one byte for each output. An activation in place that is followed by
 * nothing of that kind is not fused, as that gains nothing. */
#ifndef CNN_NET_FUSION_H
#define CNN_NET_FUSION_H

#include "layers/fused.h"
#include "layers/layer_impl.h"

/* The most layers that follow a head. */
#define CNN__MOST_FUSED 2

/* The layers fused to one layer of a net. */
typedef struct cnn__fusion {
    cnn__fused calls; /* the functions that the head calls */
    int32_t length;   /* layers after the head; 0: nothing is fused */
    const cnn_layer *head;
    const cnn_layer *activation; /* works in place; NULL: none */
    const cnn_layer *last;       /* works sample by sample: pooling, mostly */
    bool by_argmax;              /* backward needs only the argmax of pooling */
    size_t scratch;        /* offset of the span in a worker's scratch, ... */
    size_t scratch_floats; /* ... and the floats there */
    bool keep;             /* this pass stores what backward needs: ... */
    float *head_y;         /* ... the activations of the batch, or ... */
    uint8_t *argmax;       /* ... with by_argmax, this; head_y is NULL then */
    float *y;              /* output of `last`, for the batch */
} cnn__fusion;

/* Finds what is fused in passes of up to `batch` samples: an element for each
 * layer, without memory for the passes yet. The shapes must be known. */
void cnn__fusions_find(cnn__fusion *fusions, cnn_layer *const *layers,
                       int32_t count, int32_t batch);

/* Is layer i fused to the next one? Then its gradient is never stored as a
 * whole. */
bool cnn__fusion_inside(const cnn__fusion *fusions, int32_t i);

/* The head of the fused layers that end with layer i; i if it is not fused. */
int32_t cnn__fusion_head(const cnn__fusion *fusions, int32_t i);

#endif
