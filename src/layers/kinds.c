#include "layers/kinds.h"

#include <string.h>

/* A new kind of layer needs a line here and a declaration in kinds.h. */
static const cnn__layer_ops *const kinds[] = {
    &cnn__conv2d_ops,
    &cnn__conv2d_transpose_ops,
    &cnn__maxpool2d_ops,
    &cnn__avgpool2d_ops,
    &cnn__subsample2d_ops,
    &cnn__dense_ops,
    &cnn__activation_ops,
    &cnn__softmax_ops,
    &cnn__dropout_ops,
    &cnn__batchnorm_ops,
    &cnn__layernorm_ops,
    &cnn__rbf_ops,
    &cnn__global_maxpool2d_ops,
    &cnn__global_avgpool2d_ops,
    &cnn__upsample2d_ops,
    &cnn__reshape_ops,
    &cnn__add_ops,
    &cnn__concat_ops,
};

const cnn__layer_ops *cnn__layer_ops_find(const char *kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i]->kind, kind) == 0)
            return kinds[i];
    return NULL;
}
