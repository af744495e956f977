/* The container of model files: safetensors with a checksum.
 *
 *     8 bytes    length of the header, little-endian
 *     header     a JSON object: tensor name -> dtype, shape, data_offsets, and
 *                "__metadata__" -> strings; filled up with spaces
 *     data       the tensors, without gaps; the last one, "__crc32__", is the
 *                CRC-32 of every byte before it, as four bytes
 *
 * docs/model-format.md has the whole of it. */
#ifndef CNN_FILES_SAFETENSORS_H
#define CNN_FILES_SAFETENSORS_H

#include <jansson.h>
#include <stdint.h>

#include "base/status.h"
#include "layers/layer_impl.h"

#define CNN__MAX_NAME 64

/* The last tensor: four bytes, little-endian. */
#define CNN__CHECKSUM      "__crc32__"
#define CNN__CHECKSUM_SIZE 4

/* ----------------------------------------------------------- writing --- */

/* A container being written. Errors stick in `status`. */
typedef struct cnn__writer {
    cnn_status status;
    json_t *header;
    json_t *metadata;
    size_t costliest; /* of the texts that a reader parses */
    size_t data_size;
    const float **parts; /* where each tensor's floats are */
    size_t *counts;      /* of them */
    int32_t count;
} cnn__writer;

/* Begins a container of at most `capacity` tensors. */
void cnn__writer_start(cnn__writer *w, int32_t capacity);

/* A string of the metadata: `value` as JSON. Takes `value` over. */
void cnn__writer_metadata(cnn__writer *w, const char *key, json_t *value);

/* A string of the metadata as it is, in valid UTF-8. */
void cnn__writer_text(cnn__writer *w, const char *key, const char *text);

/* A tensor of float32; `data` must stay until the end. */
void cnn__writer_tensor(cnn__writer *w, const char *name,
                        const cnn__tensor *shape, const float *data);

/* The container as one block of memory, to be freed with cnn__free(); ends the
 * writer, whatever happened. CNN_EUNSUPPORTED if the reader would refuse it. */
cnn_status cnn__writer_end(cnn__writer *w, void **data, size_t *size);

/* ----------------------------------------------------------- reading --- */

/* A container that is sound: checksum right, tensors within it, no gaps. */
typedef struct cnn__reader {
    json_t *header;
    const unsigned char *data; /* of the tensors */
    size_t data_size;
    size_t size; /* of the whole */
} cnn__reader;

/* The memory that parsing a JSON text takes at most, and what it may take, so
 * that a file of that size and all that is read from its header stay below four
 * times its size and 1 MiB. Found without parsing, so that a small file of many
 * brackets cannot take much; a writer asks too, so that it writes nothing that
 * is refused. */
size_t cnn__json_cost(const char *text, size_t size);
size_t cnn__json_budget(size_t file_size);

/* Checks `size` bytes, which must stay while they are read. */
cnn_status cnn__reader_open(cnn__reader *r, const void *data, size_t size);
void cnn__reader_close(cnn__reader *r);

/* The metadata under a key, parsed; NULL if there is none (nothing recorded).
 * To be given back with json_decref(). */
json_t *cnn__reader_metadata(const cnn__reader *r, const char *key);

/* All of the metadata by key, borrowed; NULL if there are none. */
json_t *cnn__reader_texts(const cnn__reader *r);

/* Checks that there is a float32 tensor of that name and shape, and that its
 * elements are finite, and not below zero if it says so: CNN_EFORMAT,
 * CNN_EDIVERGED. If `to` is not NULL, copies it there instead of looking at the
 * elements: so check everything first. */
cnn_status cnn__reader_tensor(const cnn__reader *r, const char *name,
                              const cnn__tensor *shape, float *to);

/* CNN_EDIVERGED unless all elements of a tensor to be written may be read
 * again; `name` is for the text. */
cnn_status cnn__check_elements(const char *name, const cnn__tensor *shape,
                               const float *x);

#endif
