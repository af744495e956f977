/* Poolings drawn at random. */
#ifndef TESTS_SUPPORT_POOL_CASE_H
#define TESTS_SUPPORT_POOL_CASE_H

#include "support/naive.h"
#include "support/rig.h"

typedef struct pool_case {
    naive_pool naive; /* with the padding in numbers */
    cnn_pool2d_options options;
    int32_t N, C;
    char what[160]; /* all of it in words */
} pool_case;

/* Any window, stride and padding; `small` for gradient checks. */
void pool_case_draw(pool_case *c, bool average, bool small, uint64_t seed);

/* The layer, built, in a rig. */
void pool_case_open(const pool_case *c, rig *r);

/* Runs the rig on its x and dy and holds y and dx against the naive loops, 0
 * for the same numbers. */
void pool_case_assert_near(const pool_case *c, rig *r, double tolerance);

/* The gradients are right, by finite differences. */
void pool_case_check_gradients(const pool_case *c, uint64_t seed);

#endif
