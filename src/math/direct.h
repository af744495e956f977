/* Direct convolution, for few channels, where im2col costs more than the
 * product that follows it. Sums stay in registers.
 *
 * Stride 1, no dilation, kernels of 3 x 3 and 5 x 5. Images are framed: each
 * plane includes its padding, and zeros after each row, so that a vector may
 * begin at every column and no border is a special case. */
#ifndef CNN_MATH_DIRECT_H
#define CNN_MATH_DIRECT_H

#include <stddef.h>
#include <stdint.h>

/* Floats of the widest vectors. */
#define CNN__DIRECT_LANES 16

/* A frame of (planes, rows, row) floats. It holds an image of h x w that begins
 * at row `top` and column `left`, surrounded by zeros. A row is at least one
 * vector. */
typedef struct cnn__framed {
    size_t planes, h, w;
    size_t top, left;
    size_t rows, row;
} cnn__framed;

typedef struct cnn__direct {
    size_t side;              /* of a kernel, K: 3 or 5 */
    size_t channels, filters; /* C, F */
    const int32_t *planes; /* (C), the plane of each channel; NULL: in order, as
                              lane_weights requires */
    size_t rows, columns;  /* OH, OW of the outputs; at least 2 rows */
    size_t x_row, x_plane; /* floats from one row, one channel, to the next */
    size_t dy_row, dy_plane;
} cnn__direct;

typedef void cnn__lane_weights_fn(const cnn__direct *d, const float *x,
                                  const float *dy, float *dw);

/* The functions are NULL in a set without fused multiply-add: sgemm is faster
 * there. */
typedef struct cnn__direct_routines {
    /* Copies an image (planes, h, w) into its frame. */
    void (*enframe)(const cnn__framed *f, const float *image, float *to);
    /* y (F, OH, OW) = b (F) + sum over c, u, v of w (F, C, K, K) x. b may be
     * NULL: zero. Vectors go along the rows. */
    void (*forward)(const cnn__direct *d, const float *w, const float *b,
                    const float *x, float *y);
    /* dw (F, C, K, K) += sum over i, j of dy x, for `samples` samples that are
     * x_sample and dy_sample floats apart. Vectors go along the rows. Zeros
     * must follow each row of dy. */
    void (*weights)(const cnn__direct *d, size_t samples, const float *x,
                    size_t x_sample, const float *dy, size_t dy_sample,
                    float *dw);
    /* The same for one sample, in vectors of filters: dw is (C, K, K, F), dy is
     * (OH, OW, F) without gaps, and F a multiple of CNN__DIRECT_LANES. */
    cnn__lane_weights_fn *lane_weights;
} cnn__direct_routines;

#endif
