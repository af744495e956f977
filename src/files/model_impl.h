/* What model files and checkpoints share. */
#ifndef CNN_FILES_MODEL_IMPL_H
#define CNN_FILES_MODEL_IMPL_H

#include "files/safetensors.h"
#include "net/net_impl.h"

/* The number of tensors of a net. */
int32_t cnn__model_tensors(const cnn_net *net);

/* Writes format, version, architecture, metadata and parameters. */
cnn_status cnn__model_write(const cnn_net *net, cnn__writer *w);

/* Checks that the container is a model of a known version, and returns its
 * architecture, to be freed with json_decref(). */
cnn_status cnn__model_check(const cnn__reader *r, json_t **architecture);

/* Adds the program's metadata to `m`; skips entries that a program could not
 * have set. CNN_ENOMEM; some may be added then. */
cnn_status cnn__model_metadata(const cnn__reader *r, cnn__metadata *m);

/* Reads the parameters of a net of that architecture; with `check_only`, only
 * checks that they exist and have the right shape. */
cnn_status cnn__model_read(const cnn__reader *r, cnn_net *net, bool check_only);

/* The name of a tensor, "layer.tensor", such as "0.weight". */
void cnn__model_name(char name[CNN__MAX_NAME], int32_t layer, const char *part);

#endif
