/* Metadata of a net: setting, order, limits, and what is no UTF-8. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "support/nets.h"

static void set(cnn_net *net, const char *key, const char *value)
{
    if (cnn_net_set_metadata(net, key, value) != CNN_OK)
        fail_msg("%s: %s", key, cnn_last_error());
}

/* "key=value key=value", in order; each is found by its key, too. */
static void assert_metadata(const cnn_net *net, const char *want)
{
    char got[256] = "";
    size_t n = 0;

    for (int32_t i = 0; i < cnn_net_metadata_count(net); i++) {
        const char *key = cnn_net_metadata_key(net, i);

        n +=
            (size_t)snprintf(got + n, sizeof(got) - n, "%s%s=%s",
                             i > 0 ? " " : "", key, cnn_net_metadata(net, key));
        assert_true(n < sizeof(got));
    }
    assert_string_equal(got, want);
}

static void refuse(cnn_net *net, const char *key, const char *value,
                   const char *text)
{
    assert_int_equal(cnn_net_set_metadata(net, key, value), CNN_EINVAL);
    assert_int_equal(cnn_last_status(), CNN_EINVAL);
    assert_string_equal(cnn_last_error(), text);
}

static void setting(void **state)
{
    cnn_net *net = cnn_net_create();
    char key[] = "c", value[] = "3";

    (void)state;
    assert_metadata(net, "");
    set(net, "b", "1");
    set(net, "a", "2");
    set(net, key, value);
    key[0] = value[0] = 'x'; /* they are copied */
    assert_metadata(net, "b=1 a=2 c=3");
    set(net, "a", "longer than it was");
    assert_metadata(net, "b=1 a=longer than it was c=3");
    set(net, "a", "");
    assert_metadata(net, "b=1 a= c=3");
    set(net, "b", NULL);
    assert_metadata(net, "a= c=3");
    set(net, "b", NULL);
    set(net, "B", NULL);
    assert_metadata(net, "a= c=3");
    set(net, "b", "4");
    assert_metadata(net, "a= c=3 b=4");
    set(net, "b", NULL);
    set(net, "a", NULL);
    set(net, "c", NULL);
    assert_metadata(net, "");
    set(net, "b", "5");
    assert_metadata(net, "b=5");
    cnn_net_free(net);
}

/* What is lent out may be handed back in. */
static void its_own_texts(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    set(net, "a", "b");
    set(net, cnn_net_metadata(net, "a"), cnn_net_metadata_key(net, 0));
    assert_metadata(net, "a=b b=a");
    set(net, cnn_net_metadata_key(net, 1), cnn_net_metadata_key(net, 1));
    assert_metadata(net, "a=b b=b");
    set(net, "b", cnn_net_metadata(net, "b"));
    assert_metadata(net, "a=b b=b");
    set(net, cnn_net_metadata_key(net, 0), NULL);
    assert_metadata(net, "b=b");
    cnn_net_free(net);
}

static void looking(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    refuse(NULL, "a", "1", "net_set_metadata: net is NULL");
    refuse(net, NULL, "1", "net_set_metadata: key is NULL");
    set(net, "a", "1");
    assert_null(cnn_net_metadata(NULL, "a"));
    assert_null(cnn_net_metadata(net, NULL));
    assert_null(cnn_net_metadata(net, "b"));
    assert_null(cnn_net_metadata(net, ""));
    assert_null(cnn_net_metadata(net, "libcnn"));
    assert_int_equal(cnn_net_metadata_count(NULL), 0);
    assert_null(cnn_net_metadata_key(NULL, 0));
    assert_null(cnn_net_metadata_key(net, -1));
    assert_null(cnn_net_metadata_key(net, 1));
    /* Looking for what is not there is no failure. */
    assert_string_equal(cnn_last_error(), "net_set_metadata: key is NULL");
    cnn_net_free(net);
}

static void around_the_build(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    set(net, "a", "1");
    assert_failed(cnn_net_build(net, &(cnn_shape){3, 1, 1}, 1, 1), CNN_ESTATE,
                  "no layers");
    cnn_net_add(net, cnn_dense_create(2, NULL));
    set(net, "b", "2");
    build(net, &(cnn_shape){3, 1, 1}, 1, 1);
    assert_metadata(net, "a=1 b=2");
    set(net, "c", "3");
    set(net, "a", NULL);
    assert_metadata(net, "b=2 c=3");
    cnn_net_free(net);
}

/* -------------------------------------------------------------- limits --- */

static void keys(void **state)
{
    char longest[CNN_MAX_METADATA_KEY + 2];
    cnn_net *net = cnn_net_create();

    (void)state;
    memset(longest, 'k', sizeof(longest));
    longest[CNN_MAX_METADATA_KEY + 1] = '\0';
    refuse(net, longest, "",
           "net_set_metadata: a key of 65 bytes, expected 1 to 64");
    refuse(net, longest, NULL,
           "net_set_metadata: a key of 65 bytes, expected 1 to 64");
    refuse(net, "", "", "net_set_metadata: a key of 0 bytes, expected 1 to 64");
    refuse(net, "ab\n", "",
           "net_set_metadata: byte 2 of the key is the control character "
           "U+000A");
    refuse(net, "\x1f", "",
           "net_set_metadata: byte 0 of the key is the control character "
           "U+001F");
    refuse(net, "\x7f", "",
           "net_set_metadata: byte 0 of the key is the control character "
           "U+007F");
    refuse(net, "\xc3\xa4\xc2\x9f", "",
           "net_set_metadata: byte 2 of the key is the control character "
           "U+009F");
    refuse(net, "a\xff", "", "net_set_metadata: byte 1 of the key is no UTF-8");
    assert_metadata(net, "");
    longest[CNN_MAX_METADATA_KEY] = '\0';
    set(net, longest, "1");
    assert_string_equal(cnn_net_metadata_key(net, 0), longest);
    set(net, longest, NULL);
    set(net, " ~\xc2\xa0", "2");
    assert_metadata(net, " ~\xc2\xa0=2");
    cnn_net_free(net);
}

static void keys_of_the_format(void **state)
{
    const char *const own[] = {"libcnn",   "architecture", "trainer",
                               "position", "libcnn.",      "libcnn.x"};
    const char *const others[] = {"Libcnn", "libcnn-x", "architectures",
                                  "train",  "format",   "__metadata__"};
    cnn_net *net = cnn_net_create();
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        snprintf(text, sizeof(text),
                 "net_set_metadata: the key %s is one of libcnn's own", own[i]);
        refuse(net, own[i], "1", text);
        refuse(net, own[i], NULL, text);
    }
    assert_metadata(net, "");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        set(net, others[i], "1");
    cnn_net_free(net);
}

static void values(void **state)
{
    static char longest[CNN_MAX_METADATA_VALUE + 2];
    cnn_net *net = cnn_net_create();

    (void)state;
    memset(longest, '\n', sizeof(longest) - 1); /* control characters may be */
    set(net, "a", "1");
    refuse(net, "a", longest,
           "net_set_metadata: a value of 65536 bytes, expected at most 65535");
    refuse(net, "a", "\xe2\x82\xac\xe2\x82",
           "net_set_metadata: byte 3 of the value is no UTF-8");
    assert_metadata(net, "a=1");
    longest[CNN_MAX_METADATA_VALUE] = '\0';
    set(net, "a", longest);
    assert_string_equal(cnn_net_metadata(net, "a"), longest);
    cnn_net_free(net);
}

static void as_many(void **state)
{
    cnn_net *net = cnn_net_create();
    char key[16];

    (void)state;
    for (int i = 0; i < CNN_MAX_METADATA; i++) {
        snprintf(key, sizeof(key), "key %d", i);
        set(net, key, key);
    }
    refuse(net, "more", "",
           "net_set_metadata: the key more would be one more than 64");
    assert_int_equal(cnn_net_metadata_count(net), 64);
    set(net, "key 63", "other");
    set(net, "key 0", "other");
    assert_int_equal(cnn_net_metadata_count(net), 64);
    set(net, "key 31", NULL);
    set(net, "more", "1");
    refuse(net, "key 31", "",
           "net_set_metadata: the key key 31 would be one more than 64");
    assert_string_equal(cnn_net_metadata_key(net, 30), "key 30");
    assert_string_equal(cnn_net_metadata_key(net, 31), "key 32");
    assert_string_equal(cnn_net_metadata_key(net, 62), "key 63");
    assert_string_equal(cnn_net_metadata(net, "key 63"), "other");
    assert_string_equal(cnn_net_metadata_key(net, 63), "more");
    cnn_net_free(net);
}

/* The same is UTF-8 as for jansson, which writes it into files: all texts of
 * four bytes out of those at which anything changes. */
static void utf_8(void **state)
{
    const char bytes[] = "\x01\x41\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf"
                         "\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xf7\xff";
    cnn_net *net = cnn_net_create();
    const size_t n = sizeof(bytes) - 1;
    size_t good = 0;

    (void)state;
    for (size_t i = 0; i < n * n * n * n; i++) {
        const char text[] = {bytes[i / n / n / n], bytes[i / n / n % n],
                             bytes[i / n % n], bytes[i % n], '\0'};
        json_t *json = json_string(text);
        const cnn_status status = cnn_net_set_metadata(net, "a", text);

        if (status != (json != NULL ? CNN_OK : CNN_EINVAL))
            fail_msg("%02x %02x %02x %02x: %d", text[0] & 0xff, text[1] & 0xff,
                     text[2] & 0xff, text[3] & 0xff, status);
        good += json != NULL;
        json_decref(json);
    }
    assert_in_range(good, 1000, n * n * n * n / 2);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting), cmocka_unit_test(its_own_texts),
        cmocka_unit_test(looking), cmocka_unit_test(around_the_build),
        cmocka_unit_test(keys),    cmocka_unit_test(keys_of_the_format),
        cmocka_unit_test(values),  cmocka_unit_test(as_many),
        cmocka_unit_test(utf_8),
    };

    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
