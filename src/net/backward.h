/* Gradients on their way back through the layers of a pass that keeps outputs.
 */
#ifndef CNN_NET_BACKWARD_H
#define CNN_NET_BACKWARD_H

#include "net/pass.h"

/* Lays out the lists of the plan. */
void cnn__back_lay_out(cnn__back *back, cnn_layer *const *layers, int32_t count,
                       cnn__arena *arena);

/* Plans backward through the layers of a pass whose lists are laid out and
 * whose fused layers are known. CNN_ENOMEM. */
cnn_status cnn__back_plan(cnn__pass *pass, int32_t batch);

/* Where the gradient of the output of layer `last` has to be before a pass
 * begins there; NULL for last = -1. */
float *cnn__back_dy(const cnn__pass *pass, int32_t last);

/* Backward through layers `last` .. 0, on x, to dx, the gradient of the input.
 * With dx = NULL it goes no lower than layers that learn. Call it between
 * cnn__gemm_enter() and _leave(). */
void cnn__pass_backward(cnn__pass *pass, int32_t last, int32_t batch,
                        const float *x, float *dx);

#endif
