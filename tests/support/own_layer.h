/* A layer that a program wrote: normalises each sample, then scales each
 * element by a gain that is learnt.
 *
 *     h = (x - m) / s,  s = sqrt(v + epsilon);  y_i = g_i h_i */
#ifndef TESTS_SUPPORT_OWN_LAYER_H
#define TESTS_SUPPORT_OWN_LAYER_H

#include "support/near.h"

#define OWN_NAME "sample_norm"

/* Its data; epsilon is its setting. Freed ones are counted. */
typedef struct own {
    float epsilon;
    int32_t *freed;
} own;

/* Its methods without settings, copy and release. `user` is an own. */
cnn_layer_methods own_methods(uint32_t flags);

/* The layer with data of its own, which copies are made of; `freed` may be
 * NULL. */
cnn_layer *own_layer(float epsilon, uint32_t flags, int32_t *freed);

/* A cnn_layer_maker that knows this layer; `user` becomes `freed`. */
cnn_status own_make(void *user, const char *name, const char *settings,
                    cnn_layer **layer);

#endif
