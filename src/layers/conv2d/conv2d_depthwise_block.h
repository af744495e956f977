/* Depthwise convolution of a block of channels, band by band: transposed, so
 * that the channels come last, framed with its padding, computed by the loops
 * of math/depthwise.h, and transposed back. */
#ifndef CNN_LAYERS_CONV2D_DEPTHWISE_BLOCK_H
#define CNN_LAYERS_CONV2D_DEPTHWISE_BLOCK_H

#include "layers/conv2d/conv2d_taps_plan.h"
#include "math/depthwise.h"

typedef struct cnn__depthwise_plan {
    const cnn__depthwise_routines *routines;
    const cnn__taps_routines *taps;
    cnn__taps_side forward, back; /* of a block of channels */
    size_t area;
} cnn__depthwise_plan;

/* What one pass hands to its chunks. */
typedef struct cnn__depthwise_job {
    const cnn__depthwise_plan *plan;
    const cnn__conv_pass *pass;
    const cnn__run *run;
    int32_t *offsets; /* (area), of forward */
    int32_t *back;    /* (area), of dx, phase by phase, ... */
    int32_t *weight;  /* ... and which weight each of them is */
    float *sums;
} cnn__depthwise_job;

/* Scratch of a worker. */
typedef struct cnn__depthwise_scratch {
    float *frame;
    float *lanes; /* inputs or results, channels last */
    float *w;     /* (area, LANES) */
} cnn__depthwise_scratch;

/* Floats of the scratch. */
size_t cnn__depthwise_scratch_floats(const cnn__depthwise_plan *plan);

cnn__depthwise_scratch cnn__depthwise_scratch_of(const cnn__depthwise_job *j,
                                                 int32_t worker);

/* A block of channels. */
typedef struct cnn__depthwise_block {
    size_t first, count;
} cnn__depthwise_block;

cnn__depthwise_block cnn__depthwise_block_at(const cnn__conv *conv,
                                             size_t first);

/* The results of a block of planes: y from x, or dx from dy. Tap k has weight
 * numbers[k]; NULL: weight k. */
void cnn__depthwise_maps(const cnn__depthwise_job *j, const cnn__taps_side *s,
                         const int32_t *offsets, const int32_t *numbers,
                         const float *biases, cnn__depthwise_block b,
                         const float *planes, float *maps,
                         const cnn__depthwise_scratch *to);

/* dW (area, lanes) of a block of channels += the sum over one sample. */
void cnn__depthwise_weights(const cnn__depthwise_job *j, cnn__depthwise_block b,
                            const float *x, const float *dy, float *dW,
                            const cnn__depthwise_scratch *to);

#endif
