/* The table of algorithms, and the choice of one for a convolution. */
#ifndef CNN_LAYERS_CONV2D_ALGORITHMS_H
#define CNN_LAYERS_CONV2D_ALGORITHMS_H

#include "layers/conv2d/conv2d_algorithm.h"

extern const cnn__conv_algorithm cnn__conv_winograd;
extern const cnn__conv_algorithm cnn__conv_direct;
extern const cnn__conv_algorithm cnn__conv_depthwise;
extern const cnn__conv_algorithm cnn__conv_taps;
extern const cnn__conv_algorithm cnn__conv_whole;
extern const cnn__conv_algorithm cnn__conv_im2col;

/* CNN_EINVAL unless `asked` is one of CNN_ALGORITHM_*. */
cnn_status cnn__conv_check_algorithm(int32_t asked);

/* The algorithm that a convolution uses, and its plan. */
typedef struct cnn__conv_choice {
    const cnn__conv_algorithm *algorithm;
    void *plan; /* to be freed with cnn__free() */
} cnn__conv_choice;

/* Chooses and plans, replacing an earlier choice. CNN_EUNSUPPORTED if the
 * algorithm asked for does not fit. With CNN_ALGORITHM_AUTO the choice depends
 * only on the shape, the instruction set and the environment variable
 * CNN_ALGORITHM. */
cnn_status cnn__conv_choose(cnn__conv_choice *choice, const cnn__conv *conv,
                            int32_t asked);

#endif
