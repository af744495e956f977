#include "train/shadow.h"

#include <string.h>

static void lay_out(cnn__shadow *s, const cnn_net *net, cnn__arena *arena)
{
    s->value = cnn__arena_floats(arena, net->params.count);
    s->fixed = cnn__arena_floats(arena, net->params.fixed_count);
}

cnn_status cnn__shadow_take(cnn__shadow *s, const cnn_net *net)
{
    cnn__arena arena = {0};

    if (s->memory != NULL)
        return CNN_OK;
    lay_out(s, net, &arena);
    void *memory = cnn__alloc(arena.used);
    if (memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = memory};
    lay_out(s, net, &arena);
    s->memory = memory;
    return CNN_OK;
}

void cnn__shadow_free(cnn__shadow *s)
{
    cnn__free(s->memory);
    *s = (cnn__shadow){0};
}

static void copy(float *to, const float *from, size_t n)
{
    if (n > 0)
        memcpy(to, from, n * sizeof(float));
}

void cnn__shadow_follow(cnn__shadow *s, const cnn_net *net)
{
    copy(s->value, net->params.value, net->params.count);
    copy(s->fixed, net->params.fixed, net->params.fixed_count);
}

void cnn__shadow_copy(cnn__shadow *to, const cnn__shadow *from,
                      const cnn_net *net)
{
    copy(to->value, from->value, net->params.count);
    copy(to->fixed, from->fixed, net->params.fixed_count);
}

static void swap(float *a, float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float x = a[i];

        a[i] = b[i];
        b[i] = x;
    }
}

void cnn__shadow_swap(cnn__shadow *s, cnn_net *net)
{
    swap(s->value, net->params.value, net->params.count);
    swap(s->fixed, net->params.fixed, net->params.fixed_count);
}

float *cnn__shadow_tensor(const cnn__shadow *s, const cnn_net *net,
                          const cnn_layer *layer, int32_t t)
{
    const float *data = cnn__tensor_data(layer, t);

    return layer->tensors[t].fixed ? s->fixed + (data - net->params.fixed)
                                   : s->value + (data - net->params.value);
}
