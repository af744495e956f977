/* The plan of a convolution by Winograd's algorithm (math/winograd.h), and its
 * memory. */
#ifndef CNN_LAYERS_CONV2D_WINOGRAD_PLAN_H
#define CNN_LAYERS_CONV2D_WINOGRAD_PLAN_H

#include "layers/conv2d/conv2d_geometry.h"
#include "layers/layer_impl.h"
#include "math/winograd.h"

/* The plan for a shape. A sample is rows x columns squares of m x m outputs. A
 * tile is some samples; its squares are the rows of each product. */
typedef struct cnn__conv_winograd_plan {
    const cnn__winograd *transforms;
    size_t rows, columns;
    int32_t tile;    /* samples of a tile; depends on the shape only */
    size_t channels; /* C */
    size_t filters;  /* F */
    size_t CL, FL;   /* C and F rounded up to whole vectors */
    size_t HP, WP;   /* the input that the squares of a sample look at */
    size_t kernel_floats,
        maps;           /* floats of (K, K, FL) and (rows m, columns m, FL) */
    size_t image;       /* floats of (HP, WP, CL) */
    size_t points;      /* n n */
    size_t weight_step; /* floats from one point of U to the next */
    size_t weights;     /* floats of U: points x (C, FL) */
    size_t turned_step; /* the same for U transposed: points x (F, CL) */
} cnn__conv_winograd_plan;

/* The kept memory: a header of this many floats, U, and the weights from which
 * U was computed. */
#define CNN__WINOGRAD_HEADER 16

/* Floats of those weights: (F, C, K, K). */
static inline size_t
cnn__winograd_source_floats(const cnn__conv_winograd_plan *w)
{
    const size_t K = (size_t)w->transforms->kernel;

    return cnn__size_mul3(w->filters, w->channels, K * K);
}

/* The scratch arrays of a worker. */
typedef struct cnn__winograd_arrays {
    float *image;   /* (HP, WP, CL): x or dx of a sample, with its padding */
    float *maps;    /* (rows m, columns m, FL): y or dy of a sample */
    float *kernels; /* (K, K, FL), followed by the same as (F, K, K) */
    float *V, *M;   /* points x (T, CL) and (T, FL), for T squares */
} cnn__winograd_arrays;

/* Functions of cnn__conv_algorithm; `plan` is a cnn__conv_winograd_plan. */
bool cnn__winograd_plan(void *plan, const cnn__conv *conv);
bool cnn__winograd_pays(const void *plan, const cnn__conv *conv);
void cnn__winograd_sizes(const void *plan, const cnn__conv *conv, int32_t batch,
                         cnn__workspace *need);
int32_t cnn__winograd_grain(const void *plan, int32_t batch);

/* Lays out a worker's arrays for the tiles of a batch. */
void cnn__winograd_lay_out(const cnn__conv_winograd_plan *plan, int32_t batch,
                           cnn__arena *arena, cnn__winograd_arrays *arrays);

/* Squares of `samples` samples. */
static inline size_t cnn__winograd_squares(const cnn__conv_winograd_plan *plan,
                                           int32_t samples)
{
    return (size_t)samples * plan->rows * plan->columns;
}

/* Floats from one point of V or M to the next, for T squares of `lanes` floats.
 */
size_t cnn__winograd_step(size_t T, size_t lanes);

/* Tiles of a batch. */
int64_t cnn__winograd_tiles(const cnn__conv_winograd_plan *plan, int32_t batch);

#endif
