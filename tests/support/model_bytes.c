#include "support/model_bytes.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "support/nets.h"
#include "support/temp_file.h"

/* The longest text that is replaced or looked for, or put there. */
#define MOST_TEXT 4096

static void take(model_bytes *m, size_t size)
{
    m->data = malloc(size);
    m->size = size;
    assert_non_null(m->data);
}

static void put_little_endian(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

void model_of(model_bytes *m, const cnn_net *net)
{
    size_t size = 0;

    assert_int_equal(cnn_net_save_memory(net, NULL, 0, &size), CNN_OK);
    take(m, size);
    assert_int_equal(cnn_net_save_memory(net, m->data, size, &size), CNN_OK);
}

void model_read(model_bytes *m, const char *path)
{
    m->data = temp_read(path, &m->size);
}

void model_copy(model_bytes *m, const model_bytes *from)
{
    take(m, from->size);
    memcpy(m->data, from->data, m->size);
}

void model_seal(model_bytes *m)
{
    unsigned char *end = m->data + m->size - 4;

    put_little_endian(end, crc32_z(0, m->data, m->size - 4), 4);
}

/* Header, data without their checksum, and room for it. */
static void make(model_bytes *m, const char *header, size_t length,
                 const void *data, size_t size)
{
    take(m, 8 + length + size + 4);
    put_little_endian(m->data, length, 8);
    memcpy(m->data + 8, header, length);
    if (size > 0)
        memcpy(m->data + 8 + length, data, size);
    model_seal(m);
}

void model_make(model_bytes *m, const char *header, const void *data,
                size_t size)
{
    make(m, header, strlen(header), data, size);
}

void model_free(model_bytes *m)
{
    free(m->data);
}

/* The text that the short form stands for. */
static size_t spell(char *to, const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        assert_true(n + 2 < MOST_TEXT);
        if (*text == '`')
            to[n++] = '\\';
        to[n++] = *text == '`' || *text == '\'' ? '"' : *text;
    }
    to[n] = '\0';
    return n;
}

static size_t header_size(const model_bytes *m)
{
    size_t size = 0;

    for (int i = 0; i < 8; i++)
        size |= (size_t)m->data[i] << (8 * i);
    return size;
}

/* The header, with a zero behind it; to be freed. */
static char *copy_header(const model_bytes *m)
{
    const size_t size = header_size(m);
    char *header = calloc(1, size + 1);

    assert_non_null(header);
    memcpy(header, m->data + 8, size);
    return header;
}

void model_replace(model_bytes *m, const char *from, const char *to)
{
    char old[MOST_TEXT], new[MOST_TEXT];
    const size_t old_size = spell(old, from), new_size = spell(new, to);
    const size_t length = header_size(m);
    char *header = copy_header(m);
    char *at = strstr(header, old);
    model_bytes made;

    if (at == NULL)
        fail_msg("no \"%s\" in %s", old, header);
    const size_t before = (size_t)(at - header);
    char *changed = malloc(length + new_size);
    assert_non_null(changed);
    memcpy(changed, header, before);
    memcpy(changed + before, new, new_size);
    memcpy(changed + before + new_size, at + old_size,
           length - before - old_size);
    make(&made, changed, length - old_size + new_size, m->data + 8 + length,
         m->size - 8 - length - 4);
    free(changed);
    free(header);
    model_free(m);
    *m = made;
}

int model_holds(const model_bytes *m, const char *text)
{
    char spelled[MOST_TEXT];
    char *header = copy_header(m);

    spell(spelled, text);
    const int holds = strstr(header, spelled) != NULL;
    free(header);
    return holds;
}

void model_assert_same(cnn_net *got, cnn_net *want)
{
    enum { N = 3 };
    cnn_shape in, out, other;
    model_bytes a, b;

    assert_int_equal(cnn_net_in_shape(want, &in), CNN_OK);
    assert_int_equal(cnn_net_out_shape(want, &out), CNN_OK);
    assert_int_equal(cnn_net_in_shape(got, &other), CNN_OK);
    assert_memory_equal(&other, &in, sizeof(in));
    assert_int_equal(cnn_net_out_shape(got, &other), CNN_OK);
    assert_memory_equal(&other, &out, sizeof(out));
    assert_int_equal(cnn_net_param_count(got), cnn_net_param_count(want));
    assert_same_bits(cnn_net_params(got), cnn_net_params(want),
                     cnn_net_param_count(want));
    const size_t Y = N * (size_t)(out.c * out.h * out.w);
    float *x = uniform(N * (size_t)(in.c * in.h * in.w), 3);
    float *y = test_malloc(Y * sizeof(*y)), *z = test_malloc(Y * sizeof(*z));
    assert_int_equal(cnn_net_predict(got, N, x, y), CNN_OK);
    assert_int_equal(cnn_net_predict(want, N, x, z), CNN_OK);
    assert_same_bits(y, z, Y);
    model_of(&a, got);
    model_of(&b, want);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    model_free(&a);
    model_free(&b);
    test_free(x);
    test_free(y);
    test_free(z);
}

void model_there_and_back(cnn_net *net)
{
    const char *path = temp_path("model");
    model_bytes m, file;

    model_of(&m, net);
    cnn_net *copy = cnn_net_load_memory(m.data, m.size, 3);
    if (copy == NULL)
        fail_msg("%s", cnn_last_error());
    assert_int_equal(cnn_net_max_batch(copy), 3);
    model_assert_same(copy, net);
    cnn_net_free(copy);
    assert_int_equal(cnn_net_save(net, path), CNN_OK);
    model_read(&file, path);
    assert_int_equal(file.size, m.size);
    assert_memory_equal(file.data, m.data, m.size);
    copy = cnn_net_load(path, 3);
    assert_non_null(copy);
    model_assert_same(copy, net);
    cnn_net_free(copy);
    model_free(&m);
    model_free(&file);
}
