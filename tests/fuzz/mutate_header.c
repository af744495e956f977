/* Mutations of a header that leave it JSON, most of the time: of numbers, words
 * and whole values. The JSON within a string of the metadata is changed in the
 * same way, its quotes having a backslash each. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz/mutate_model.h"

static const char *const numbers[] = {
    "0",
    "1",
    "2",
    "3",
    "-1",
    "7",
    "64",
    "1000",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9007199254740992",
    "9223372036854775807",
    "0.5",
    "-0.5",
    "1.0",
    "1e-45",
    "3.4e38",
    "1e308",
    "null",
    "[]",
    "{}",
};

static const char *const words[] = {
    "conv2d",
    "maxpool2d",
    "avgpool2d",
    "subsample2d",
    "dense",
    "activation",
    "softmax",
    "dropout",
    "batchnorm",
    "rbf",
    "filters",
    "kernel_h",
    "flags",
    "stride_h",
    "dilation_w",
    "groups",
    "padding",
    "pad_top",
    "weight_init",
    "bias_scale",
    "table",
    "window_h",
    "units",
    "function",
    "alpha",
    "rate",
    "epsilon",
    "momentum",
    "given",
    "count_include_pad",
    "input",
    "loss",
    "reduction",
    "layers",
    "kind",
    "libcnn",
    "version",
    "trainer",
    "position",
    "architecture",
    "layernorm",
    "upsample2d",
    "reshape",
    "conv2d_transpose",
    "output_padding_h",
    "mode",
    "factor_h",
    "custom",
    "add",
    "concat",
    "from",
    "updates",
    "plateau",
    "waited",
    "samples",
    "scale",
    "best",
    "step",
    "epoch",
    "lr",
    "passes",
    "101",
    "1",
    "a",
    "libcnn.a",
    "",
};

/* Puts `with` in the place of the header's bytes from `at` to `end`. */
static void replace(parts *p, size_t at, size_t end, const char *with,
                    size_t size)
{
    if (p->header_size - (end - at) + size > MOST_MODEL)
        return;
    memmove(p->header + at + size, p->header + end, p->header_size - end);
    memcpy(p->header + at, with, size);
    p->header_size = p->header_size - (end - at) + size;
}

static bool is_number(char c)
{
    return isdigit((unsigned char)c) || c == '-' || c == '.' || c == '+';
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* The bytes of one kind around or behind a place drawn at random. */
static bool find_run(const parts *p, uint32_t *r, bool (*kind)(char),
                     size_t *at, size_t *end)
{
    if (p->header_size == 0)
        return false;
    *at = draw_below(r, p->header_size);
    while (*at < p->header_size && !kind(p->header[*at]))
        ++*at;
    while (*at > 0 && kind(p->header[*at - 1]))
        --*at;
    *end = *at;
    while (*end < p->header_size && kind(p->header[*end]))
        ++*end;
    return *end > *at;
}

static void change_number(parts *p, uint32_t *r)
{
    const char *with =
        numbers[draw_below(r, sizeof(numbers) / sizeof(numbers[0]))];
    size_t at, end;

    if (find_run(p, r, is_number, &at, &end))
        replace(p, at, end, with, strlen(with));
}

static void change_word(parts *p, uint32_t *r)
{
    const char *with = words[draw_below(r, sizeof(words) / sizeof(words[0]))];
    size_t at, end;

    if (find_run(p, r, is_word, &at, &end))
        replace(p, at, end, with, strlen(with));
}

/* A whole object or list, from bracket to bracket. */
static bool find_value(const parts *p, uint32_t *r, size_t *at, size_t *end)
{
    int depth = 0;

    if (p->header_size == 0)
        return false;
    *at = draw_below(r, p->header_size);
    while (*at < p->header_size && p->header[*at] != '{' &&
           p->header[*at] != '[')
        ++*at;
    for (*end = *at; *end < p->header_size; ++*end) {
        const char c = p->header[*end];

        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth == 0) {
            ++*end;
            return true;
        }
    }
    return false;
}

/* A value is there twice, or goes with its comma, or another takes its place.
 */
static void move_value(parts *p, uint32_t *r)
{
    char copy[1024] = ",";
    size_t at, end, to, to_end;

    if (!find_value(p, r, &at, &end) || end - at > sizeof(copy) - 1)
        return;
    memcpy(copy + 1, p->header + at, end - at);
    switch (draw_below(r, 3)) {
    case 0:
        replace(p, end, end, copy, end - at + 1);
        break;
    case 1:
        replace(p, at, end + (end < p->header_size && p->header[end] == ','),
                "", 0);
        break;
    default:
        if (find_value(p, r, &to, &to_end))
            replace(p, to, to_end, copy + 1, end - at);
    }
}

void mutate_header(parts *p, uint32_t *r)
{
    switch (draw_below(r, 4)) {
    case 0:
        change_word(p, r);
        break;
    case 1:
        move_value(p, r);
        break;
    default:
        change_number(p, r);
    }
}
