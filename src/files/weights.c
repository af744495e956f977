/* Parameters of a net by the names that they have in files, and from files. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cnn/parts.h"
#include "files/learning.h"
#include "files/model_impl.h"

/* ----------------------------------------------------------- by name --- */

int32_t cnn_net_tensor_count(const cnn_net *net)
{
    return net != NULL && net->built ? cnn__model_tensors(net) : 0;
}

cnn_status cnn_net_tensor_name(const cnn_net *net, int32_t index, char *buffer,
                               size_t capacity)
{
    char name[CNN__MAX_NAME];
    int32_t i = 0, t = index;

    CNN__TRY(cnn__net_check_built(net));
    const int32_t count = cnn__model_tensors(net);
    if (index < 0 || index >= count)
        return cnn__fail(CNN_EINVAL,
                         "net_tensor_name: array %d, but the net has %d", index,
                         count);
    while (t >= net->layers[i]->tensor_count)
        t -= net->layers[i++]->tensor_count;
    cnn__model_name(name, i, net->layers[i]->tensors[t].name);
    if (buffer == NULL || capacity <= strlen(name))
        return cnn__fail(CNN_EINVAL, "net_tensor_name: %s of %zu bytes for %zu",
                         buffer == NULL ? "no buffer" : "a buffer", capacity,
                         strlen(name) + 1);
    memcpy(buffer, name, strlen(name) + 1);
    return CNN_OK;
}

/* Finds the layer of that array, and its number in it. */
static cnn_status find(const cnn_net *net, const char *name, cnn_layer **layer,
                       int32_t *tensor)
{
    CNN__TRY(cnn__net_check_built(net));
    if (name == NULL)
        return cnn__fail(CNN_EINVAL, "net_tensor: name is NULL");
    for (int32_t i = 0; i < net->count; i++)
        for (int32_t t = 0; t < net->layers[i]->tensor_count; t++) {
            char ours[CNN__MAX_NAME];

            cnn__model_name(ours, i, net->layers[i]->tensors[t].name);
            if (strcmp(name, ours) == 0) {
                *layer = net->layers[i];
                *tensor = t;
                return CNN_OK;
            }
        }
    return cnn__fail(CNN_EINVAL,
                     "net_tensor: %.64s is no array of the net, whose %d "
                     "layers count from 0",
                     name, net->count);
}

cnn_status cnn_net_tensor(cnn_net *net, const char *name, cnn_tensor *tensor)
{
    cnn_layer *layer = NULL;
    int32_t t = 0;

    CNN__TRY(find(net, name, &layer, &t));
    return cnn_layer_tensor(layer, t, tensor);
}

cnn_status cnn_net_const_tensor(const cnn_net *net, const char *name,
                                cnn_const_tensor *tensor)
{
    cnn_layer *layer = NULL;
    int32_t t = 0;

    CNN__TRY(find(net, name, &layer, &t));
    return cnn_layer_const_tensor(layer, t, tensor);
}

/* ---------------------------------------------------------- from files --- */

/* What does not fit, and who is told of it. */
typedef struct fitting {
    cnn_misfit_fn tell;
    void *user;
    int32_t fits, misfits;
    char first[CNN__MAX_NAME + CNN__WHY];
} fitting;

static void note(fitting *f, const char *name, const char *why)
{
    if (f->misfits++ == 0)
        snprintf(f->first, sizeof(f->first), "%.64s %s", name, why);
    if (f->tell != NULL)
        f->tell(f->user, name, why);
}

/* Visits the arrays of the net: with `set`, takes those that fit, else notes
 * those that do not. */
static cnn_status visit(const cnn__reader *r, cnn_net *net, fitting *f,
                        bool set)
{
    for (int32_t i = 0; i < net->count; i++)
        for (int32_t t = 0; t < net->layers[i]->tensor_count; t++) {
            const cnn_layer *layer = net->layers[i];
            char name[CNN__MAX_NAME], why[CNN__WHY];

            cnn__model_name(name, i, layer->tensors[t].name);
            const bool fits =
                cnn__reader_fits(r, name, &layer->tensors[t], why);
            if (fits && set)
                CNN__TRY(cnn__reader_tensor(r, name, &layer->tensors[t],
                                            cnn__tensor_data(layer, t)));
            else if (!set && !fits)
                note(f, name, why);
            f->fits += fits && !set;
        }
    return CNN_OK;
}

static bool is_of_net(const cnn_net *net, const char *name)
{
    for (int32_t i = 0; i < net->count; i++)
        for (int32_t t = 0; t < net->layers[i]->tensor_count; t++) {
            char ours[CNN__MAX_NAME];

            cnn__model_name(ours, i, net->layers[i]->tensors[t].name);
            if (strcmp(name, ours) == 0)
                return true;
        }
    return false;
}

/* Does the name of a tensor end in ".slot0" or ".slot1"? */
static bool is_slot(const char *name)
{
    const size_t n = strlen(name);

    return n > 6 && (strcmp(name + n - 6, ".slot0") == 0 ||
                     strcmp(name + n - 6, ".slot1") == 0);
}

/* Notes what only the file has, besides what a checkpoint has more than a
 * model. */
static void note_others(const cnn__reader *r, const cnn_net *net, fitting *f)
{
    const char *name;
    json_t *value;

    json_object_foreach(r->header, name, value)
    {
        if (strcmp(name, "__metadata__") != 0 &&
            strcmp(name, CNN__CHECKSUM) != 0 && !is_slot(name) &&
            !cnn__learning_names(name) && !is_of_net(net, name))
            note(f, name, "is not in the net");
    }
}

/* Is it a model of a known version? Whatever its architecture. */
static cnn_status check_version(const cnn__reader *r)
{
    json_t *architecture = NULL;

    CNN__TRY(cnn__model_check(r, &architecture));
    json_decref(architecture);
    return CNN_OK;
}

static cnn_status take(const cnn__reader *r, cnn_net *net, uint32_t flags,
                       fitting *f)
{
    CNN__TRY(check_version(r));
    CNN__TRY(visit(r, net, f, false));
    note_others(r, net, f);
    if (f->misfits > 0 && (f->fits == 0 || (flags & CNN_WHAT_FITS) == 0))
        return cnn__fail(CNN_ESHAPE, "%d arrays fit, %d do not: %s", f->fits,
                         f->misfits, f->first);
    return visit(r, net, f, true);
}

/* What both calls are given, `from` being a path or the content of a file. */
static cnn_status check_call(const cnn_net *net, const void *from,
                             const char *what, uint32_t flags)
{
    CNN__TRY(cnn__net_check_built(net));
    if (from == NULL)
        return cnn__fail(CNN_EINVAL, "net_load_weights: %s is NULL", what);
    if ((flags & ~CNN_WHAT_FITS) != 0)
        return cnn__fail(CNN_EINVAL,
                         "net_load_weights: unknown flags 0x%x, expected 0 or "
                         "0x%x",
                         (unsigned)flags, CNN_WHAT_FITS);
    return CNN_OK;
}

cnn_status cnn_net_load_weights_memory(cnn_net *net, const void *data,
                                       size_t size, uint32_t flags,
                                       cnn_misfit_fn misfit, void *user)
{
    fitting f = {.tell = misfit, .user = user};
    cnn__reader r;

    CNN__TRY(check_call(net, data, "data", flags));
    CNN__TRY(cnn__reader_open(&r, data, size));
    const cnn_status status = take(&r, net, flags, &f);
    cnn__reader_close(&r);
    return status;
}

cnn_status cnn_net_load_weights(cnn_net *net, const char *path, uint32_t flags,
                                cnn_misfit_fn misfit, void *user)
{
    void *data;
    size_t size;

    CNN__TRY(check_call(net, path, "path", flags));
    CNN__TRY(cnn__file_read(path, &data, &size));
    const cnn_status status =
        cnn_net_load_weights_memory(net, data, size, flags, misfit, user);
    cnn__free(data);
    if (status != CNN_OK)
        cnn__fail_where("%s", cnn__path_end(path));
    return status;
}
