#include "data/idx.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/gzip.h"

#define UNSIGNED_BYTES 0x08
#define MAGIC_SIZE     4
#define MOST_HEADER    (MAGIC_SIZE + 4 * CNN__IDX_MAX_RANK)

static const struct {
    uint8_t code;
    const char *name;
} other_types[] = {
    {0x09, "signed bytes"},    {0x0b, "16-bit integers"},
    {0x0c, "32-bit integers"}, {0x0d, "32-bit floats"},
    {0x0e, "64-bit floats"},
};

static cnn_status check_magic(const uint8_t *magic)
{
    if (magic[0] != 0 || magic[1] != 0)
        return cnn__fail(CNN_EFORMAT,
                         "no IDX file: it begins with the bytes %02x %02x, "
                         "expected 00 00 or, of gzip, 1f 8b",
                         magic[0], magic[1]);
    if (magic[2] == UNSIGNED_BYTES)
        return CNN_OK;
    for (size_t i = 0; i < sizeof(other_types) / sizeof(other_types[0]); i++)
        if (magic[2] == other_types[i].code)
            return cnn__fail(CNN_EUNSUPPORTED,
                             "IDX of %s (type 0x%02x), expected unsigned bytes "
                             "(0x%02x)",
                             other_types[i].name, magic[2], UNSIGNED_BYTES);
    return cnn__fail(CNN_EFORMAT,
                     "no IDX file: element type 0x%02x is none, expected "
                     "unsigned bytes (0x%02x)",
                     magic[2], UNSIGNED_BYTES);
}

static cnn_status check_rank(int32_t rank, int32_t least, int32_t most)
{
    if (rank >= least && rank <= most)
        return CNN_OK;
    if (least == most)
        return cnn__fail(CNN_EFORMAT, "IDX of %d dimensions, expected %d", rank,
                         least);
    return cnn__fail(CNN_EFORMAT, "IDX of %d dimensions, expected %d to %d",
                     rank, least, most);
}

static uint32_t big_endian(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           (uint32_t)b[3];
}

static size_t header_size(const cnn__idx *idx)
{
    return MAGIC_SIZE + 4 * (size_t)idx->rank;
}

/* The dimensions as text, "60000x28x28". */
static const char *dims_text(const cnn__idx *idx, char *text, size_t size)
{
    int n = snprintf(text, size, "%d", idx->dims[0]);

    for (int32_t i = 1; i < idx->rank; i++)
        n += snprintf(text + n, size - (size_t)n, "x%d", idx->dims[i]);
    return text;
}

/* Sets rank, dims and size from the first bytes of a file. */
static cnn_status read_header(cnn__idx *idx, const uint8_t *data, size_t size,
                              int32_t least_rank, int32_t most_rank)
{
    char text[64];

    if (size < MAGIC_SIZE)
        return cnn__fail(CNN_EFORMAT,
                         "no IDX file: %zu bytes, expected at least %d", size,
                         MAGIC_SIZE);
    CNN__TRY(check_magic(data));
    CNN__TRY(check_rank(data[3], least_rank, most_rank));
    idx->rank = data[3];
    if (size < header_size(idx))
        return cnn__fail(CNN_EFORMAT,
                         "cut short: %zu bytes, but the header alone has %zu",
                         size, header_size(idx));
    idx->size = 1;
    for (int32_t i = 0; i < idx->rank; i++) {
        const uint32_t dim = big_endian(data + MAGIC_SIZE + 4 * i);

        if (dim == 0 || dim > INT32_MAX)
            return cnn__fail(CNN_EFORMAT,
                             "dimension %d is %u, expected 1 to %d", i + 1, dim,
                             INT32_MAX);
        idx->dims[i] = (int32_t)dim;
        idx->size = cnn__size_mul(idx->size, dim);
    }
    if (cnn__size_add(idx->size, header_size(idx)) == SIZE_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%s bytes are more than fit in memory",
                         dims_text(idx, text, sizeof(text)));
    return CNN_OK;
}

static cnn_status check_size(const cnn__idx *idx, size_t there, bool or_more)
{
    char text[64];

    if (there == idx->size)
        return CNN_OK;
    return cnn__fail(CNN_EFORMAT,
                     "%s: %s announces %zu bytes, but there are %s%zu",
                     there < idx->size ? "cut short" : "too long",
                     dims_text(idx, text, sizeof(text)), idx->size,
                     or_more && there > idx->size ? "at least " : "", there);
}

static cnn_status parse_raw(cnn__idx *idx, const uint8_t *data, size_t size,
                            int32_t least_rank, int32_t most_rank)
{
    CNN__TRY(read_header(idx, data, size, least_rank, most_rank));
    idx->elements = data + header_size(idx);
    return check_size(idx, size - header_size(idx), false);
}

/* Allocates only once the size is known, and plausible for that much compressed
 * data: a small file cannot ask for a large block. */
static cnn_status parse_gzip(cnn__idx *idx, cnn__gzip *gzip, size_t compressed,
                             int32_t least_rank, int32_t most_rank)
{
    uint8_t head[MOST_HEADER], extra;
    char text[64];
    size_t got, more;

    CNN__TRY(cnn__gzip_read(gzip, head, sizeof(head), &got));
    CNN__TRY(read_header(idx, head, got, least_rank, most_rank));
    const size_t total = header_size(idx) + idx->size;
    if (total > cnn__size_mul(compressed, CNN__GZIP_RATIO))
        return cnn__fail(CNN_EFORMAT,
                         "cut short: %s announces %zu bytes, more than %zu "
                         "bytes of gzip can hold",
                         dims_text(idx, text, sizeof(text)), idx->size,
                         compressed);
    uint8_t *whole = cnn__alloc(total);
    if (whole == NULL)
        return cnn_last_status();
    idx->memory = whole;
    idx->elements = whole + header_size(idx);
    memcpy(whole, head, got < total ? got : total);
    if (got < total) {
        CNN__TRY(cnn__gzip_read(gzip, whole + got, total - got, &more));
        got += more;
    }
    if (got == total) { /* reading on to the end verifies the checksum */
        CNN__TRY(cnn__gzip_read(gzip, &extra, 1, &more));
        got += more;
    }
    return check_size(idx, got - header_size(idx), true);
}

cnn_status cnn__idx_parse(cnn__idx *idx, const void *data, size_t size,
                          int32_t least_rank, int32_t most_rank)
{
    cnn__gzip gzip;

    *idx = (cnn__idx){0};
    if (!cnn__is_gzip(data, size))
        return parse_raw(idx, data, size, least_rank, most_rank);
    CNN__TRY(cnn__gzip_open(&gzip, data, size));
    const cnn_status status =
        parse_gzip(idx, &gzip, size, least_rank, most_rank);
    cnn__gzip_close(&gzip);
    if (status != CNN_OK) {
        cnn__free(idx->memory);
        idx->memory = NULL;
    }
    return status;
}
