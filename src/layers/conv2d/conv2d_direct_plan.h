/* The plan of a direct convolution (math/direct.h). */
#ifndef CNN_LAYERS_CONV2D_DIRECT_PLAN_H
#define CNN_LAYERS_CONV2D_DIRECT_PLAN_H

#include "base/size.h"
#include "layers/conv2d/conv2d_geometry.h"
#include "math/direct.h"

/* The plan for a shape. */
typedef struct cnn__conv_direct_plan {
    const cnn__direct_routines *routines;
    cnn__framed x, dy; /* frames of one sample */
    int32_t tile; /* samples at a time in backward; depends on the shape only */
    bool by_filters; /* dW is computed in whole vectors of filters */
} cnn__conv_direct_plan;

static inline size_t cnn__framed_floats(const cnn__framed *f)
{
    return cnn__size_mul3(f->planes, f->rows, f->row);
}

/* Functions of cnn__conv_algorithm; `plan` is a cnn__conv_direct_plan. */
bool cnn__direct_plan(void *plan, const cnn__conv *conv);
bool cnn__direct_pays(const void *plan, const cnn__conv *conv);
int32_t cnn__direct_grain(const void *plan, int32_t batch);

/* Floats of scratch for each worker. */
size_t cnn__direct_scratch_floats(const cnn__conv_direct_plan *plan);

#endif
