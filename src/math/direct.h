/* Convolution by its definition, for few channels, where im2col costs more than
 * the product that it prepares: sums stay in registers.
 *
 * Stride 1, no dilation, kernels of 3 x 3 and 5 x 5. Images stand in planes
 * that have their padding around them and zeros behind each row, so that a
 * vector may begin at every column and needs no border. */
#ifndef CNN_MATH_DIRECT_H
#define CNN_MATH_DIRECT_H

#include <stddef.h>
#include <stdint.h>

/* Floats of the widest vectors. */
#define CNN__DIRECT_LANES 16

/* (planes, rows, row) floats, in which an image of h x w begins at row `top`
 * and column `left`, between zeros. A row has a vector or more. */
typedef struct cnn__framed {
    size_t planes, h, w;
    size_t top, left;
    size_t rows, row;
} cnn__framed;

typedef struct cnn__direct {
    size_t side;              /* of a kernel, K: 3 or 5 */
    size_t channels, filters; /* C, F */
    const int32_t *planes;    /* (C): those of the channels; NULL: in order,
                                 as lane_weights needs them */
    size_t rows, columns;     /* OH, OW of the outputs; at least 2 rows */
    size_t x_row, x_plane;    /* floats from a row, a channel, to the next */
    size_t dy_row, dy_plane;
} cnn__direct;

typedef void cnn__lane_weights_fn(const cnn__direct *d, const float *x,
                                  const float *dy, float *dw);

/* Only where the processor multiplies and adds in one: elsewhere sgemm wins. */
typedef struct cnn__direct_routines {
    /* Puts an image (planes, h, w) into its frame. */
    void (*enframe)(const cnn__framed *f, const float *image, float *to);
    /* y (F, OH, OW) = b (F) + sum over c, u, v of w (F, C, K, K) x; b may be
     * NULL, C zero. Vectors go along the rows. */
    void (*forward)(const cnn__direct *d, const float *w, const float *b,
                    const float *x, float *y);
    /* dw (F, C, K, K) += sum over i, j of dy x, for `samples` that stand
     * x_sample and dy_sample floats apart. Vectors go along the rows; those of
     * dy are followed by zeros. */
    void (*weights)(const cnn__direct *d, size_t samples, const float *x,
                    size_t x_sample, const float *dy, size_t dy_sample,
                    float *dw);
    /* The same for one sample, in vectors of filters: dw is (C, K, K, F), dy
     * (OH, OW, F) without gaps, and F a multiple of CNN__DIRECT_LANES. */
    cnn__lane_weights_fn *lane_weights;
} cnn__direct_routines;

#endif
