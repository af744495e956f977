/* Which algorithm a convolution takes. */
#ifndef CNN_LAYERS_CONV2D_CHOICE_H
#define CNN_LAYERS_CONV2D_CHOICE_H

#include "layers/conv2d_direct.h"
#include "layers/conv2d_winograd.h"

typedef struct cnn__conv_choice {
    int32_t algorithm; /* CNN_ALGORITHM_*, not AUTO; planned is that one */
    cnn__conv_winograd winograd;
    cnn__conv_direct direct;
} cnn__conv_choice;

/* Is `asked` one of CNN_ALGORITHM_*? */
cnn_status cnn__conv_check_algorithm(int32_t asked);

/* Chooses and plans. CNN_EUNSUPPORTED if what was asked for does not fit. With
 * CNN_ALGORITHM_AUTO it depends on the shape and the instruction set only, and
 * on the environment variable CNN_ALGORITHM. */
cnn_status cnn__conv_choose(cnn__conv_choice *choice, const cnn__conv *conv,
                            int32_t asked);

#endif
