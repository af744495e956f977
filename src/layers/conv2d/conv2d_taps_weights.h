/* Convolution by taps: what one pass hands to its chunks, and the weights in
 * blocks of filters, (taps, lanes) each, that conv2d_taps.c multiplies by. */
#ifndef CNN_LAYERS_CONV2D_TAPS_WEIGHTS_H
#define CNN_LAYERS_CONV2D_TAPS_WEIGHTS_H

#include "layers/conv2d/conv2d_taps_plan.h"

typedef struct cnn__taps_job {
    const cnn__conv_taps_plan *plan;
    const cnn__conv_pass *pass;
    const cnn__run *run;
    int32_t *offsets; /* of the forward side; (K) */
    int32_t *back;    /* of dx, phase by phase */
    float *W;         /* weights in blocks: of forward, or of dx */
    float *sums;
} cnn__taps_job;

cnn__taps_job cnn__taps_job_of(const cnn__conv_taps_plan *plan,
                               const cnn__conv_pass *pass);

/* The shared memory of a job over `batch` samples. */
size_t cnn__taps_job_floats(const cnn__conv_taps_plan *plan,
                            const cnn__conv *conv, int32_t batch);

/* Taps of all phases. */
static inline size_t cnn__taps_in_all(const cnn__taps_side *s,
                                      const cnn__conv *conv)
{
    return s->planes * (size_t)conv->area;
}

/* Blocks of a group; floats of one. */
static inline size_t cnn__taps_blocks(const cnn__taps_side *s)
{
    return (s->maps + CNN__TAPS_LANES - 1) / CNN__TAPS_LANES;
}

static inline size_t cnn__taps_one_block(const cnn__taps_side *s,
                                         const cnn__conv *conv)
{
    return cnn__size_mul(cnn__taps_in_all(s, conv), CNN__TAPS_LANES);
}

/* Floats of the weights in blocks; of a sum of dW in blocks, then db. */
size_t cnn__taps_block_floats(const cnn__taps_side *s, const cnn__conv *conv);
size_t cnn__taps_sum_floats(const cnn__conv_taps_plan *plan,
                            const cnn__conv *conv);

/* The block of group g that begins at map f, in an array of such blocks. */
float *cnn__taps_block_of(const cnn__taps_side *s, const cnn__conv *conv,
                          float *blocks, size_t g, size_t f);

/* Maps of that block that are there. */
size_t cnn__taps_there(const cnn__taps_side *s, size_t f);

/* Chunks of a job, one for each group: turn its weights into blocks of filters;
 * into blocks of channels, phase by phase, for dx. `job` is a cnn__taps_job. */
void cnn__taps_load_weights(void *job, int64_t group, int32_t worker);
void cnn__taps_turn_weights(void *job, int64_t group, int32_t worker);

/* Adds the block of dW at map f of group g to dW. */
void cnn__taps_add_block(const cnn__taps_job *job, size_t g, size_t f,
                         const float *block);

/* Adds the sums to dW and db. */
void cnn__taps_add_sums(const cnn__taps_job *job);

#endif
