/* The algorithms that there are, and which one a convolution takes. */
#ifndef CNN_LAYERS_CONV2D_ALGORITHMS_H
#define CNN_LAYERS_CONV2D_ALGORITHMS_H

#include "layers/conv2d/conv2d_algorithm.h"

extern const cnn__conv_algorithm cnn__conv_winograd;
extern const cnn__conv_algorithm cnn__conv_direct;
extern const cnn__conv_algorithm cnn__conv_whole;
extern const cnn__conv_algorithm cnn__conv_im2col;

/* Is `asked` one of CNN_ALGORITHM_*? */
cnn_status cnn__conv_check_algorithm(int32_t asked);

/* The one that a convolution takes, with its plan. */
typedef struct cnn__conv_choice {
    const cnn__conv_algorithm *algorithm;
    void *plan; /* to be freed with cnn__free() */
} cnn__conv_choice;

/* Chooses and plans, in place of what was chosen before. CNN_EUNSUPPORTED if
 * what was asked for does not fit. With CNN_ALGORITHM_AUTO the choice depends
 * on the shape, the instruction set and the environment variable CNN_ALGORITHM
 * only. */
cnn_status cnn__conv_choose(cnn__conv_choice *choice, const cnn__conv *conv,
                            int32_t asked);

#endif
