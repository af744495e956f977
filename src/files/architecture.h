/* The layers of a net and their settings, as JSON. */
#ifndef CNN_FILES_ARCHITECTURE_H
#define CNN_FILES_ARCHITECTURE_H

#include <jansson.h>

#include "cnn/custom.h"
#include "net/net_impl.h"

/* Who makes the layers that the program wrote. */
typedef struct cnn__maker {
    cnn_layer_maker make; /* NULL: nobody */
    void *user;
} cnn__maker;

/* {"input": [C, H, W], "loss": ., "reduction": ., "layers": [{"kind": ., ...}]}
 * To be freed with json_decref(). NULL and CNN_ENOMEM if memory is short. */
json_t *cnn__architecture_describe(const cnn_net *net);

/* Adds the described layers to an empty net and infers their shapes, without
 * building it. `in` becomes the shape of the input; `maker` may be NULL. */
cnn_status cnn__architecture_read(json_t *json, const cnn__maker *maker,
                                  cnn_net *net, cnn_shape *in);

#endif
