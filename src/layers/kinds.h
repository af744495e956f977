/* The table of operations of each kind of layer. */
#ifndef CNN_LAYERS_KINDS_H
#define CNN_LAYERS_KINDS_H

#include "layers/layer_impl.h"

extern const cnn__layer_ops cnn__conv2d_ops;
extern const cnn__layer_ops cnn__conv2d_transpose_ops;
extern const cnn__layer_ops cnn__maxpool2d_ops;
extern const cnn__layer_ops cnn__avgpool2d_ops;
extern const cnn__layer_ops cnn__global_maxpool2d_ops;
extern const cnn__layer_ops cnn__global_avgpool2d_ops;
extern const cnn__layer_ops cnn__subsample2d_ops;
extern const cnn__layer_ops cnn__dense_ops;
extern const cnn__layer_ops cnn__activation_ops;
extern const cnn__layer_ops cnn__softmax_ops;
extern const cnn__layer_ops cnn__dropout_ops;
extern const cnn__layer_ops cnn__batchnorm_ops;
extern const cnn__layer_ops cnn__layernorm_ops;
extern const cnn__layer_ops cnn__rbf_ops;
extern const cnn__layer_ops cnn__upsample2d_ops;
extern const cnn__layer_ops cnn__reshape_ops;
extern const cnn__layer_ops cnn__add_ops;
extern const cnn__layer_ops cnn__concat_ops;

#endif
