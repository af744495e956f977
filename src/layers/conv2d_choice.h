/* Which algorithm a convolution takes. */
#ifndef CNN_LAYERS_CONV2D_CHOICE_H
#define CNN_LAYERS_CONV2D_CHOICE_H

#include "layers/conv2d_winograd_plan.h"

/* Is `asked` one of CNN_ALGORITHM_*? */
cnn_status cnn__conv_check_algorithm(int32_t asked);

/* Plans for Winograd's method if that is to be taken, else leaves
 * winograd->transforms NULL. CNN_EUNSUPPORTED if what was asked for does not
 * fit. With CNN_ALGORITHM_AUTO it depends on the shape only. */
cnn_status cnn__conv_choose(cnn__conv_winograd *winograd, const cnn__conv *conv,
                            int32_t asked);

#endif
