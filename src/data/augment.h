/* Small random changes of one image. */
#ifndef CNN_DATA_AUGMENT_H
#define CNN_DATA_AUGMENT_H

#include <stdbool.h>

#include "base/random.h"
#include "base/status.h"
#include "cnn/augment.h"

/* Reads and checks the options, and fills in the defaults. `any` becomes
 * whether an image is changed at all. */
cnn_status cnn__augment_read(cnn_augment_options *o,
                             const cnn_augment_options *options, bool *any);

/* Floats of scratch for an image of this shape. */
size_t cnn__augment_scratch(const cnn_shape *shape);

/* Changes the pixels of `image` (C, H, W), with random numbers from `random`.
 * Pixels from outside the image are `paper`, of which each channel has its own.
 */
void cnn__augment(const cnn_augment_options *o, const cnn_shape *shape,
                  cnn__random *random, const float *paper, float *scratch,
                  float *image);

#endif
