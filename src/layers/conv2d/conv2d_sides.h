/* The two sums over kernels that a convolution is made of, along one axis:
 * forward, whose results are its outputs, and dx, whose results are its inputs.
 *
 * With a stride s the results p, p + s, p + 2 s, ... of dx, a phase, look
 * through the same weights, and result i of a phase looks at inputs that are i
 * apart from those of result 0. So each phase is a convolution without stride.
 */
#ifndef CNN_LAYERS_CONV2D_SIDES_H
#define CNN_LAYERS_CONV2D_SIDES_H

#include "layers/conv2d/conv2d_geometry.h"

/* Result i of phase p looks through kernel position k at input i * step +
 * shift(p, k). */
typedef struct cnn__conv_side {
    cnn__axis axis; /* of the convolution */
    bool back;      /* dx */
    int32_t in, out;
    int32_t phases, step;
    int32_t low, high; /* the least and the greatest shift */
} cnn__conv_side;

/* Is it of moderate kernel and stride, and without a table? */
bool cnn__conv_sides_fit(const cnn__conv *conv);

cnn__conv_side cnn__conv_side_of(const cnn__axis *axis, bool back);

/* The shift of position k for phase p; false if the phase does not have it. */
bool cnn__conv_side_shift(const cnn__conv_side *a, int32_t p, int32_t k,
                          int32_t *shift);

/* The positions that phase p has; its results. */
size_t cnn__conv_side_taps(const cnn__conv_side *a, int32_t p);
size_t cnn__conv_side_results(const cnn__conv_side *a, int32_t p);

/* The inputs that `results` of each phase look at, from input `low` on. */
size_t cnn__conv_side_seen(const cnn__conv_side *a, size_t results);

#endif
