/* Convolutions drawn at random, and what they must compute. */
#ifndef TESTS_SUPPORT_CONV_CASE_H
#define TESTS_SUPPORT_CONV_CASE_H

#include "support/naive.h"
#include "support/rig.h"

typedef struct conv_case {
    naive_conv naive;           /* with the padding in numbers */
    cnn_conv2d_options options; /* with the padding as the caller says it */
    uint8_t table[64];          /* naive.table, if there is one */
    char what[160];             /* all of it in words */
} conv_case;

enum {
    CONV_SMALL = 1,    /* few floats, for gradient checks */
    CONV_TABLE = 2,    /* with a connection table, else maybe groups */
    CONV_WINOGRAD = 4, /* by that algorithm, and as it demands */
    CONV_DIRECT = 8,   /* with a table or groups too, if that is drawn */
    CONV_POINTS = 16,  /* kernels of one pixel, an output for each */
    CONV_WHOLE = 32,   /* kernels as large as the image, one output */
    CONV_GROUPS = 64   /* two groups and more */
};

/* Any stride, dilation, groups or table, and padding. */
void conv_case_draw(conv_case *c, unsigned kind, uint64_t seed);

/* Makes it a signal, of one row: kernels of 1 x k. */
void conv_case_flatten(conv_case *c);

/* A layer of square kernels with SAME padding, by that algorithm. */
cnn_layer *conv_same(int32_t filters, int32_t kernel, int32_t algorithm);

/* The layer, built, in a rig. */
void conv_case_open(const conv_case *c, rig *r);

/* The adjoint of a case without a table: a transposed convolution, with the
 * same weights, that makes C channels of F; and what the naive loops make of
 * its x, dy and parameters. It has C biases, or none. */
void conv_case_open_adjoint(const conv_case *c, rig *r);
size_t conv_case_adjoint_biases(const conv_case *c);

/* Number of biases: F or 0. */
size_t conv_case_biases(const conv_case *c);

/* What the naive loops make of a rig's x, dy and parameters. */
typedef struct conv_wanted {
    float *y, *dx, *dp;
} conv_wanted;

void conv_case_want(const conv_case *c, const rig *r, conv_wanted *want);
void conv_case_want_adjoint(const conv_case *c, const rig *r,
                            conv_wanted *want);
void conv_wanted_free(conv_wanted *want);

/* Runs the rig: y, dx and all gradients have the bits that are wanted. */
void conv_case_assert_wanted(const conv_case *c, rig *r,
                             const conv_wanted *want);

/* y, dx and all gradients are, on whole numbers, those of the naive loops, bit
 * for bit: sums of whole numbers below 2^24 do not depend on their order. */
void conv_case_assert_exact(const conv_case *c, uint64_t seed);

/* The gradients are right, by finite differences. */
void conv_case_check_gradients(const conv_case *c, uint64_t seed);

/* Runs a rig on numbers of one sign, and closes it: the gradients are right to
 * 3e-6 of the largest. One sum over 224 x 224 terms would be off by 1e-5. */
void conv_case_check_long_sums(const conv_case *c, rig *r);

#endif
