/* Layers of a net that run as one.
 *
 * A layer that computes some samples at a time, the head, may be followed by
 * pooling, with an activation in between or without. Both then run on these
 * samples as soon as the head has them, and the way back works out the gradient
 * of the samples that the head needs next. The bits stay the same; but what is
 * between the layers is read where it was written, and where nobody needs it
 * later it is not even stored: after max pooling by 2 x 2, a byte for each
 * output says all that the way back has to know. (An activation alone gains
 * nothing by it.) */
#ifndef CNN_NET_FUSION_H
#define CNN_NET_FUSION_H

#include "layers/fused.h"
#include "layers/layer_impl.h"

/* Layers behind a head. */
#define CNN__MOST_FUSED 2

/* What follows a layer in the passes of a net. */
typedef struct cnn__fusion {
    cnn__fused calls; /* what the head is handed */
    int32_t length;   /* layers behind the head; 0: it runs alone */
    const cnn_layer *head;
    const cnn_layer *activation; /* in place, or NULL */
    const cnn_layer *pool;
    bool by_argmax; /* what the pool argmax is enough to go back */
    size_t scratch; /* where a worker's samples stand in its scratch, ... */
    size_t scratch_floats; /* ... and what that takes */
    bool keep;             /* this pass stores what the way back needs: ... */
    float *head_y;         /* ... of the batch, NULL if it picks, ... */
    uint8_t *argmax;       /* ... or, if it does, this */
    float *y;              /* of the pool, for the batch */
} cnn__fusion;

/* What is fused in passes of up to `batch` samples through layers whose shapes
 * are known: one for each layer, to be freed with cnn__free(); the arrays are
 * not there yet. NULL if memory is short. */
cnn__fusion *cnn__fusions_find(cnn_layer *const *layers, int32_t count,
                               int32_t batch);

/* Bytes of these. */
static inline size_t cnn__fusions_bytes(int32_t count)
{
    return (size_t)count * sizeof(cnn__fusion);
}

/* Does the output of layer i go on to the next one at once? Then its gradient
 * is never there as a whole. */
bool cnn__fusion_inside(const cnn__fusion *fusions, int32_t i);

/* The first of the layers that end with layer i and run as one: i itself, or
 * its head. */
int32_t cnn__fusion_head(const cnn__fusion *fusions, int32_t i);

#endif
