/* How a convolution by its definition (math/direct.h) is cut up. */
#ifndef CNN_LAYERS_CONV2D_DIRECT_PLAN_H
#define CNN_LAYERS_CONV2D_DIRECT_PLAN_H

#include "base/size.h"
#include "layers/conv2d/conv2d_geometry.h"
#include "math/direct.h"

/* As planned for a shape. */
typedef struct cnn__conv_direct_plan {
    const cnn__direct_routines *routines;
    cnn__framed x, dy; /* a sample each */
    int32_t tile;      /* samples at a time, going back; by the shape only */
    bool by_filters;   /* dW in whole vectors of filters */
} cnn__conv_direct_plan;

static inline size_t cnn__framed_floats(const cnn__framed *f)
{
    return cnn__size_mul3(f->planes, f->rows, f->row);
}

/* Of the contract; `plan` is a cnn__conv_direct_plan. */
bool cnn__direct_plan(void *plan, const cnn__conv *conv);
bool cnn__direct_pays(const void *plan, const cnn__conv *conv);
int32_t cnn__direct_grain(const void *plan, int32_t batch);

/* Floats that a worker needs. */
size_t cnn__direct_scratch_floats(const cnn__conv_direct_plan *plan);

#endif
