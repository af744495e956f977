/* IDX files, raw and compressed. An input is
 *
 *     1 byte     what is compressed: 1 the images, 2 the labels, 4 in two parts
 *     2 bytes    the size of the image file
 *     the rest   the image file, then the label file
 *
 * so that what is compressed is right as gzip: files with other gzip are in the
 * corpus as they are. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/gzip.h"
#include "data/idx.h"
#include "fuzz/fuzz_support.h"

typedef struct file {
    uint8_t *data; /* a block of just that size */
    size_t size;
} file;

static size_t compress_part(uint8_t *to, size_t room, const uint8_t *from,
                            size_t size)
{
    z_stream s = {.next_in = (z_const Bytef *)from,
                  .avail_in = (uInt)size,
                  .next_out = to,
                  .avail_out = (uInt)room};

    must(deflateInit2(&s, 1, Z_DEFLATED, 9 + 16, 1, Z_DEFAULT_STRATEGY) ==
                 Z_OK &&
             deflate(&s, Z_FINISH) == Z_STREAM_END,
         "%zu bytes cannot be compressed", size);
    deflateEnd(&s);
    return room - s.avail_out;
}

/* As gzip, in one member or two. */
static file compressed(const file *from, bool in_two)
{
    const size_t first = in_two ? from->size / 2 : from->size;
    const size_t room = 2 * from->size + 256;
    uint8_t *to = malloc(room);

    must(to != NULL, "no memory");
    size_t size = compress_part(to, room, from->data, first);
    if (in_two)
        size += compress_part(to + size, room - size, from->data + first,
                              from->size - first);
    const file packed = {exact_copy(to, size), size};
    free(to);
    return packed;
}

/* The memory that a file may announce: its own size, or what it may inflate
 * to. */
static size_t unpacked(const file *f)
{
    return cnn__is_gzip(f->data, f->size) ? CNN__GZIP_RATIO * f->size : f->size;
}

static void parse(const file *f)
{
    for (int32_t rank = 1; rank <= CNN__IDX_MAX_RANK; rank++) {
        cnn__idx idx;
        volatile uint8_t sum = 0;

        if (see(cnn__idx_parse(&idx, f->data, f->size, rank, rank)) != CNN_OK)
            continue;
        for (size_t i = 0; i < idx.size; i++)
            sum = (uint8_t)(sum + idx.elements[i]);
        if (idx.memory != NULL)
            cnn__free(idx.memory);
    }
}

static cnn_dataset *load(const file *images, const file *labels)
{
    /* zlib's own, some 7 KB and a window of 32 */
    const size_t zlib = (size_t)64 << 10;
    const size_t before = memory_bytes();

    cnn_dataset *d = see_pointer(cnn_dataset_load_memory(
        images->data, images->size, labels->data, labels->size, NULL));
    must(memory_peak() <=
             before + unpacked(images) + 5 * unpacked(labels) + zlib,
         "%zu bytes for files of %zu and %zu", memory_peak(), images->size,
         labels->size);
    return d;
}

/* All of it, when it is small; the last sample otherwise. */
static void read_samples(const cnn_dataset *d)
{
    const int64_t last = cnn_dataset_count(d) - 1;
    cnn_shape s;
    int32_t label;

    see(cnn_dataset_shape(d, &s));
    float *x = exact_floats((size_t)s.c * (size_t)s.h * (size_t)s.w);
    must(see(cnn_dataset_read(d, 1, &last, x, &label)) == CNN_OK, "read: %s",
         cnn_last_error());
    must(label >= 0 && label < cnn_dataset_classes(d), "label %d", label);
    free(x);
    cnn_dataset *slice = see_pointer(cnn_dataset_slice(d, last, 1));
    must(cnn_dataset_classes(slice) == label + 1, "another label in a slice");
    cnn_dataset_free(slice);
}

/* The same data set, whatever is compressed. */
static void compare(const file *images, const file *labels, uint8_t how)
{
    const file none = {NULL, 0};
    const file i = how & 1 ? compressed(images, how & 4) : none;
    const file l = how & 2 ? compressed(labels, how & 4) : none;
    cnn_dataset *raw = load(images, labels);
    cnn_dataset *packed = load(how & 1 ? &i : images, how & 2 ? &l : labels);

    must((raw != NULL) == (packed != NULL) ||
             cnn__is_gzip(images->data, images->size) ||
             cnn__is_gzip(labels->data, labels->size),
         "raw and compressed: only one can be read");
    must(raw == NULL || packed == NULL ||
             cnn_dataset_fingerprint(raw) == cnn_dataset_fingerprint(packed),
         "raw and compressed differ");
    if (raw != NULL)
        read_samples(raw);
    cnn_dataset_free(raw);
    cnn_dataset_free(packed);
    free(i.data);
    free(l.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const size_t rest = size - 3;
    const size_t first = (size_t)data[1] | (size_t)data[2] << 8;
    const size_t cut = first < rest ? first : rest;
    const file images = {exact_copy(data + 3, cut), cut};
    const file labels = {exact_copy(data + 3 + cut, rest - cut), rest - cut};

    memory_watch((size_t)256 << 20);
    parse(&images);
    parse(&labels);
    memory_watch((size_t)256 << 20);
    compare(&images, &labels, data[0]);
    free(images.data);
    free(labels.data);
    must(memory_blocks() == 0, "%zu blocks were left", memory_blocks());
    return 0;
}
