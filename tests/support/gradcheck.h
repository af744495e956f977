/* Gradients against finite differences.
 *
 * The loss is <y, dy>, summed in double, with the dy that the rig holds. Each
 * of x, weights and biases is moved by a step to both sides, and the slopes are
 * held against what backward claims, as a whole: |claimed - slope| / |slope|,
 * Euclidean norms.
 *
 * Where the numbers come from. A float y near 1 is off by some 2^-24, which the
 * two steps turn into 4e-6 in the slope; the truncation, step^2 / 6 times the
 * third derivative over the first, is below 2.1e-5 for every activation there
 * is (tanh at 0), but for GELU near its minimum, -0.75, where next to nothing
 * is divided by: there the other elements have to outweigh it. So 1e-4 holds
 * for what is right, and a gradient that is 0.1 % off fails. The step, 0.8 %,
 * is a power of two: with what gradcheck_fill() gives, sums of products are
 * then exact, and a slope in which much cancels is as good as any. */
#ifndef TESTS_SUPPORT_GRADCHECK_H
#define TESTS_SUPPORT_GRADCHECK_H

#include "support/rig.h"

#define GRADCHECK_STEP      0x1p-7f
#define GRADCHECK_TOLERANCE 1e-4

/* Fills x, dy and the parameters with multiples of 1/8 from -1 to 1, save those
 * less than 1/4 away from the kink that many functions have at zero. */
void gradcheck_fill(rig *r, uint64_t seed);

/* Gradients of a rig's loss: dx of r->X floats, dp of r->P floats, of which
 * the last `biases` are biases. */
typedef struct gradients {
    float *dx, *dp;
    size_t biases;
} gradients;

/* How far off each was; 0 for what the layer does not have. */
typedef struct gradient_errors {
    double dx, dw, db;
} gradient_errors;

/* Compares the claim with finite differences. x, dy and the parameters must
 * stand, away from kinks; they are as before afterwards. */
gradient_errors gradcheck_claim(rig *r, const gradients *claim);

/* Runs the layer forward and backward and fails the test if any error is above
 * the tolerance. `biases` is the number of biases, `what` names the case. */
void gradcheck(rig *r, size_t biases, const char *what);

#endif
