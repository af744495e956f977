/* Convolution and pooling as their definitions say, in plain loops. Sums are
 * kept in double and rounded once at the end: with whole numbers, whose sums
 * stay below 2^24, the results are exact.
 *
 * Nothing here is shared with the library. */
#ifndef TESTS_SUPPORT_NAIVE_H
#define TESTS_SUPPORT_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A window over an image of H x W. */
typedef struct naive_window {
    int32_t H, W;
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t top, bottom, left, right; /* padding */
} naive_window;

int32_t naive_out_h(const naive_window *w);
int32_t naive_out_w(const naive_window *w);

/* Sets the padding as TensorFlow's documentation has it for SAME; with `lower`
 * the odd zero goes to the front. */
void naive_pad_same(naive_window *w, bool lower);

/* A convolution of N samples of C channels with F filters. */
typedef struct naive_conv {
    naive_window window;
    int32_t N, C, F;
    int32_t groups;
    const uint8_t *table; /* (F, C) of 0 and 1, or NULL */
} naive_conv;

/* Floats of the arrays of a convolution. */
size_t naive_x_size(const naive_conv *c);
size_t naive_w_size(const naive_conv *c);
size_t naive_y_size(const naive_conv *c);

/* One multiplication of a convolution: x[x] meets w[w] for y[y]. */
typedef struct naive_tap {
    int32_t n, f, c; /* sample, filter, channel */
    int32_t i, j;    /* output */
    int32_t u, v;    /* kernel */
    size_t x, w, y;
} naive_tap;

/* Calls `visit` for every multiplication that there is. */
void naive_conv_each(const naive_conv *c,
                     void (*visit)(void *data, const naive_tap *tap),
                     void *data);

/* y from x, the weights and the biases (NULL: none). */
void naive_conv_forward(const naive_conv *c, const float *x, const float *w,
                        const float *b, float *y);

/* dw, db (NULL: not wanted) and dx, all overwritten. */
void naive_conv_backward(const naive_conv *c, const float *x, const float *w,
                         const float *dy, float *dw, float *db, float *dx);

/* Pooling of so many planes of H x W. */
typedef struct naive_pool {
    naive_window window;
    int32_t planes;
    bool average, include_pad;
} naive_pool;

void naive_pool_forward(const naive_pool *p, const float *x, float *y);
void naive_pool_backward(const naive_pool *p, const float *x, const float *dy,
                         float *dx);

#endif
