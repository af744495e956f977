#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "files/json_read.h"
#include "files/safetensors.h"

/* The most bytes that a value takes, including malloc's overhead: for an object
 * or array, a member of an object, an element of an array. */
#define CONTAINER 256
#define MEMBER    112
#define ELEMENT   96

static size_t cost_of(unsigned char c)
{
    return c == '{' || c == '[' ? CONTAINER
           : c == ':'           ? MEMBER
           : c == ','           ? ELEMENT
                                : 0;
}

/* Keys, and strings with an escape, exist twice while they are read. */
size_t cnn__json_cost(const char *text, size_t size)
{
    size_t bytes = size, start = 0, string = 0, longest = 0;
    bool quoted = false, twice = false;

    for (size_t i = 0; i < size; i++) {
        if (quoted && text[i] == '\\') {
            twice = true;
            i++;
        } else if (text[i] == '"') {
            string = quoted ? i - start : 0;
            start = i;
            quoted = !quoted;
        } else if (!quoted) {
            bytes += cost_of((unsigned char)text[i]);
            twice |= text[i] == ':';
        }
        if (!quoted && twice) {
            longest = string > longest ? string : longest;
            twice = false;
        }
    }
    return bytes + longest;
}

size_t cnn__json_budget(size_t file_size)
{
    /* Two texts may be parsed at a time: the header and an entry of its
     * metadata. */
    return cnn__size_add(file_size / 2 * 3, (size_t)1 << 19);
}

/* Parses a JSON object from a file of `file_size` bytes. NULL: an error is
 * recorded. */
static json_t *parse(const char *text, size_t size, size_t file_size)
{
    if (cnn__json_cost(text, size) > cnn__json_budget(file_size)) {
        cnn__fail(CNN_EFORMAT,
                  "a header with more in it than a file of %zu bytes may have",
                  file_size);
        return NULL;
    }
    json_t *json = cnn__json_read(text, size);
    if (json == NULL || json_is_object(json))
        return json;
    json_decref(json);
    cnn__fail(CNN_EFORMAT, "the header is no JSON object: another value");
    return NULL;
}

static cnn_status check_frame(const unsigned char *file, size_t size,
                              size_t *header_size)
{
    if (size < 8 + 2 + CNN__CHECKSUM_SIZE)
        return cnn__fail(CNN_EFORMAT, "%zu bytes are too few for a model file",
                         size);
    const uint64_t length = cnn__get_u64(file);
    if (length < 2 || length > size - 8 - CNN__CHECKSUM_SIZE || file[8] != '{')
        return cnn__fail(CNN_EFORMAT,
                         "no model file, or a damaged one: the header does not "
                         "begin as it should");
    const uint32_t want = cnn__get_u32(file + size - CNN__CHECKSUM_SIZE);
    const uint32_t got = (uint32_t)crc32_z(0, file, size - CNN__CHECKSUM_SIZE);
    if (got != want)
        return cnn__fail(CNN_EFORMAT,
                         "the checksum is %08x, not %08x: the file is damaged, "
                         "or was not written by libcnn",
                         (unsigned)got, (unsigned)want);
    *header_size = (size_t)length;
    return CNN_OK;
}

/* One entry of the header. */
typedef struct entry {
    const char *dtype;
    const json_t *shape;
    json_int_t from, to; /* offsets in the data */
} entry;

static cnn_status read_entry(const char *name, const json_t *value, entry *e)
{
    const json_t *offsets = json_object_get(value, "data_offsets");
    const json_t *from = json_array_get(offsets, 0);
    const json_t *to = json_array_get(offsets, 1);

    e->dtype = json_string_value(json_object_get(value, "dtype"));
    e->shape = json_object_get(value, "shape");
    e->from = json_integer_value(from);
    e->to = json_integer_value(to);
    if (e->dtype == NULL || !json_is_array(e->shape) ||
        json_array_size(offsets) != 2 || !json_is_integer(from) ||
        !json_is_integer(to) || e->from < 0 || e->to < e->from)
        return cnn__fail(CNN_EFORMAT, "tensor %.64s is not described well",
                         name);
    return CNN_OK;
}

/* Checks that the header has the checksum, which is verified already, in its
 * place. */
static cnn_status check_checksum(const cnn__reader *r)
{
    json_t *value = json_object_get(r->header, CNN__CHECKSUM);
    entry e;

    if (value == NULL)
        return cnn__fail(CNN_EFORMAT, "the file has no checksum");
    CNN__TRY(read_entry(CNN__CHECKSUM, value, &e));
    if (e.to - e.from != CNN__CHECKSUM_SIZE || (uint64_t)e.to != r->data_size)
        return cnn__fail(CNN_EFORMAT, "the checksum is not the last tensor");
    return CNN_OK;
}

/* Checks that tensors follow each other in the order of the header: no gap, no
 * overlap, nothing left over. The format itself is less strict; libcnn writes
 * it so. */
static cnn_status check_entries(const cnn__reader *r)
{
    json_int_t at = 0;
    const char *name;
    json_t *value;

    json_object_foreach(r->header, name, value)
    {
        entry e;

        if (strcmp(name, "__metadata__") == 0)
            continue;
        CNN__TRY(read_entry(name, value, &e));
        if (e.from != at)
            return cnn__fail(CNN_EFORMAT,
                             "tensor %.64s begins at %lld, expected %lld", name,
                             (long long)e.from, (long long)at);
        at = e.to;
    }
    if ((uint64_t)at != r->data_size)
        return cnn__fail(CNN_EFORMAT,
                         "the tensors have %lld bytes, the file %zu",
                         (long long)at, r->data_size);
    return check_checksum(r);
}

cnn_status cnn__reader_open(cnn__reader *r, const void *data, size_t size)
{
    const unsigned char *file = data;
    size_t header_size = 0;

    CNN__TRY(check_frame(file, size, &header_size));
    r->data = file + 8 + header_size;
    r->data_size = size - 8 - header_size;
    r->size = size;
    r->header = parse((const char *)file + 8, header_size, size);
    if (r->header == NULL)
        return cnn_last_status();
    if (check_entries(r) != CNN_OK) {
        cnn__reader_close(r);
        return cnn_last_status();
    }
    return CNN_OK;
}

void cnn__reader_close(cnn__reader *r)
{
    json_decref(r->header);
}

json_t *cnn__reader_texts(const cnn__reader *r)
{
    return json_object_get(r->header, "__metadata__");
}

json_t *cnn__reader_metadata(const cnn__reader *r, const char *key)
{
    const json_t *text = json_object_get(cnn__reader_texts(r), key);

    if (!json_is_string(text)) {
        cnn__fail(CNN_EFORMAT, "the metadata have no %s", key);
        return NULL;
    }
    return parse(json_string_value(text), json_string_length(text), r->size);
}

static int same_shape(const json_t *dims, const cnn__tensor *shape)
{
    if (json_array_size(dims) != (size_t)shape->rank)
        return 0;
    for (int32_t i = 0; i < shape->rank; i++) {
        const json_t *dim = json_array_get(dims, (size_t)i);
        if (!json_is_integer(dim) || json_integer_value(dim) != shape->dims[i])
            return 0;
    }
    return 1;
}

static cnn_status check_element(const char *name, const cnn__tensor *shape,
                                float x, size_t i)
{
    if (!isfinite(x))
        return cnn__fail(CNN_EDIVERGED, "element %zu of tensor %s is %g", i,
                         name, (double)x);
    if (shape->positive && x < 0.0f)
        return cnn__fail(CNN_EDIVERGED,
                         "element %zu of tensor %s is %g, expected at least 0",
                         i, name, (double)x);
    return CNN_OK;
}

cnn_status cnn__check_elements(const char *name, const cnn__tensor *shape,
                               const float *x)
{
    const size_t n = cnn__tensor_size(shape);

    for (size_t i = 0; i < n; i++)
        CNN__TRY(check_element(name, shape, x[i], i));
    return CNN_OK;
}

/* The same for floats as bytes of a file. */
static cnn_status check_bytes(const char *name, const cnn__tensor *shape,
                              const unsigned char *bytes)
{
    const size_t n = cnn__tensor_size(shape);

    for (size_t i = 0; i < n; i++) {
        float x;

        cnn__get_floats(&x, bytes + 4 * i, 1);
        CNN__TRY(check_element(name, shape, x, i));
    }
    return CNN_OK;
}

static void write_dims(const json_t *dims, char text[CNN__DIMS_TEXT])
{
    size_t used = 0;

    snprintf(text, CNN__DIMS_TEXT, "a number");
    for (size_t i = 0; i < json_array_size(dims) && used < CNN__DIMS_TEXT; i++)
        used += (size_t)snprintf(
            text + used, CNN__DIMS_TEXT - used, "%s%lld", i > 0 ? " x " : "",
            (long long)json_integer_value(json_array_get(dims, i)));
}

/* Elements that a net can have: as check_bytes(), without recording it. */
static bool usable(const entry *e, const cnn__tensor *shape,
                   const unsigned char *bytes, char why[CNN__WHY])
{
    const size_t n = (size_t)(e->to - e->from) / sizeof(float);

    for (size_t i = 0; i < n; i++) {
        float x;

        cnn__get_floats(&x, bytes + 4 * i, 1);
        if (!isfinite(x) || (shape->positive && x < 0.0f)) {
            snprintf(why, CNN__WHY, "has element %zu, which is %g", i,
                     (double)x);
            return false;
        }
    }
    return true;
}

bool cnn__reader_fits(const cnn__reader *r, const char *name,
                      const cnn__tensor *shape, char why[CNN__WHY])
{
    json_t *value = json_object_get(r->header, name);
    char theirs[CNN__DIMS_TEXT], ours[CNN__DIMS_TEXT];
    entry e;

    if (value == NULL) {
        snprintf(why, CNN__WHY, "is not in the file");
        return false;
    }
    read_entry(name, value, &e); /* was checked when the file was opened */
    if (strcmp(e.dtype, "F32") != 0) {
        snprintf(why, CNN__WHY, "is of type %.16s in the file, not F32",
                 e.dtype);
        return false;
    }
    if (!same_shape(e.shape, shape) ||
        (uint64_t)(e.to - e.from) !=
            cnn__size_mul(cnn__tensor_size(shape), sizeof(float))) {
        write_dims(e.shape, theirs);
        snprintf(why, CNN__WHY, "is %s in the file, %s in the net", theirs,
                 cnn__tensor_dims(shape, ours));
        return false;
    }
    return usable(&e, shape, r->data + e.from, why);
}

cnn_status cnn__reader_tensor(const cnn__reader *r, const char *name,
                              const cnn__tensor *shape, float *to)
{
    json_t *value = json_object_get(r->header, name);
    const size_t count = cnn__tensor_size(shape);
    entry e;

    if (value == NULL)
        return cnn__fail(CNN_EFORMAT, "tensor %s is missing", name);
    CNN__TRY(read_entry(name, value, &e));
    if (strcmp(e.dtype, "F32") != 0 || !same_shape(e.shape, shape) ||
        (uint64_t)(e.to - e.from) != cnn__size_mul(count, sizeof(float)))
        return cnn__fail(CNN_EFORMAT,
                         "tensor %s has another type or shape than its layer",
                         name);
    if (to == NULL)
        return check_bytes(name, shape, r->data + e.from);
    cnn__get_floats(to, r->data + e.from, count);
    return CNN_OK;
}
