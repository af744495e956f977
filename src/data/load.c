/* Datasets from pairs of IDX files. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/dataset_impl.h"
#include "data/idx.h"

/* One of the two files. */
typedef struct source {
    const char *name; /* its path, or the name of `data` in errors */
    const void *data; /* its contents; NULL: to be read from the path */
    size_t size;
} source;

/* Makes `idx` independent of the data that it was parsed from. `file` is the
 * block of that data; NULL if the caller owns it. */
static cnn_status keep_elements(cnn__idx *idx, void *file)
{
    if (idx->memory != NULL) { /* inflated */
        cnn__free(file);
        return CNN_OK;
    }
    if (file != NULL) {
        idx->memory = file;
        return CNN_OK;
    }
    idx->memory = cnn__alloc(idx->size);
    if (idx->memory == NULL)
        return cnn_last_status();
    memcpy(idx->memory, idx->elements, idx->size);
    idx->elements = idx->memory;
    return CNN_OK;
}

static cnn_status read_idx(cnn__idx *idx, const source *from,
                           int32_t least_rank, int32_t most_rank)
{
    const void *data = from->data;
    size_t size = from->size;
    void *file = NULL;

    if (data == NULL) {
        CNN__TRY(cnn__file_read(from->name, &file, &size));
        data = file;
    }
    cnn_status status = cnn__idx_parse(idx, data, size, least_rank, most_rank);
    if (status == CNN_OK)
        status = keep_elements(idx, file);
    else
        cnn__free(file);
    if (status != CNN_OK)
        cnn__fail_where("%s", cnn__path_end(from->name));
    return status;
}

static cnn_status take_images(cnn_dataset *d, const source *from)
{
    cnn__idx idx;

    CNN__TRY(read_idx(&idx, from, 3, 4));
    d->memory[0] = idx.memory;
    d->images.bytes = idx.elements;
    d->count = idx.dims[0];
    return cnn__dataset_set_shape(
        d, &(cnn_shape){idx.rank == 3 ? 1 : idx.dims[1], idx.dims[idx.rank - 2],
                        idx.dims[idx.rank - 1]});
}

static cnn_status widen_labels(cnn_dataset *d, const cnn__idx *idx)
{
    int32_t *labels = cnn__alloc(cnn__size_mul(idx->size, sizeof(int32_t)));

    if (labels == NULL)
        return cnn_last_status();
    for (size_t i = 0; i < idx->size; i++) {
        labels[i] = idx->elements[i];
        if (labels[i] >= d->classes)
            d->classes = labels[i] + 1;
    }
    d->memory[1] = labels;
    d->labels = labels;
    return CNN_OK;
}

static cnn_status take_labels(cnn_dataset *d, const source *from,
                              const source *images)
{
    cnn_status status;
    cnn__idx idx;

    CNN__TRY(read_idx(&idx, from, 1, 1));
    if (idx.dims[0] == d->count)
        status = widen_labels(d, &idx);
    else
        status =
            cnn__fail(CNN_EFORMAT, "%s holds %lld images, but %s %d labels",
                      cnn__path_end(images->name), (long long)d->count,
                      cnn__path_end(from->name), idx.dims[0]);
    cnn__free(idx.memory);
    return status;
}

static cnn_dataset *load(const source *images, const source *labels,
                         const cnn_dataset_options *options)
{
    cnn_dataset *d = cnn__dataset_new(options, 1.0f / 255.0f);

    if (d == NULL)
        return NULL;
    if (take_images(d, images) == CNN_OK &&
        take_labels(d, labels, images) == CNN_OK)
        return d;
    cnn_dataset_free(d);
    return cnn__lost(CNN__DATASET);
}

cnn_dataset *cnn_dataset_load(const char *images, const char *labels,
                              const cnn_dataset_options *options)
{
    if (images == NULL || labels == NULL) {
        cnn__fail(CNN_EINVAL, "the path of the %s is NULL",
                  images == NULL ? "images" : "labels");
        return cnn__lost(CNN__DATASET);
    }
    return load(&(source){.name = images}, &(source){.name = labels}, options);
}

cnn_dataset *cnn_dataset_load_memory(const void *images, size_t images_size,
                                     const void *labels, size_t labels_size,
                                     const cnn_dataset_options *options)
{
    if (images == NULL || labels == NULL) {
        cnn__fail(CNN_EINVAL, "%s is NULL",
                  images == NULL ? "images" : "labels");
        return cnn__lost(CNN__DATASET);
    }
    return load(&(source){"images", images, images_size},
                &(source){"labels", labels, labels_size}, options);
}
