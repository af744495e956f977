/**
 * @file schedule.h
 * Learning rates that change as the training goes on.
 */
#ifndef CNN_SCHEDULE_H
#define CNN_SCHEDULE_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** Kinds of schedule: the learning rate of step t = 0, 1, 2, ..., as a multiple
 * of the base rate. With `warmup` W, steps 0 .. W - 1 take (t + 1) / W of it,
 * and t counts from the end of the warm-up. */
enum {
    CNN_SCHEDULE_CONSTANT = 0,    /**< 1 */
    CNN_SCHEDULE_STEP = 1,        /**< factor ^ floor(t / steps) */
    CNN_SCHEDULE_EXPONENTIAL = 2, /**< factor ^ (t / steps) */
    CNN_SCHEDULE_COSINE = 3,      /**< from 1 down to `factor` as half a cosine
                                       over `steps` steps, then `factor`
                                       (Loshchilov and Hutter, 2017) */
    CNN_SCHEDULE_PLATEAU = 4      /**< times `factor` whenever the mean loss of
                                       an epoch has not been 0.01 % better than the
                                       best for `steps` epochs in a row */
};

/** Options of a schedule. Zero means the default in brackets. */
typedef struct cnn_schedule_options {
    uint32_t struct_size; /**< sizeof(cnn_schedule_options) */
    int32_t kind;         /**< CNN_SCHEDULE_* [constant] */
    int32_t steps;        /**< as the kind says; at least 1, except constant */
    int32_t warmup;       /**< steps of linear warm-up [0] */
    float factor;         /**< from 0 to 1 [0 for cosine, 0.1 for the others] */
} cnn_schedule_options;

/**
 * The learning rate of a step, from the formula alone (for a plateau: of its
 * warm-up).
 *
 * @param options  NULL for a constant rate
 * @param base     the base learning rate
 * @param step     from 0
 * @param lr       the result
 * @return CNN_OK or CNN_EINVAL
 */
CNN_API cnn_status cnn_schedule_lr(const cnn_schedule_options *options,
                                   float base, int64_t step, float *lr);

CNN_END_DECLS

#endif
