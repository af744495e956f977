/* Reading JSON: the same values as jansson's own reader, which is the reference
 * here, and the same refusals. */
#include "files/json_read.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/draw.h"
#include "support/faulty_memory.h"
#include "support/near.h"
#include "support/temp_file.h"

static json_t *reference(const char *text, size_t size)
{
    return json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      NULL);
}

/* Both read the same, or both refuse; is it JSON? In a block of just that size,
 * so that a sanitizer sees who reads on. */
static bool compare(const char *text, size_t size)
{
    char *copy = malloc(size + (size == 0));

    assert_non_null(copy);
    memcpy(copy, text, size);
    json_t *want = reference(copy, size), *got = cnn__json_read(copy, size);
    if ((want == NULL) != (got == NULL) ||
        (want != NULL && !json_equal(want, got)))
        fail_msg("%.*s: %s", (int)size, text,
                 want == NULL ? "is read, but is no JSON" : cnn_last_error());
    if (got == NULL)
        assert_error(CNN_EFORMAT, "at byte ");
    json_decref(want);
    json_decref(got);
    free(copy);
    return got != NULL;
}

static void reads(const char *text)
{
    if (!compare(text, strlen(text)))
        fail_msg("refused: %s", text);
}

static void refuses(const char *text)
{
    if (compare(text, strlen(text)))
        fail_msg("read: %s", text);
}

static const char *const sound[] = {
    "{}",
    "[]",
    " \t\n\r[ ] ",
    "{\"a\":1}",
    "{\"a\" : [ 1 , 2 , [ ] , { } ] , \"b\" : { \"c\" : null } }",
    "[true,false,null]",
    "\"\"",
    "\"text\"",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
    ("[\"\\u0041\\u00e4\\u20ac\\ud83d\\ude00\\uFFFF\\u007f\\u0080\\u07ff"
     "\\u0800\"]"),
    "[\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"]",
    "{\"\\u00e4\":1,\"\xc3\xa5\":2,\"\":3}",
    "0",
    "-0",
    "-0.0",
    "[0.5,-1.25e3,1E5,1e+2,1e-400,1.7976931348623157e308]",
    "[9223372036854775807,-9223372036854775808]",
    "[0.1000000000000000055511151231257827021181583404541015625]",
    "0.30000001192092896",
};

static const char *const broken[] = {
    "",
    " ",
    "{",
    "[",
    "]",
    "}",
    "[}",
    "{]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{1:2}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}",
    "{} {}",
    "[] x",
    "tru",
    "truex",
    "True",
    "nul",
    "NaN",
    "Infinity",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x10",
    "1-2",
    "1.2.3",
    "9223372036854775808",
    "-9223372036854775809",
    "1e309",
    "-1e309",
    "\"",
    "\"abc",
    "\"\\\"",
    "\"\\",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u0000\"",
    "\"\\ud83d\"",
    "\"\\ud83d\\n\"",
    "\"\\ud83d\\u0041\"",
    "\"\\ude00\"",
    "\"\n\"",
    "\"\x01\"",
    "\"\xff\"",
    "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xc3\"",
    "{'a':1}",
    "[1]//",
    "\xef\xbb\xbf{}",
};

static void sound_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++)
        reads(sound[i]);
}

static void broken_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        refuses(broken[i]);
}

/* A zero is neither an end nor a space. jansson passes over some. */
static void zeros(void **state)
{
    static const struct {
        char text[8];
        size_t size;
    } cases[] = {{"[1\0]", 4},    {"[1]\0", 4},      {"[\0]", 3},
                 {"[\"\0\"]", 5}, {"[\"\\\0\"]", 6}, {"{\"\0\":1}", 7},
                 {"\0", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(cnn__json_read(cases[i].text, cases[i].size));
        assert_error(CNN_EFORMAT, "at byte ");
    }
}

/* All sound texts cut off, and with some bytes replaced or left out. */
static void damaged_texts(void **state)
{
    static const char bytes[] = "{}[]\"\\:,0123456789eE.+-tfnu \n\xc3\xa4\x80";
    cnn__random d;
    int32_t sound_ones = 0;

    (void)state;
    draw_start(&d, 1);
    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
        const size_t size = strlen(sound[i]);
        char text[256];

        for (size_t cut = 0; cut < size; cut++)
            compare(sound[i], cut);
        for (int round = 0; round < 3000; round++) {
            memcpy(text, sound[i], size + 1);
            for (int32_t n = draw_between(&d, 1, 3); n > 0; n--)
                text[draw_between(&d, 0, (int32_t)size - 1)] =
                    bytes[draw_between(&d, 0, (int32_t)sizeof(bytes) - 2)];
            sound_ones += compare(text, size);
        }
    }
    assert_in_range(sound_ones, 1000, 50000);
}

static void depths(void **state)
{
    char text[2 * CNN__JSON_DEPTH + 4];

    (void)state;
    for (int depth = CNN__JSON_DEPTH; depth <= CNN__JSON_DEPTH + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        json_t *json = cnn__json_read(text, 2 * (size_t)depth);
        assert_int_equal(json != NULL, depth == CNN__JSON_DEPTH);
        json_decref(json);
    }
    assert_error(CNN_EFORMAT, "nested too deep at byte 1024");
}

/* jansson takes numbers of any length. */
static void long_numbers(void **state)
{
    char text[140];

    (void)state;
    memset(text, '1', sizeof(text));
    memcpy(text, "0.", 2);
    assert_true(compare(text, 127));
    assert_null(cnn__json_read(text, 128));
    assert_error(CNN_EFORMAT, "no value at byte 0");
}

/* Where a program has set a locale with a comma. */
static void other_locale(void **state)
{
    char folder[256], command[512];

    (void)state;
    snprintf(folder, sizeof(folder), "%s", temp_path(""));
    snprintf(command, sizeof(command),
             "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' 2>&1", folder);
    setenv("LOCPATH", folder, 1);
    if (system(command) != 0 || setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        print_message("left out: localedef makes no locale de_DE.UTF-8\n");
        skip();
    }
    assert_string_equal(localeconv()->decimal_point, ",");
    reads("[0.5,-1.25e3,12345.678]");
    refuses("[0,5e]");
    setlocale(LC_NUMERIC, "C");
}

static cnn_status read_and_free(void *data)
{
    const char *text = data;
    json_t *json = cnn__json_read(text, strlen(text));

    if (json == NULL)
        return cnn_last_status();
    json_decref(json);
    return CNN_OK;
}

/* jansson's own reader ends the process for some of these. */
static void out_of_memory(void **state)
{
    char text[] = "{\"a\":[\"a string that is a little longer\",\"two\","
                  "123456789012345678,2.5],\"b\":{\"c\":\"\\u0041\"}}";

    (void)state;
    faulty_memory_install();
    faulty_memory_watch_json();
    assert_in_range(assert_survives_faults(read_and_free, text), 20, 200);
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_texts),  cmocka_unit_test(broken_texts),
        cmocka_unit_test(zeros),        cmocka_unit_test(damaged_texts),
        cmocka_unit_test(depths),       cmocka_unit_test(long_numbers),
        cmocka_unit_test(other_locale), cmocka_unit_test(out_of_memory),
    };

    return cmocka_run_group_tests_name("reading JSON", tests, NULL, NULL);
}
