/* A second set of a net's parameters, those too that are not trained: an
 * average of them, or the best so far. */
#ifndef CNN_TRAIN_SHADOW_H
#define CNN_TRAIN_SHADOW_H

#include "net/net_impl.h"

/* As long as the arrays of the net, and in their order. */
typedef struct cnn__shadow {
    float *value;
    float *fixed; /* running statistics of batch normalisation, and codes */
    void *memory; /* the block of both; NULL: there is none */
} cnn__shadow;

/* Takes the memory, if there is none yet. CNN_ENOMEM. */
cnn_status cnn__shadow_take(cnn__shadow *s, const cnn_net *net);

void cnn__shadow_free(cnn__shadow *s);

/* Sets the shadow to the net, or to another one of the same net. */
void cnn__shadow_follow(cnn__shadow *s, const cnn_net *net);
void cnn__shadow_copy(cnn__shadow *to, const cnn__shadow *from,
                      const cnn_net *net);

/* Exchanges both, bit by bit: twice is not at all. */
void cnn__shadow_swap(cnn__shadow *s, cnn_net *net);

/* Where tensor t of a layer of the net is in the shadow. */
float *cnn__shadow_tensor(const cnn__shadow *s, const cnn_net *net,
                          const cnn_layer *layer, int32_t t);

#endif
