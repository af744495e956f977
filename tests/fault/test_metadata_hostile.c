/* Model files, right checksum and all, with metadata that no net could have:
 * the net is read all the same, what is odd is passed over, and neither memory
 * nor time goes into it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/model_bytes.h"
#include "support/nets.h"

/* A file whose metadata are a good net's and, before them, `members`, which end
 * with a comma. ' stands for ". */
static void make(model_bytes *m, const char *members)
{
    const char *const end =
        "'libcnn':'{\\'version\\':1}','architecture':'{\\'input\\':[1,1,1],"
        "\\'loss\\':0,\\'reduction\\':0,\\'layers\\':[{\\'kind\\':\\'softmax\\'"
        "}]}'},'__crc32__':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}";
    const char *const begin = "{'__metadata__':{";
    const size_t size = strlen(begin) + strlen(members) + strlen(end) + 1;
    char *header = malloc(size);

    assert_non_null(header);
    snprintf(header, size, "%s%s%s", begin, members, end);
    for (char *c = header; *c != '\0'; c++)
        *c = (char)(*c == '\'' ? '"' : *c);
    model_make(m, header, NULL, 0);
    free(header);
}

/* Reading takes no more than the format says, and what the net takes that has
 * no metadata. A success leaves the last error alone. */
static cnn_net *take(const char *members)
{
    static char before[512];
    model_bytes m;

    assert_int_equal(cnn_set_num_threads(-1), CNN_EINVAL);
    snprintf(before, sizeof(before), "%s", cnn_last_error());
    make(&m, members);
    faulty_memory_reset();
    cnn_net *net = cnn_net_load_memory(m.data, m.size, 1);
    if (net == NULL)
        fail_msg("%.60s: %s", members, cnn_last_error());
    if (faulty_memory_peak() > 4 * m.size + (1 << 20))
        fail_msg("%.60s: %zu bytes for a file of %zu", members,
                 faulty_memory_peak(), m.size);
    assert_string_equal(cnn_last_error(), before);
    model_free(&m);
    return net;
}

static void odd_ones(void **state)
{
    const char *const odd[] = {
        "'a':1,",
        "'a':null,",
        "'a':true,",
        "'a':['b'],",
        "'a':{'b':'c'},",
        "'':'b',",
        "'a\\n':'b',",
        "'\\u007f':'b',",
        "'\\u0085':'b',",
        "'libcnn.a':'b',",
        "'libcnn.':{},",
        "'trainer':'not even JSON',",
        "'position':[],",
        ("'k1234567890123456789012345678901234567890123456789012345678901234'"
         ":'a key of 65 bytes',"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        char members[256];

        snprintf(members, sizeof(members), "%s'good':'1',", odd[i]);
        cnn_net *net = take(members);
        if (cnn_net_metadata_count(net) != 1)
            fail_msg("%s: %d keys", members, cnn_net_metadata_count(net));
        assert_string_equal(cnn_net_metadata(net, "good"), "1");
        cnn_net_free(net);
    }
}

/* "'key':'xx...'," of a key and so many bytes, put at `to`. */
static size_t put_member(char *to, const char *key, size_t size)
{
    const size_t n = (size_t)snprintf(to, 32, "'%s':'", key);

    memset(to + n, 'x', size);
    memcpy(to + n + size, "',", 3);
    return n + size + 2;
}

static void long_values(void **state)
{
    const size_t sizes[] = {65535, 65536, 100000, 1 << 20, 10 << 20};
    char *members = malloc(11 << 20);

    (void)state;
    assert_non_null(members);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const size_t n = put_member(members, "a", sizes[i]);

        snprintf(members + n, 32, "'good':'1',");
        cnn_net *net = take(members);
        assert_int_equal(cnn_net_metadata_count(net), 1 + (i == 0));
        assert_int_equal(cnn_net_metadata(net, "a") != NULL, i == 0);
        assert_string_equal(cnn_net_metadata(net, "good"), "1");
        cnn_net_free(net);
    }
    free(members);
}

/* Keys, and values with an escape, need more room while they are read: either
 * there is enough of it, or the file is refused before it is taken. */
static void escapes(void **state)
{
    const size_t sizes[] = {65000, 400 << 10, 1 << 20, 10 << 20};
    char *members = malloc(11 << 20);

    (void)state;
    assert_non_null(members);
    for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
        const size_t size = sizes[i / 2];
        model_bytes m;

        if (i % 2 == 0) {
            put_member(members, "\\n", size);
            memcpy(members + 6, "\\t", 2); /* of the value, too */
        } else {
            memset(members, 'k', size);
            members[0] = members[size] = '\'';
            memcpy(members + size + 1, ":'',", 5);
        }
        make(&m, members);
        faulty_memory_reset();
        cnn_net *net = cnn_net_load_memory(m.data, m.size, 1);
        if (net == NULL)
            assert_error(CNN_EFORMAT, "a header with more in it");
        assert_int_equal(net != NULL, size < 1 << 20);
        assert_true(faulty_memory_peak() <= 4 * m.size + (1 << 20));
        cnn_net_free(net);
        model_free(&m);
    }
    free(members);
}

/* The first 64, and all of their bytes; never more. */
static void many(void **state)
{
    const struct {
        int count;
        size_t size;
    } cases[] = {{63, 0},     {64, 0},     {65, 0},     {1000, 0},
                 {64, 65535}, {65, 65535}, {500, 60000}};
    char *members = malloc(32 << 20);

    (void)state;
    assert_non_null(members);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int want = cases[i].count < 64 ? cases[i].count : 64;
        size_t n = 0;
        char key[16];

        for (int k = 0; k < cases[i].count; k++) {
            snprintf(key, sizeof(key), "%d", k);
            n += put_member(members + n, key, cases[i].size);
        }
        cnn_net *net = take(members);
        assert_int_equal(cnn_net_metadata_count(net), want);
        for (int k = 0; k < want; k++) {
            snprintf(key, sizeof(key), "%d", k);
            assert_string_equal(cnn_net_metadata_key(net, k), key);
            assert_int_equal(strlen(cnn_net_metadata(net, key)), cases[i].size);
        }
        cnn_net_free(net);
    }
    free(members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_ones),
        cmocka_unit_test(long_values),
        cmocka_unit_test(escapes),
        cmocka_unit_test(many),
    };

    return cmocka_run_group_tests_name("metadata hostile", tests,
                                       faulty_memory_open_group,
                                       faulty_memory_close_group);
}
