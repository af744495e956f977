/* What follows a convolution, done while its output is still in the cache.
 *
 * A layer that computes some samples at a time, the head, may be followed by
 * pooling, with an activation in between or without. A pass then hands the head
 * a tail: the head gives them these samples as soon as it has them, and on the
 * way back asks them for the gradient of the samples that it needs next. The
 * layers stay what they are, and so do the bits; but what is between them is
 * read where it was written, and where nobody needs it later it is not even
 * stored: after max pooling by 2 x 2, a byte for each output says all that the
 * way back has to know. (An activation alone gains nothing by it.) */
#ifndef CNN_LAYERS_TAIL_H
#define CNN_LAYERS_TAIL_H

#include "layers/layer_impl.h"

/* Layers in a tail. */
#define CNN__MOST_TAIL 2

struct cnn__tail {
    int32_t length;              /* layers; 0: no tail */
    const cnn_layer *activation; /* in place, or NULL */
    const cnn_layer *pool;
    bool picks;      /* what the pool picked is enough to go back: ... */
    float *y;        /* of the pool, for the batch */
    uint8_t *picked; /* ... it is here */
    size_t room; /* where a worker has room for what the head does at a time */
};

/* The tail of layer i in passes of up to `batch` samples; `y` and `picked` are
 * NULL, and `room` behind what the layer needs itself. */
cnn__tail cnn__tail_of(cnn_layer *const *layers, int32_t count, int32_t i,
                       int32_t batch);

/* Floats that it needs from `room` on. */
size_t cnn__tail_floats(const cnn_layer *head, const cnn__tail *tail,
                        int32_t batch);

/* For the head, whose samples have `size` floats of output: where those from
 * `first` on are to be written, y being the output of all, or NULL if it need
 * not be stored. */
float *cnn__tail_place(const cnn__run *run, float *y, size_t size,
                       int64_t first, int32_t worker);

/* Goes on with n samples that have been written there. */
void cnn__tail_forward(const cnn__run *run, float *place, int64_t first,
                       int32_t n);

/* The gradients of the outputs of n samples, from `first` on. y is the output
 * of the head, if it was stored, dy the gradient of what the last layer put
 * out. */
const float *cnn__tail_backward(const cnn__run *run, const float *y,
                                const float *dy, size_t size, int64_t first,
                                int32_t n, int32_t worker);

#endif
