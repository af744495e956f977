/* Layers with several inputs. */
#ifndef CNN_LAYERS_JOIN_H
#define CNN_LAYERS_JOIN_H

#include "layers/layer_impl.h"

/* A layer of a CNN_JOIN_... with the numbers of its inputs, all checked. NULL
 * if memory is short. */
cnn_layer *cnn__join_new(int32_t kind, int32_t count, const int32_t *from);

/* How texts name what a layer takes: "layer 3", or "the input". */
#define CNN__SOURCE_NAME 24
const char *cnn__source_name(int32_t number, char text[CNN__SOURCE_NAME]);

#endif
