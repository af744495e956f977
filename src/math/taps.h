/* Convolution in vectors of filters, for any kernel, stride and dilation.
 *
 * A tap is one weight of a filter: a channel and a place in the kernel. Taps
 * are listed by the offset of what they look at, so the same loops compute any
 * window; backward of a strided convolution is one such list for each phase of
 * the image. Pixels are read one by one and multiplied by a vector of filters,
 * so rows may have any length. Sums stay in registers. */
#ifndef CNN_MATH_TAPS_H
#define CNN_MATH_TAPS_H

#include <stddef.h>
#include <stdint.h>

/* The most filters of a block; the others have half as many. */
#define CNN__TAPS_LANES 32

/* A block of filters over rows x columns pixels. */
typedef struct cnn__taps {
    size_t count;           /* taps */
    const int32_t *offsets; /* (count), from a pixel of x to what a tap sees */
    size_t rows, columns;
    size_t x_row, x_step; /* floats from one row, one pixel, to the next */
    size_t y_row, y_step; /* of y likewise; its lanes have no gaps */
    size_t lanes;         /* filters of the block: 32 or 16 */
} cnn__taps;

/* Part of an image, with zeros around it: the frame has rows x columns floats
 * for each plane, of which h x w, from row `top` and column `left` on, are
 * copied. */
typedef struct cnn__taps_frame {
    size_t planes;
    size_t plane, width; /* of the image: floats of a channel, of a row */
    size_t rows, columns, top, left, h, w;
} cnn__taps_frame;

/* The functions are NULL in a set without fused multiply-add. */
typedef struct cnn__taps_routines {
    void (*frame)(const cnn__taps_frame *f, const float *image, float *to);
    /* y = b + sum over the taps of w (count, lanes) x. */
    void (*maps)(const cnn__taps *t, const float *w, const float *b,
                 const float *x, float *y);
    /* dw (count, lanes) += sum over `samples` samples and their pixels of x dy;
     * dy (samples, rows, columns, lanes) has no gaps. */
    void (*weights)(const cnn__taps *t, size_t samples, const float *x,
                    size_t x_sample, const float *dy, float *dw);
} cnn__taps_routines;

#endif
