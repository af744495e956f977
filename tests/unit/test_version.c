/* What is installed, and what runs. */
#include <stdio.h>
#include <string.h>

#include "support/near.h"

static void header_and_library_agree(void **state)
{
    char text[32];

    (void)state;
    assert_int_equal(cnn_version_number(), CNN_VERSION_MAJOR * 10000 +
                                               CNN_VERSION_MINOR * 100 +
                                               CNN_VERSION_PATCH);
    snprintf(text, sizeof(text), "%d.%d.%d", CNN_VERSION_MAJOR,
             CNN_VERSION_MINOR, CNN_VERSION_PATCH);
    assert_string_equal(cnn_version_string(), text);
}

static void build_info_is_complete(void **state)
{
    const char *const keys[] = {"{\"version\": \"", "\"compiler\": \"",
                                "\"blas\": \"",     "\"blas_core\": \"",
                                "\"threads\": 1",   "\"cores\": "};

    (void)state;
    for (int i = 0; i < 6; i++)
        assert_non_null(strstr(cnn_build_info(), keys[i]));
    assert_non_null(strstr(cnn_build_info(), cnn_version_string()));
    assert_int_equal(cnn_build_info()[strlen(cnn_build_info()) - 1], '}');
    assert_int_equal(cnn_set_num_threads(3), CNN_OK);
    assert_non_null(strstr(cnn_build_info(), "\"threads\": 3,"));
    assert_int_equal(cnn_set_num_threads(1), CNN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_library_agree),
        cmocka_unit_test(build_info_is_complete),
    };

    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
