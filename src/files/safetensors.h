/* The container of model files: safetensors with a checksum.
 *
 *     8 bytes    length of the header, little-endian
 *     header     a JSON object: tensor name -> dtype, shape, data_offsets, and
 *                "__metadata__" -> strings; filled up with spaces
 *     data       the tensors, without gaps; the last one, "__crc32__", is the
 *                CRC-32 of every byte before it, as four bytes
 *
 * docs/model-format.md describes it in full. */
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

/* A container being written. The first error stays in `status`. */
typedef struct cnn__writer {
    cnn_status status;
    json_t *header;
    json_t *metadata;
    size_t costliest; /* largest cost of a text to a reader */
    size_t data_size;
    const float **parts; /* the data of each tensor */
    size_t *counts;      /* floats of each tensor */
    int32_t count;
} cnn__writer;

/* Starts a container of at most `capacity` tensors. */
void cnn__writer_start(cnn__writer *w, int32_t capacity);

/* Adds a string of metadata: `value` as JSON. Takes `value` over. */
void cnn__writer_metadata(cnn__writer *w, const char *key, json_t *value);

/* Adds a string of metadata as it is; it must be valid UTF-8. */
void cnn__writer_text(cnn__writer *w, const char *key, const char *text);

/* Adds a tensor of float32; `data` must remain valid until cnn__writer_end().
 */
void cnn__writer_tensor(cnn__writer *w, const char *name,
                        const cnn__tensor *shape, const float *data);

/* Returns the container in a block, to be freed with cnn__free(), and always
 * frees the writer. CNN_EUNSUPPORTED if the reader would refuse the container.
 */
cnn_status cnn__writer_end(cnn__writer *w, void **data, size_t *size);

/* ----------------------------------------------------------- reading --- */

/* A valid container: checksum right, tensors within it, no gaps. */
typedef struct cnn__reader {
    json_t *header;
    const unsigned char *data; /* start of the tensors */
    size_t data_size;
    size_t size; /* bytes of the whole container */
} cnn__reader;

/* The most memory that parsing a JSON text takes, and the most that it may
 * take. The limit keeps a file, with all that is read from its header, below
 * four times its size plus 1 MiB. The cost is found without parsing, so that a
 * small file with many brackets cannot take much. A writer checks it too, so
 * that it writes nothing that a reader refuses. */
size_t cnn__json_cost(const char *text, size_t size);
size_t cnn__json_budget(size_t file_size);

/* Checks `size` bytes, which must remain valid while they are read. */
cnn_status cnn__reader_open(cnn__reader *r, const void *data, size_t size);
void cnn__reader_close(cnn__reader *r);

/* The metadata of a key, parsed, to be freed with json_decref(). NULL, and the
 * error recorded, if there are none or they are not JSON. */
json_t *cnn__reader_metadata(const cnn__reader *r, const char *key);

/* All metadata by key, borrowed; NULL if there are none. */
json_t *cnn__reader_texts(const cnn__reader *r);

/* Checks that there is a float32 tensor of this name and shape: CNN_EFORMAT.
 * With `to` = NULL also checks that its elements are finite, and not negative
 * if the shape says so: CNN_EDIVERGED. Otherwise copies the elements unchecked,
 * so check them first. */
cnn_status cnn__reader_tensor(const cnn__reader *r, const char *name,
                              const cnn__tensor *shape, float *to);

/* Would cnn__reader_tensor() take it? If not, writes the reason to `why`, and
 * records no error. */
bool cnn__reader_fits(const cnn__reader *r, const char *name,
                      const cnn__tensor *shape, char why[CNN__WHY]);

/* CNN_EDIVERGED unless a reader would accept all elements of a tensor; `name`
 * is for the text. */
cnn_status cnn__check_elements(const char *name, const cnn__tensor *shape,
                               const float *x);

#endif
