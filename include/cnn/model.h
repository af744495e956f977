/**
 * @file model.h
 * Model files: a net, its architecture and its parameters.
 *
 * The format is safetensors, which other tools read: each layer's tensors in
 * the layout of cnn_layer_params(), the architecture in the metadata, and a
 * CRC-32 over the whole file as the last tensor. docs/model-format.md describes
 * it. What cnn_net_set_metadata() attached to the net is there too, as plain
 * strings of the metadata. Files are untrusted input: a damaged, foreign or
 * newer one is refused with a text that says why.
 */
#ifndef CNN_MODEL_H
#define CNN_MODEL_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/**
 * Writes a built net to a file, atomically: a temporary file in the same
 * folder is written, synced and renamed. So at any moment, also after a crash,
 * `path` holds either the old or the new model, complete.
 *
 * @return CNN_OK; CNN_EDIVERGED if a parameter is not finite; CNN_EIO with the
 *         system's reason (folder missing, no permission, disk full);
 *         CNN_EINVAL, CNN_ESTATE, CNN_ENOMEM, CNN_EUNSUPPORTED (a net of a few
 *         hundred layers that have hardly any parameters). After a failure the
 *         old file is still there, unless the text says that only the folder
 *         could not be synced
 */
CNN_API cnn_status cnn_net_save(const cnn_net *net, const char *path);

/**
 * Builds the net of a model file, ready to predict and to train. Strings that
 * other programs added to the metadata of the file become metadata of the net
 * as well. Those that cnn_net_set_metadata() would refuse, and all after the
 * 64th, are skipped.
 *
 * @param max_batch  as for cnn_net_build()
 * @return the net, to be freed with cnn_net_free(), or NULL: CNN_EIO,
 *         CNN_EFORMAT (damaged or of another kind), CNN_EUNSUPPORTED (written
 *         by a newer version), CNN_EDIVERGED (a parameter is not finite),
 *         CNN_EINVAL, CNN_ESHAPE, CNN_EOVERFLOW (of the arguments, or of what
 *         the file describes), CNN_ENOMEM
 */
CNN_API cnn_net *cnn_net_load(const char *path, int32_t max_batch);

/**
 * As cnn_net_save(), into memory.
 *
 * @param buffer    overwritten with the model; NULL to ask for the size only
 * @param capacity  bytes at `buffer`; too few is CNN_EINVAL, nothing written
 * @param size      bytes of the model, set whenever they are known
 */
CNN_API cnn_status cnn_net_save_memory(const cnn_net *net, void *buffer,
                                       size_t capacity, size_t *size);

/** As cnn_net_load(), from the content of a model file. */
CNN_API cnn_net *cnn_net_load_memory(const void *data, size_t size,
                                     int32_t max_batch);

CNN_END_DECLS

#endif
