/* How a convolution by Winograd's method (math/winograd.h) is cut up, and the
 * memory that it works in. */
#ifndef CNN_LAYERS_CONV2D_WINOGRAD_PLAN_H
#define CNN_LAYERS_CONV2D_WINOGRAD_PLAN_H

#include "layers/conv2d/conv2d_geometry.h"
#include "layers/layer_impl.h"
#include "math/winograd.h"

/* As planned for a shape. A sample is rows x columns squares of m x m outputs;
 * those of a tile, some samples, are the rows of every product. */
typedef struct cnn__conv_winograd_plan {
    const cnn__winograd *transforms;
    size_t rows, columns;
    int32_t tile;    /* samples; depends on the shape only */
    size_t channels; /* C */
    size_t filters;  /* F */
    size_t CL, FL;   /* C and F in whole lanes */
    size_t HP, WP;   /* what the squares of a sample look at */
    size_t kernel_floats,
        maps;           /* floats of (K, K, FL) and (rows m, columns m, FL) */
    size_t image;       /* floats of (HP, WP, CL) */
    size_t points;      /* n n */
    size_t weight_step; /* from a point of U to the next */
    size_t weights;     /* floats of U: points x (C, FL) */
    size_t turned_step; /* the same of U turned: points x (F, CL) */
} cnn__conv_winograd_plan;

/* What is kept from pass to pass: a header of so many floats, U, and the
 * weights that it was made from. */
#define CNN__WINOGRAD_HEADER 16

/* Floats of these weights: (F, C, K, K). */
static inline size_t
cnn__winograd_source_floats(const cnn__conv_winograd_plan *w)
{
    const size_t K = (size_t)w->transforms->kernel;

    return cnn__size_mul3(w->filters, w->channels, K * K);
}

/* What a thread works in. */
typedef struct cnn__winograd_arrays {
    float *image;   /* (HP, WP, CL): x or dx of a sample, with its padding */
    float *maps;    /* (rows m, columns m, FL): y or dy of a sample */
    float *kernels; /* (K, K, FL), and behind it the same as (F, K, K) */
    float *V, *M;   /* points x (T, CL) and (T, FL), for T squares */
} cnn__winograd_arrays;

/* Of the contract; `plan` is a cnn__conv_winograd_plan. A tile is
 * what is done at a time. */
bool cnn__winograd_plan(void *plan, const cnn__conv *conv);
bool cnn__winograd_pays(const void *plan, const cnn__conv *conv);
void cnn__winograd_sizes(const void *plan, const cnn__conv *conv, int32_t batch,
                         cnn__workspace *need);
int32_t cnn__winograd_grain(const void *plan, int32_t batch);

/* Deals out a worker's arrays for the tiles of a batch. */
void cnn__winograd_lay_out(const cnn__conv_winograd_plan *plan, int32_t batch,
                           cnn__arena *arena, cnn__winograd_arrays *arrays);

/* Squares of some samples. */
static inline size_t cnn__winograd_squares(const cnn__conv_winograd_plan *plan,
                                           int32_t samples)
{
    return (size_t)samples * plan->rows * plan->columns;
}

/* From a point of V or M to the next, in a tile of T squares of `lanes`. */
size_t cnn__winograd_step(size_t T, size_t lanes);

/* Blocks of a batch. */
int64_t cnn__winograd_tiles(const cnn__conv_winograd_plan *plan, int32_t batch);

#endif
