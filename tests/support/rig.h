/* A layer that is built, with the arrays of one batch around it. */
#ifndef TESTS_SUPPORT_RIG_H
#define TESTS_SUPPORT_RIG_H

#include "support/near.h"

/* n floats, all NaN, so that what is never written shows; to be freed with
 * test_free(), which sees writes beyond them. */
float *new_floats(size_t n);

/* What the layer is built for; a test may set fewer. */
#define RIG_THREADS 4

typedef struct rig {
    cnn_layer *layer; /* the rig's */
    int32_t batch;
    cnn_shape in, out;
    size_t X, Y, P; /* floats of x and dx, of y and dy, of the parameters */
    float *x, *y, *dy, *dx;
} rig;

/* Builds `layer`; fails the test if it is NULL or does not fit. */
void rig_open(rig *r, cnn_layer *layer, const cnn_shape *in, int32_t batch);

/* Fills x, dy and the parameters with floats in [-1, 1), respectively with
 * whole numbers from -most to most. */
void rig_fill_uniform(rig *r, uint64_t seed);
void rig_fill_integers(rig *r, int most, uint64_t seed);

/* y from x. */
void rig_forward(rig *r);

/* dx and the gradients of the parameters, which are set to zero before. */
void rig_backward(rig *r);

/* Runs x and dy as they stand with 1 to RIG_THREADS threads: y, dx and the
 * gradients have the same bits each time. */
void rig_assert_threads_agree(rig *r);

/* Runs x and dy as they stand with and without dx: the gradients are the same.
 */
void rig_assert_dx_is_optional(rig *r);

/* Going back twice doubles the gradients of the parameters, and not dx. */
void rig_assert_gradients_add(rig *r);

/* Frozen in either way, y and dx are those of a layer that learns. */
void rig_assert_frozen_alike(rig *r);

void rig_close(rig *r);

#endif
