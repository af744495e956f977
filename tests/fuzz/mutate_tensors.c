/* After the architecture was mutated: the tensors that it asks for. */
#include <string.h>

#include "files/architecture.h"
#include "files/model_impl.h"
#include "fuzz/mutate_model.h"

#define MOST_FLOATS (MOST_MODEL / sizeof(float) / 2)

/* The net that the texts describe, not built; NULL if they describe none. */
static cnn_net *describe(const json_t *texts)
{
    const char *text =
        json_string_value(json_object_get(texts, "architecture"));
    json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
    cnn_net *net = cnn_net_create();
    cnn_shape in;

    if (net != NULL && cnn__architecture_read(json, NULL, net, &in) != CNN_OK) {
        cnn_net_free(net);
        net = NULL;
    }
    json_decref(json);
    return net;
}

/* All texts as they are, and the net's tensors, cut from the pool. */
static void write_all(cnn__writer *w, json_t *texts, const cnn_net *net,
                      const float *pool)
{
    const char *key;
    json_t *value;

    json_object_foreach(texts, key, value)
    {
        if (json_is_string(value))
            cnn__writer_text(w, key, json_string_value(value));
    }
    for (int32_t i = 0; i < net->count; i++)
        for (int32_t t = 0; t < net->layers[i]->tensor_count; t++) {
            const cnn__tensor *tensor = &net->layers[i]->tensors[t];
            char name[CNN__MAX_NAME];

            cnn__model_name(name, i, tensor->name);
            cnn__writer_tensor(w, name, tensor, pool);
            pool += cnn__tensor_size(tensor);
        }
}

/* The old data over and over, or zeros if there are none. */
static void fill(float *pool, const parts *p)
{
    const size_t floats = p->tensors_size / sizeof(float);

    memset(pool, 0, MOST_FLOATS * sizeof(float));
    for (size_t i = 0; i < MOST_FLOATS && floats > 0; i++)
        memcpy(&pool[i], p->tensors + i % floats * sizeof(float),
               sizeof(float));
}

void mend_tensors(parts *p)
{
    static float pool[MOST_FLOATS];
    json_t *header = json_loadb(p->header, p->header_size, 0, NULL);
    json_t *texts = json_object_get(header, "__metadata__");
    cnn_net *net = describe(texts);
    void *file = NULL;
    size_t size = 0;
    cnn__writer w;

    if (net != NULL && cnn__size_add(net->params.count,
                                     net->params.fixed_count) <= MOST_FLOATS) {
        fill(pool, p);
        cnn__writer_start(&w, cnn__model_tensors(net));
        write_all(&w, texts, net, pool);
        cnn__writer_end(&w, &file, &size);
    }
    if (file != NULL && size <= MOST_MODEL)
        take_apart(p, file, size);
    cnn__free(file);
    cnn_net_free(net);
    json_decref(header);
}
