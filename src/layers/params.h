/* The parameters of a layer, and the arrays that they consist of. */
#ifndef CNN_LAYERS_PARAMS_H
#define CNN_LAYERS_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "math/initial.h"

#define CNN__MAX_TENSORS 4
#define CNN__MAX_RANK    4
/* The most slots that an optimiser may use. */
#define CNN__MAX_SLOTS 2

/* One array of parameters; a layer's arrays follow each other in memory. */
typedef struct cnn__tensor {
    const char *name; /* "weight", "bias" */
    int32_t rank;
    int32_t dims[CNN__MAX_RANK];
    cnn__initial initial;
    bool fixed;    /* not trained: stored in params.fixed, not in .value */
    bool positive; /* no element may be negative: a variance */
} cnn__tensor;

/* The parameters of a layer, and what belongs to them: `count` floats in each
 * array but `fixed`. In a net the arrays are parts of the net's blocks. */
typedef struct cnn__params {
    size_t count;
    float *value, *grad;
    float *slot[CNN__MAX_SLOTS]; /* the optimiser's; uninitialised before its
                                    first step */
    size_t fixed_count;
    float *fixed;     /* part of the model, but not trained */
    const void *rule; /* kind of the optimiser; NULL: none yet */
    int64_t steps;    /* updates by that optimiser */
} cnn__params;

/* Work on parameters is cut into chunks of this many floats. */
#define CNN__PARAMS_CHUNK 16384

static inline int64_t cnn__params_chunks(const cnn__params *p)
{
    return (int64_t)((p->count + CNN__PARAMS_CHUNK - 1) / CNN__PARAMS_CHUNK);
}

/* Floats of a chunk. */
static inline size_t cnn__params_chunk(const cnn__params *p, int64_t chunk)
{
    const size_t rest = p->count - (size_t)chunk * CNN__PARAMS_CHUNK;

    return rest < CNN__PARAMS_CHUNK ? rest : CNN__PARAMS_CHUNK;
}

/* Elements of a tensor. */
size_t cnn__tensor_size(const cnn__tensor *tensor);

/* Have both the same name and shape? */
bool cnn__tensor_alike(const cnn__tensor *a, const cnn__tensor *b);

/* The shape as a text, "10 x 84", which it returns. */
#define CNN__DIMS_TEXT 64
const char *cnn__tensor_dims(const cnn__tensor *tensor,
                             char text[CNN__DIMS_TEXT]);

#endif
