/* Which algorithm a convolution takes, and its passes by that. */
#ifndef CNN_LAYERS_CONV2D_CHOICE_H
#define CNN_LAYERS_CONV2D_CHOICE_H

#include "layers/conv2d_direct.h"
#include "layers/conv2d_winograd.h"

typedef enum cnn__conv_path {
    CNN__PATH_IM2COL, /* any convolution ... */
    CNN__PATH_AFFINE, /* ... or one of CNN__CONV_WHOLE */
    CNN__PATH_WINOGRAD,
    CNN__PATH_DIRECT
} cnn__conv_path;

typedef struct cnn__conv_choice {
    cnn__conv_path path;
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

/* What passes of up to `batch` samples need, with so many parameters. */
void cnn__conv_sizes(const cnn__conv_choice *choice, const cnn__conv *conv,
                     int32_t batch, size_t params, cnn__workspace *need);

/* The most samples of a batch that are done at a time; 0: all, so that nothing
 * can be done with them in between. */
int32_t cnn__conv_grain(const cnn__conv_choice *choice, const cnn__conv *conv,
                        int32_t batch);

/* y of the batch. */
void cnn__conv_forward(const cnn__conv_choice *choice,
                       const cnn__conv_pass *pass);

/* dx of the batch; adds to dW and db (NULL: no biases). */
void cnn__conv_backward(const cnn__conv_choice *choice,
                        const cnn__conv_pass *pass, float *dW, float *db);

#endif
