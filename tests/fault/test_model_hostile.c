/* Model files with a right checksum that were made to do harm: each is refused,
 * with a reason, at once, and without taking memory for what it claims. */
#include <stdlib.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/model_bytes.h"
#include "support/training.h"

static model_bytes good;

/* Counts memory, that of jansson too. */
static int open_group(void **state)
{
    (void)state;
    faulty_memory_install();
    faulty_memory_watch_json();
    cnn_net *net = tiny_net();
    build(net, &tiny_shape, 1, 1);
    model_of(&good, net);
    cnn_net_free(net);
    return 0;
}

static int close_group(void **state)
{
    (void)state;
    model_free(&good);
    faulty_memory_remove();
    return 0;
}

static void refuse(const model_bytes *m, const char *what)
{
    const size_t most = 4 * m->size + (1 << 20);

    faulty_memory_reset();
    cnn_net *net = cnn_net_load_memory(m->data, m->size, 1);
    if (net != NULL)
        fail_msg("%s: taken", what);
    if (cnn_last_status() >= CNN_OK || cnn_last_status() == CNN_ENOMEM ||
        cnn_last_error()[0] == '\0')
        fail_msg("%s: %d (%s)", what, cnn_last_status(), cnn_last_error());
    if (faulty_memory_peak() > most)
        fail_msg("%s: %zu bytes, more than %zu", what, faulty_memory_peak(),
                 most);
    assert_int_equal(faulty_memory_blocks(), 0);
}

/* ------------------------------------------------------- one change each */

static const char *const changes[][2] = {
    /* The container: offsets, ... */
    {"[0,288]", "[-4,284]"},
    {"[0,288]", "[4,292]"},
    {"[0,288]", "[0,284]"},
    {"[0,288]", "[0,9223372036854775807]"},
    {"[0,288]", "[0,9223372036854775808]"},
    {"[0,288]", "[0,18446744073709551615]"},
    {"[0,288]", "[0.0,288.0]"},
    {"[0,288]", "['0','288']"},
    {"[0,288]", "[0]"},
    {"[0,288]", "[0,288,288]"},
    {"[0,288]", "[]"},
    {"[0,288]", "288"},
    {"[0,288]", "[[0,288],[0,288]]"},
    {"[288,320]", "[284,316]"}, /* overlaps */
    {"[288,320]", "[292,324]"}, /* leaves a gap */
    {"[288,320]", "[320,288]"},
    {"[288,320]", "[0,288]"},
    {"[1640,1644]", "[1640,1640]"},
    {"[1640,1644]", "[1640,1648]"},
    {"[1640,1644]", "[1636,1644]"},
    {"[1640,1644]", "[1640,18446744073709553260]"},
    /* ... types and shapes, ... */
    {"'F32','shape':[8,1,3,3]", "'F64','shape':[8,1,3,3]"},
    {"'F32','shape':[8,1,3,3]", "'I32','shape':[8,1,3,3]"},
    {"'F32','shape':[8,1,3,3]", "4,'shape':[8,1,3,3]"},
    {"[8,1,3,3]", "[8,1,3]"},
    {"[8,1,3,3]", "[72]"},
    {"[8,1,3,3]", "[8,1,3,3,1]"},
    {"[8,1,3,3]", "[3,3,1,8]"},
    {"[8,1,3,3]", "[8.0,1,3,3]"},
    {"[8,1,3,3]", "[-8,-1,3,3]"},
    {"[8,1,3,3]", "[4194305,4194305,211106198978564]"}, /* wraps to 4 */
    {"[8,1,3,3]", "[4294967304,1,3,3]"},
    {"[8,1,3,3]", "{}"},
    {"[8,1,3,3]", "null"},
    /* ... names. */
    {"'0.bias'", "'0.weight'"},
    {"'0.bias'", "'1.bias'"},
    {"'0.bias'", "'0.bias\\u0000'"},
    {"'0.bias'", "'\xff\xfe'"},
    {"'3.bias':{", "'__metadata__':{"},
    {"'__crc32__'", "'__crc64__'"},
    {"'__crc32__':{'dtype':'U8','shape':[4],'data_offsets':[1640,1644]}",
     "'__crc32__':[]"},
    {"{'__metadata__'", "{'metadata'"},
    {"{'__metadata__':{", "{'__metadata__':[],'other':{"},
    {"'libcnn':'{`version`:1}'", "'libcnn':{'version':1}"},
    {"'libcnn':'{`version`:1}',", ""},
    /* Strings of others that are none, ... */
    {"'libcnn':", "'author':'a\\u0000b','libcnn':"},
    {"'libcnn':", "'author':'\\ud800','libcnn':"},
    {"'libcnn':", "'author':'\xc0\x80','libcnn':"},
    {"'libcnn':", "'\xed\xa0\x80':'','libcnn':"},
    {"'libcnn':", "'author':'','author':'','libcnn':"},
    /* ... and the version. */
    {"`version`:1", "`version`:0"},
    {"`version`:1", "`version`:-1"},
    {"`version`:1", "`version`:1.0"},
    {"`version`:1", "`version`:`1`"},
    {"`version`:1", "`version`:-4294967295"},
    {"`version`:1", ""},
    /* The net. */
    {"'architecture':'{", "'architecture':'"},
    {"'architecture':'{", "'architecture':'[{"},
    {"'architecture'", "'structure'"},
    {"`loss`:0,", "`input`:[1,6,6],`loss`:0,"},
    {"[1,6,6]", "[1,6]"},
    {"[1,6,6]", "[1,6,6,1]"},
    {"[1,6,6]", "[0,6,6]"},
    {"[1,6,6]", "[1,-6,6]"},
    {"[1,6,6]", "[1,6,6.0]"},
    {"[1,6,6]", "[4294967297,6,6]"},
    {"[1,6,6]", "[2147483647,2147483647,2147483647]"},
    {"[1,6,6]", "[1,46340,46340]"},
    {"[1,6,6]", "[1,8192,8193]"},
    {"[1,6,6]", "{}"},
    {"`loss`:0", "`loss`:99"},
    {"`loss`:0", "`loss`:-1"},
    {"`loss`:0", "`loss`:4294967296"},
    {"`loss`:0", "`loss`:null"},
    {"`loss`:0", "`lost`:0"},
    {"`reduction`:0", "`reduction`:2"},
    {"`layers`:[", "`layers`:[],`ignored`:["},
    {"`layers`:[", "`layers`:{},`ignored`:["},
    {"`layers`:[", "`ignored`:["},
    {"`layers`:[", "`layers`:[null,"},
    {"`layers`:[", "`layers`:[[],"},
    {"`layers`:[", "`layers`:[{},"},
    {"`kind`:`conv2d`", "`kind`:`conv3d`"},
    {"`kind`:`conv2d`", "`kind`:2"},
    {"`kind`:`conv2d`", "`kind`:`dense`"},
    /* Settings of layers. */
    {"`filters`:8", "`filters`:0"},
    {"`filters`:8", "`filters`:-8"},
    {"`filters`:8", "`filters`:9"},
    {"`filters`:8", "`filters`:2147483647"},
    {"`filters`:8", "`filters`:4294967304"},
    {"`filters`:8", "`filters`:8.0"},
    {"`filters`:8", "`filters`:`8`"},
    {"`filters`:8", "`filters`:8,`filters`:8"},
    {"`kernel_h`:3", "`kernel_h`:0"},
    {"`kernel_h`:3", "`kernel_h`:7"},
    {"`kernel_h`:3", "`kernel_h`:2147483647"},
    {"`stride_h`:1", "`stride_h`:-1"},
    {"`stride_h`:1", "`stride_h`:2147483647"},
    {"`dilation_h`:1", "`dilation_h`:3"},
    {"`dilation_h`:1", "`dilation_h`:2147483647"},
    {"`groups`:1", "`groups`:2147483647"},
    {"`groups`:1", "`groups`:-1"},
    {"`groups`:1", "`groups`:3"},
    {"`groups`:1", "`groups`:8"},
    {"`padding`:0", "`padding`:4"},
    {"`padding`:0", "`padding`:1"},
    {"`padding`:0", "`padding`:-1"},
    {"`pad_top`:0", "`pad_top`:1"},
    {"`padding`:0,`pad_top`:0", "`padding`:3,`pad_top`:2147483647"},
    {"`padding`:0,`pad_top`:0", "`padding`:3,`pad_top`:2147483640"},
    {"`flags`:0,`stride_h`", "`flags`:2,`stride_h`"},
    {"`flags`:0,`stride_h`", "`flags`:-1,`stride_h`"},
    {"`weight_init`:0", "`weight_init`:99"},
    {"`weight_scale`:0.0", "`weight_scale`:1e999"},
    {"`weight_scale`:0.0", "`weight_scale`:1e39"},
    {"`weight_scale`:0.0", "`weight_scale`:NaN"},
    {"`bias_scale`:0.0", "`bias_scale`:[]"},
    {"`function`:2", "`function`:11"},
    {"`function`:2", "`function`:-1"},
    {"`alpha`:0.0", "`alpha`:-1.0"},
    {"`window_h`:2", "`window_h`:0"},
    {"`window_h`:2", "`window_h`:5"},
    {"`window_h`:2", "`window_h`:2147483647"},
    {"`stride_h`:2", "`stride_h`:-2"},
    {"`count_include_pad`:0", "`count_include_pad`:2"},
    {"`units`:10", "`units`:0"},
    {"`units`:10", "`units`:11"},
    {"`units`:10", "`units`:2147483647"},
    {"`units`:10", "`units`:-10"},
    /* Tables. */
    {"`groups`:1", "`table`:[],`groups`:1"},
    {"`groups`:1", "`table`:{},`groups`:1"},
    {"`groups`:1", "`table`:null,`groups`:1"},
    {"`groups`:1", "`table`:`1`,`groups`:1"},
    {"`groups`:1", "`table`:[1,1,1,1,1,1,1,1],`groups`:1"},
    {"`groups`:1", "`table`:[``,``,``,``,``,``,``,``],`groups`:1"},
    {"`groups`:1", "`table`:[`1`,`1`,`1`,`1`,`1`,`1`,`1`],`groups`:1"},
    {"`groups`:1", "`table`:[`1`,`1`,`1`,`1`,`1`,`1`,`1`,`1`],`groups`:1"},
    {"`groups`:1", "`table`:[`1`,`1`,`1`,`1`,`1`,`1`,`1`,`11`],`groups`:1"},
    {"`groups`:1", "`table`:[`1`,`1`,`1`,`1`,`1`,`1`,`1`,`0`],`groups`:1"},
    {"`groups`:1", "`table`:[`1`,`1`,`1`,`1`,`1`,`1`,`1`,`2`],`groups`:1"},
    {"`groups`:1", "`table`:[`1`,`1`,`1`,`1`,`1`,`1`,`1`,`/`],`groups`:1"},
    {"`groups`:1", "`groups`:2,`table`:[`1`,`1`,`1`,`1`,`1`,`1`,`1`,`1`]"},
    {"`units`:10", "`units`:10,`table`:[`1`]"},
    {"`function`:2", "`function`:2,`table`:[`1`]"},
};

static void one_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        model_bytes m;

        model_copy(&m, &good);
        model_replace(&m, changes[i][0], changes[i][1]);
        refuse(&m, changes[i][1]);
        model_free(&m);
    }
}

/* Where the biases were, of a layer that now has none. */
static void gap(void **state)
{
    model_bytes m;

    (void)state;
    model_copy(&m, &good);
    model_replace(&m, "`flags`:0,`stride_h`", "`flags`:1,`stride_h`");
    model_replace(
        &m, "'0.bias':{'dtype':'F32','shape':[8],'data_offsets':[288,320]},",
        "");
    refuse(&m, "a gap");
    model_free(&m);
}

/* What other writers, or later versions, may add or leave to the defaults.
 * Tensors that no layer asks for, as checkpoints have them, are passed over. */
static void harmless_changes(void **state)
{
    const char *const harmless[][2] = {
        {"{'__metadata__':{", " {\n'__metadata__' : {'author':'me',"},
        {"'libcnn'", "'libcnn\\u002dlike':'','libcnn'"},
        {"'__crc32__':", "'4.slot0':{'dtype':'F32','shape':[0],"
                         "'data_offsets':[1640,1640]},'__crc32__':"},
        {"`flags`:0,`stride_h`", "`flags`:1,`stride_h`"}, /* no biases */
        {"`stride_h`:1,", ""},
        {"`stride_h`:1,", "`stride_h`:0,"},
        {"`weight_scale`:0.0,", "`weight_scale`:0,"},
        {"`loss`:0", "`comment`:`x`,`loss`:0"},
    };

    (void)state;
    /* The first has to begin with a bracket all the same. */
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        model_bytes m;

        model_copy(&m, &good);
        model_replace(&m, harmless[i][0], harmless[i][1] + (i == 0));
        cnn_net *net = cnn_net_load_memory(m.data, m.size, 1);
        if (net == NULL)
            fail_msg("%s: %s", harmless[i][1], cnn_last_error());
        cnn_net_free(net);
        model_free(&m);
    }
}

/* ---------------------------------------------------------- the frame --- */

static void header_lengths(void **state)
{
    const uint64_t lengths[] = {
        0,
        1,
        2,
        good.size - 13,
        good.size - 12,
        good.size - 11,
        good.size - 8,
        good.size,
        UINT64_MAX,
        UINT64_MAX - 7,
        1ull << 63,
        1ull << 32,
        100000000,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        model_bytes m;

        model_copy(&m, &good);
        for (int b = 0; b < 8; b++)
            m.data[b] = (unsigned char)(lengths[i] >> (8 * b));
        model_seal(&m);
        refuse(&m, "another length");
        model_free(&m);
    }
}

#define ONLY_CHECKSUM \
    "{\"__crc32__\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}"

static void headers(void **state)
{
    const char *const bad[] = {
        "{}",
        "{",
        "{}}",
        "{\"a\"}",
        "{'a':1}",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{\"__metadata__\":{}}",
        "{\"__crc32__\":{}}",
        "{nonsense}",
        "{\"a\":",
        ONLY_CHECKSUM,
        (ONLY_CHECKSUM "{}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        model_bytes m;

        model_make(&m, bad[i], NULL, 0);
        refuse(&m, bad[i]);
        model_free(&m);
    }
}

/* Filled up with zeros instead of spaces. */
static void zeros_behind_the_header(void **state)
{
    model_bytes m;
    size_t spaces = 0;

    (void)state;
    model_copy(&m, &good);
    for (size_t i = 1000; i + 1644 < m.size; i++)
        if (m.data[i] == ' ') {
            m.data[i] = '\0';
            spaces++;
        }
    assert_true(spaces > 0);
    model_seal(&m);
    refuse(&m, "zeros");
    model_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gap),
        cmocka_unit_test(one_change),
        cmocka_unit_test(harmless_changes),
        cmocka_unit_test(header_lengths),
        cmocka_unit_test(headers),
        cmocka_unit_test(zeros_behind_the_header),
    };

    return cmocka_run_group_tests_name("model hostile", tests, open_group,
                                       close_group);
}
