#include "cnn/model.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "files/architecture.h"
#include "files/atomic_file.h"
#include "files/json_read.h"
#include "files/model_impl.h"

/* Version of the format; incremented when older versions of libcnn cannot read
 * it. */
#define VERSION 1

void cnn__model_name(char name[CNN__MAX_NAME], int32_t layer, const char *part)
{
    snprintf(name, CNN__MAX_NAME, "%d.%s", layer, part);
}

/* ----------------------------------------------------------- writing --- */

int32_t cnn__model_tensors(const cnn_net *net)
{
    int32_t count = 0;

    for (int32_t i = 0; i < net->count; i++)
        count += net->layers[i]->tensor_count;
    return count;
}

cnn_status cnn__model_write(const cnn_net *net, cnn__writer *w)
{
    cnn__writer_metadata(w, "libcnn", json_pack("{s:i}", "version", VERSION));
    cnn__writer_metadata(w, "architecture", cnn__architecture_describe(net));
    for (int32_t i = 0; i < net->metadata.count; i++)
        cnn__writer_text(w, net->metadata.pairs[i].key,
                         net->metadata.pairs[i].value);
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];

        for (int32_t t = 0; t < layer->tensor_count; t++) {
            char name[CNN__MAX_NAME];

            const float *data = cnn__tensor_data(layer, t);

            cnn__model_name(name, i, layer->tensors[t].name);
            CNN__TRY(cnn__check_elements(name, &layer->tensors[t], data));
            cnn__writer_tensor(w, name, &layer->tensors[t], data);
        }
    }
    return w->status;
}

static cnn_status pack(const cnn_net *net, void **data, size_t *size)
{
    cnn__writer w;

    cnn__writer_start(&w, cnn__model_tensors(net));
    if (w.status == CNN_OK)
        w.status = cnn__model_write(net, &w);
    return cnn__writer_end(&w, data, size);
}

cnn_status cnn_net_save(const cnn_net *net, const char *path)
{
    void *data;
    size_t size;

    CNN__TRY(cnn__net_check_built(net));
    if (path == NULL)
        return cnn__fail(CNN_EINVAL, "net_save: path is NULL");
    CNN__TRY(pack(net, &data, &size));
    const cnn_status status = cnn__file_replace(path, data, size);
    cnn__free(data);
    return status;
}

cnn_status cnn_net_save_memory(const cnn_net *net, void *buffer,
                               size_t capacity, size_t *size)
{
    void *data;
    cnn_status status = CNN_OK;

    CNN__TRY(cnn__net_check_built(net));
    if (size == NULL)
        return cnn__fail(CNN_EINVAL, "net_save_memory: size is NULL");
    CNN__TRY(pack(net, &data, size));
    if (buffer != NULL && capacity < *size)
        status = cnn__fail(CNN_EINVAL,
                           "net_save_memory: a buffer of %zu bytes for %zu",
                           capacity, *size);
    else if (buffer != NULL)
        memcpy(buffer, data, *size);
    cnn__free(data);
    return status;
}

/* ----------------------------------------------------------- reading --- */

cnn_status cnn__model_check(const cnn__reader *r, json_t **architecture)
{
    json_t *ours = cnn__reader_metadata(r, "libcnn");
    json_int_t version = 0;

    if (ours == NULL)
        return cnn_last_status();
    const bool good = cnn__json_get_integer(ours, "version", &version);
    json_decref(ours);
    if (!good || version < 1)
        return cnn__fail(CNN_EFORMAT, "the metadata have no version");
    if (version > VERSION)
        return cnn__fail(CNN_EUNSUPPORTED,
                         "the file has version %lld of the format, this libcnn "
                         "reads up to %d",
                         (long long)version, VERSION);
    *architecture = cnn__reader_metadata(r, "architecture");
    return *architecture != NULL ? CNN_OK : cnn_last_status();
}

cnn_status cnn__model_metadata(const cnn__reader *r, cnn__metadata *m)
{
    const char *key;
    json_t *value;
    char why[CNN__WHY];

    json_object_foreach(cnn__reader_texts(r), key, value)
    {
        const char *text = json_string_value(value);

        if (text != NULL && cnn__metadata_check(m, key, text, why))
            CNN__TRY(cnn__metadata_put(m, key, text));
    }
    return CNN_OK;
}

cnn_status cnn__model_read(const cnn__reader *r, cnn_net *net, bool check_only)
{
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];

        for (int32_t t = 0; t < layer->tensor_count; t++) {
            char name[CNN__MAX_NAME];

            cnn__model_name(name, i, layer->tensors[t].name);
            CNN__TRY(cnn__reader_tensor(
                r, name, &layer->tensors[t],
                check_only ? NULL : cnn__tensor_data(layer, t)));
        }
    }
    return CNN_OK;
}

/* Allocates large blocks only after the file is known to fill them. */
static cnn_status unpack(const cnn__reader *r, const cnn__maker *maker,
                         cnn_net *net, int32_t max_batch)
{
    json_t *architecture = NULL;
    cnn_shape in;

    CNN__TRY(cnn__model_check(r, &architecture));
    const cnn_status status =
        cnn__architecture_read(architecture, maker, net, &in);
    json_decref(architecture);
    if (status != CNN_OK)
        return status;
    CNN__TRY(cnn__model_read(r, net, true));
    CNN__TRY(cnn__model_metadata(r, &net->metadata));
    CNN__TRY(cnn_net_build(net, &in, max_batch, 0));
    return cnn__model_read(r, net, false);
}

cnn_net *cnn_net_load_custom_memory(const void *data, size_t size,
                                    int32_t max_batch, cnn_layer_maker make,
                                    void *user)
{
    const cnn__maker maker = {make, user};
    cnn__reader r;
    cnn_net *net;

    if (data == NULL || max_batch < 1) {
        cnn__fail(CNN_EINVAL, "net_load: %s, max_batch %d, expected at least 1",
                  data == NULL ? "data is NULL" : "data given", max_batch);
        return cnn__lost(CNN__NET);
    }
    if (cnn__reader_open(&r, data, size) != CNN_OK)
        return cnn__lost(CNN__NET);
    net = cnn_net_create();
    if (net != NULL && unpack(&r, &maker, net, max_batch) != CNN_OK) {
        cnn_net_free(net);
        net = NULL;
    }
    cnn__reader_close(&r);
    return net != NULL ? net : cnn__lost(CNN__NET);
}

cnn_net *cnn_net_load_custom(const char *path, int32_t max_batch,
                             cnn_layer_maker make, void *user)
{
    void *data;
    size_t size;

    if (path == NULL) {
        cnn__fail(CNN_EINVAL, "net_load: path is NULL");
        return cnn__lost(CNN__NET);
    }
    if (cnn__file_read(path, &data, &size) != CNN_OK)
        return cnn__lost(CNN__NET);
    cnn_net *net =
        cnn_net_load_custom_memory(data, size, max_batch, make, user);
    if (net == NULL)
        cnn__fail_where("%s", cnn__path_end(path));
    cnn__free(data);
    return net;
}

cnn_net *cnn_net_load_memory(const void *data, size_t size, int32_t max_batch)
{
    return cnn_net_load_custom_memory(data, size, max_batch, NULL, NULL);
}

cnn_net *cnn_net_load(const char *path, int32_t max_batch)
{
    return cnn_net_load_custom(path, max_batch, NULL, NULL);
}
