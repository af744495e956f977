#include "support/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE   32
#define MOST_ARRAYS 4096
#define MOST_BYTES  (1 << 20)

typedef struct array {
    char name[NAME_SIZE + 1];
    size_t count;
    float *values;
} array;

struct golden {
    array arrays[MOST_ARRAYS];
    size_t count;
};

/* Little-endian, whatever this machine is. */
static uint32_t read_word(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

/* Reads the array at `at`; returns the bytes it takes. */
static size_t read_array(array *a, const unsigned char *at, size_t left)
{
    const size_t head = NAME_SIZE + 4;

    assert_true(left >= head);
    memcpy(a->name, at, NAME_SIZE);
    a->name[NAME_SIZE] = '\0';
    a->count = read_word(at + NAME_SIZE);
    assert_in_range(a->count, 1, (left - head) / 4);
    a->values = test_malloc(a->count * sizeof(float));
    for (size_t i = 0; i < a->count; i++) {
        const uint32_t bits = read_word(at + head + 4 * i);
        memcpy(&a->values[i], &bits, sizeof(bits));
    }
    return head + 4 * a->count;
}

void golden_path(const char *file, char path[GOLDEN_PATH])
{
    snprintf(path, GOLDEN_PATH, "%s/%s", GOLDEN_DIR, file);
}

golden *golden_open(const char *file)
{
    unsigned char *bytes = test_malloc(MOST_BYTES);
    golden *g = test_calloc(1, sizeof(*g));
    char path[GOLDEN_PATH];

    golden_path(file, path);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("cannot open %s", path);
    const size_t size = fread(bytes, 1, MOST_BYTES, f);
    fclose(f);
    assert_in_range(size, 1, MOST_BYTES - 1);
    for (size_t at = 0; at < size; g->count++) {
        assert_true(g->count < MOST_ARRAYS);
        at += read_array(&g->arrays[g->count], bytes + at, size - at);
    }
    test_free(bytes);
    return g;
}

void golden_close(golden *g)
{
    for (size_t i = 0; i < g->count; i++)
        test_free(g->arrays[i].values);
    test_free(g);
}

static const array *find(const golden *g, const char *item, const char *name)
{
    char full[2 * NAME_SIZE];

    snprintf(full, sizeof(full), "%s.%s", item, name);
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->arrays[i].name, full) == 0)
            return &g->arrays[i];
    return NULL;
}

size_t golden_count(golden *g, const char *item, const char *name)
{
    const array *a = find(g, item, name);

    return a != NULL ? a->count : 0;
}

const float *golden_floats(golden *g, const char *item, const char *name,
                           size_t count)
{
    const array *a = find(g, item, name);

    if (a == NULL || a->count != count)
        fail_msg("%s.%s has %zu elements, expected %zu", item, name,
                 golden_count(g, item, name), count);
    return a->values;
}

void golden_integers(golden *g, const char *item, const char *name, int32_t *to,
                     size_t count)
{
    const float *values = golden_floats(g, item, name, count);

    for (size_t i = 0; i < count; i++)
        to[i] = (int32_t)values[i];
}

cnn_optim *golden_optim(golden *g, const char *item)
{
    const size_t n = golden_count(g, item, "config");
    const float *c = golden_floats(g, item, "config", n), *o = c + 2;

    switch ((int)c[0]) {
    case 0:
        return cnn_sgd_create(c[1],
                              &(cnn_sgd_options){sizeof(cnn_sgd_options), o[0],
                                                 (int32_t)o[1], o[2]});
    case 1:
        return cnn_adam_create(
            c[1], &(cnn_adam_options){sizeof(cnn_adam_options), o[0], o[1],
                                      o[2], o[3], (int32_t)o[4]});
    default:
        return cnn_rmsprop_create(
            c[1], &(cnn_rmsprop_options){sizeof(cnn_rmsprop_options), o[0],
                                         o[1], o[2]});
    }
}
