#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "files/safetensors.h"

#define HEADER_UNIT 64

/* A step of the writer failed, which happens only if memory is short. */
static void fail_memory(cnn__writer *w)
{
    if (w->status == CNN_OK)
        w->status =
            cnn__fail(CNN_ENOMEM, "no memory for the header of a model file");
}

void cnn__writer_start(cnn__writer *w, int32_t capacity)
{
    const size_t n = (size_t)capacity;

    *w = (cnn__writer){
        .header = json_object(),
        .metadata = json_object(),
        .parts = cnn__alloc(n * sizeof(*w->parts)),
        .counts = cnn__alloc(n * sizeof(*w->counts)),
    };
    if (w->header == NULL || w->metadata == NULL || w->parts == NULL ||
        w->counts == NULL ||
        json_object_set(w->header, "__metadata__", w->metadata) != 0)
        fail_memory(w);
}

/* The text of a JSON value in a new block, not zero-terminated. */
static char *dump(const json_t *value, size_t *size)
{
    *size = json_dumpb(value, NULL, 0, JSON_COMPACT);
    char *text = *size > 0 ? cnn__alloc(*size) : NULL;

    /* json_dumpb() allocates each time, so the second call can fail too. */
    if (text != NULL && json_dumpb(value, text, *size, JSON_COMPACT) != *size) {
        cnn__free(text);
        return NULL;
    }
    return text;
}

void cnn__writer_metadata(cnn__writer *w, const char *key, json_t *value)
{
    size_t size = 0;

    if (w->status == CNN_OK) {
        char *text = value != NULL ? dump(value, &size) : NULL;

        if (text == NULL || json_object_set_new(w->metadata, key,
                                                json_stringn(text, size)) != 0)
            fail_memory(w);
        const size_t cost = text != NULL ? cnn__json_cost(text, size) : 0;
        w->costliest = cost > w->costliest ? cost : w->costliest;
        cnn__free(text);
    }
    json_decref(value);
}

void cnn__writer_text(cnn__writer *w, const char *key, const char *text)
{
    if (w->status == CNN_OK &&
        json_object_set_new(w->metadata, key, json_string(text)) != 0)
        fail_memory(w);
}

static void describe(cnn__writer *w, const char *name, const char *dtype,
                     json_t *shape, size_t size)
{
    const json_int_t from = (json_int_t)w->data_size;
    const json_int_t to = from + (json_int_t)size;

    w->data_size += size;
    if (json_object_set_new(w->header, name,
                            json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype,
                                      "shape", shape, "data_offsets", from,
                                      to)) != 0)
        fail_memory(w);
}

void cnn__writer_tensor(cnn__writer *w, const char *name,
                        const cnn__tensor *shape, const float *data)
{
    const size_t count = cnn__tensor_size(shape);
    json_t *dims = json_array();
    int bad = 0;

    if (w->status != CNN_OK) {
        json_decref(dims);
        return;
    }
    for (int32_t i = 0; i < shape->rank; i++)
        bad |= json_array_append_new(dims, json_integer(shape->dims[i]));
    if (bad != 0)
        fail_memory(w);
    describe(w, name, "F32", dims, count * sizeof(float));
    w->parts[w->count] = data;
    w->counts[w->count++] = count;
}

/* Writes the header's length, the header, and spaces up to a multiple of
 * HEADER_UNIT. */
static size_t put_header(unsigned char *to, const char *header, size_t size,
                         size_t padded)
{
    cnn__put_u64(to, padded);
    memcpy(to + 8, header, size);
    memset(to + 8 + size, ' ', padded - size);
    return 8 + padded;
}

/* Would a reader accept it? */
static bool is_readable(const cnn__writer *w, const char *header,
                        size_t header_size, size_t file_size)
{
    const size_t most = cnn__json_budget(file_size);

    return w->costliest <= most && cnn__json_cost(header, header_size) <= most;
}

static void *assemble(cnn__writer *w, size_t *size)
{
    size_t header_size = 0;
    char *header = dump(w->header, &header_size);
    /* The data, too, begin at a multiple of HEADER_UNIT. */
    const size_t padded = cnn__size_round_up(8 + header_size, HEADER_UNIT) - 8;
    unsigned char *file = NULL;

    *size = 8 + padded + w->data_size;
    if (header != NULL && !is_readable(w, header, header_size, *size))
        w->status = cnn__fail(CNN_EUNSUPPORTED,
                              "too many tensors and settings for a model file "
                              "of %zu bytes",
                              *size);
    else if (header != NULL)
        file = cnn__alloc(*size);
    if (file != NULL) {
        size_t at = put_header(file, header, header_size, padded);
        for (int32_t i = 0; i < w->count; i++) {
            cnn__put_floats(file + at, w->parts[i], w->counts[i]);
            at += w->counts[i] * sizeof(float);
        }
        cnn__put_u32(file + at, (uint32_t)crc32_z(0, file, at));
    }
    cnn__free(header);
    return file;
}

cnn_status cnn__writer_end(cnn__writer *w, void **data, size_t *size)
{
    *data = NULL;
    if (w->status == CNN_OK) {
        describe(w, CNN__CHECKSUM, "U8", json_pack("[i]", CNN__CHECKSUM_SIZE),
                 CNN__CHECKSUM_SIZE);
        if (w->status == CNN_OK)
            *data = assemble(w, size);
        if (*data == NULL)
            fail_memory(w);
    }
    json_decref(w->header);
    json_decref(w->metadata);
    cnn__free(w->parts);
    cnn__free(w->counts);
    return w->status;
}
