/* Model files, right checksum and all, that are small and unfold: brackets,
 * values, tables, layers and workspaces without end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/model_bytes.h"

/* A text that grows up to a fixed size. ` stands for the \" of a text within
 * the metadata, ' for ". */
#define MOST_TEXT (4 << 20)

typedef struct text {
    char *start;
    size_t size;
} text;

static void text_open(text *t)
{
    t->start = malloc(MOST_TEXT);
    t->size = 0;
    assert_non_null(t->start);
}

static void add(text *t, const char *part)
{
    for (; *part != '\0'; part++) {
        assert_true(t->size + 3 < MOST_TEXT);
        if (*part == '`')
            t->start[t->size++] = '\\';
        t->start[t->size++] = *part == '`' || *part == '\'' ? '"' : *part;
    }
    t->start[t->size] = '\0';
}

static void add_times(text *t, const char *part, int times)
{
    while (times-- > 0)
        add(t, part);
}

/* `header` and `size` bytes of zeros are refused like this, and take no more
 * than they may. */
static void refuse_text(text *header, size_t size, const char *part)
{
    void *zeros = calloc(1, size + 1);
    model_bytes m;

    model_make(&m, header->start, zeros, size);
    faulty_memory_reset();
    assert_null(cnn_net_load_memory(m.data, m.size, 1));
    if (strstr(cnn_last_error(), part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, cnn_last_error());
    if (faulty_memory_peak() > 4 * m.size + (1 << 20))
        fail_msg("%s: %zu bytes for a file of %zu", part, faulty_memory_peak(),
                 m.size);
    assert_int_equal(faulty_memory_blocks(), 0);
    model_free(&m);
    free(zeros);
    free(header->start);
}

static void begin(text *t)
{
    text_open(t);
    add(t, "{'__metadata__':{'libcnn':'{`version`:1}','architecture':'");
}

/* Nothing but the checksum is in the data. */
static void refuse_architecture(text *t, const char *part)
{
    add(t, "'},'__crc32__':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}");
    refuse_text(t, 0, part);
}

/* Nested deeper than a parser may follow, and than the budget allows. */
static void depth(void **state)
{
    const int depths[] = {1000, 2050, 100000};
    const char *part[] = {"not described well", "no JSON object",
                          "more in it than"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        text t;

        text_open(&t);
        add(&t, "{'a':");
        add_times(&t, "[", depths[i]);
        add_times(&t, "]", depths[i]);
        add(&t, "}");
        refuse_text(&t, 0, part[i]);
        begin(&t);
        add(&t, "{`layers`:");
        add_times(&t, "[", depths[i]);
        add_times(&t, "]", depths[i]);
        add(&t, "}");
        refuse_architecture(&t, part[i]);
    }
}

/* Two texts, the header and one in it, of so many values each. Somewhere below
 * the number that is refused unread, they take most. */
static void refuse_values(const char *value, int times)
{
    text t;

    text_open(&t);
    add(&t, "{'__metadata__':{'x':[");
    for (int i = 0; i < times; i++)
        add(&t, value[0] == '`' ? "''," : value);
    add(&t, "0],'libcnn':'{`version`:1}','architecture':'{`x`:[");
    add_times(&t, value, times);
    add(&t, "0]}");
    refuse_architecture(&t, "");
}

static void width(void **state)
{
    const char *const values[] = {"[],", "{},", "0,", "``,", "0.5,"};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        for (int times = 500; times < 100000; times += times / 8)
            refuse_values(values[i], times);
}

/* The same of members of objects, with keys that differ. */
static void add_members(text *t, const char *quote, const char *value,
                        int times)
{
    for (int i = 0; i < times; i++) {
        char member[32];

        snprintf(member, sizeof(member), "%s%d%s:%s,", quote, i, quote, value);
        add(t, member);
    }
}

static void members(void **state)
{
    const char *const values[][2] = {{"{}", "{}"}, {"0", "0"}, {"``", "''"}};

    (void)state;
    for (int i = 0; i < 3; i++)
        for (int times = 500; times < 30000; times += times / 8) {
            text t;

            text_open(&t);
            add(&t, "{'__metadata__':{");
            add_members(&t, "'", values[i][1], times);
            add(&t, "'libcnn':'{`version`:1}','architecture':'{");
            add_members(&t, "`", values[i][0], times);
            add(&t, "`input`:[1,6,6]}");
            refuse_architecture(&t, "");
        }
}

/* ---------------------------------------------------------- the net --- */

static void add_conv(text *t, const char *input, const char *filters)
{
    add(t, "{`input`:");
    add(t, input);
    add(t, ",`loss`:0,`reduction`:0,`layers`:[{`kind`:`conv2d`,`filters`:");
    add(t, filters);
}

/* A long first row, and so many short ones that the product is 50 MB. */
static void table_with_one_long_row(void **state)
{
    text t;

    (void)state;
    begin(&t);
    add_conv(&t, "[50000,1,1]", "1000,`kernel_h`:1,`kernel_w`:1,`table`:[`");
    add_times(&t, "1", 50000);
    add(&t, "`");
    add_times(&t, ",`1`", 999);
    add(&t, "]}]}");
    refuse_architecture(&t, "the table is not described well");
}

/* Square in the number of channels would take minutes. */
static void table_of_many_channels(void **state)
{
    text t;

    (void)state;
    begin(&t);
    add_conv(&t, "[1000000,1,1]", "1,`kernel_h`:1,`kernel_w`:1,`table`:[`");
    add_times(&t, "1", 1000000);
    add(&t, "`]}]}");
    add(&t, "'},'__crc32__':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}");
    model_bytes m;
    model_make(&m, t.start, NULL, 0);
    /* The table is right, and it is planned with before the weights are missed:
     * 50 bytes a channel on top of what a file may take. */
    faulty_memory_reset();
    assert_null(cnn_net_load_memory(m.data, m.size, 1));
    assert_error(CNN_EFORMAT, "tensor 0.weight is missing");
    assert_true(faulty_memory_peak() <= 54 * m.size + (1 << 20));
    assert_int_equal(faulty_memory_blocks(), 0);
    model_free(&m);
    free(t.start);
}

static void many_layers(void **state)
{
    const int counts[] = {100, 900, 20000};

    (void)state;
    for (int i = 0; i < 3; i++) {
        text t;

        begin(&t);
        add(&t, "{`input`:[1,6,6],`loss`:0,`reduction`:0,`layers`:[");
        add_times(&t, "{`kind`:`softmax`},", counts[i]);
        add(&t, "{`kind`:`dense`,`units`:5}]}");
        refuse_architecture(&t,
                            i < 2 ? "0.weight is missing" : "more in it than");
    }
}

/* Its weights are all there, and lowering a sample takes 100,000,000 floats: a
 * million of them at a time. */
static void workspace(void **state)
{
    const size_t size = 10001 * sizeof(float);
    text t;

    (void)state;
    begin(&t);
    add_conv(&t, "[1,100,100]",
             "1,`kernel_h`:100,`kernel_w`:100,`padding`:1}]}'},");
    add(&t, "'0.weight':{'dtype':'F32','shape':[1,1,100,100],"
            "'data_offsets':[0,40000]},"
            "'0.bias':{'dtype':'F32','shape':[1],"
            "'data_offsets':[40000,40004]},"
            "'__crc32__':{'dtype':'U8','shape':[4],"
            "'data_offsets':[40004,40008]}}");
    void *zeros = calloc(1, size);
    model_bytes m;

    model_make(&m, t.start, zeros, size);
    faulty_memory_reset();
    cnn_net *net = cnn_net_load_memory(m.data, m.size, 1);
    assert_non_null(net);
    assert_true(faulty_memory_peak() <= 5 << 20);
    cnn_net_free(net);
    model_free(&m);
    free(zeros);
    free(t.start);
}

static void outputs(void **state)
{
    text t;

    (void)state;
    begin(&t);
    add(&t, "{`input`:[1,16384,8192],`loss`:0,`reduction`:0,`layers`:["
            "{`kind`:`activation`,`function`:0},"
            "{`kind`:`activation`,`function`:0}]}");
    refuse_architecture(&t, "one sample takes 402653184 floats");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth),
        cmocka_unit_test(width),
        cmocka_unit_test(members),
        cmocka_unit_test(table_with_one_long_row),
        cmocka_unit_test(table_of_many_channels),
        cmocka_unit_test(many_layers),
        cmocka_unit_test(workspace),
        cmocka_unit_test(outputs),
    };

    return cmocka_run_group_tests_name("model bombs", tests,
                                       faulty_memory_open_group,
                                       faulty_memory_close_group);
}
