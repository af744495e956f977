/* Statuses, and the last error of a thread. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "support/near.h"

/* Runs first: nothing has failed yet. */
static void empty_at_first(void **state)
{
    (void)state;
    assert_string_equal(cnn_last_error(), "");
    assert_int_equal(cnn_last_status(), CNN_OK);
}

static void every_status_has_a_text(void **state)
{
    const cnn_status all[] = {CNN_OK,           CNN_EINVAL,   CNN_ESHAPE,
                              CNN_ESTATE,       CNN_ENOMEM,   CNN_EOVERFLOW,
                              CNN_EIO,          CNN_EFORMAT,  CNN_ECANCELED,
                              CNN_EUNSUPPORTED, CNN_EDIVERGED};

    (void)state;
    for (int i = 0; i < 11; i++) {
        assert_int_equal(all[i], -i);
        assert_string_not_equal(cnn_status_string(all[i]), "unknown status");
        for (int k = 0; k < i; k++)
            assert_string_not_equal(cnn_status_string(all[i]),
                                    cnn_status_string(all[k]));
    }
    assert_string_equal(cnn_status_string(CNN_ENOMEM), "out of memory");
    assert_string_equal(cnn_status_string((cnn_status)-11), "unknown status");
    assert_string_equal(cnn_status_string((cnn_status)1), "unknown status");
    assert_string_equal(cnn_status_string(CNN_STATUS_FORCE_INT),
                        "unknown status");
}

static void failure_is_recorded(void **state)
{
    (void)state;
    assert_failed(cnn__fail(CNN_ESHAPE, "kernel %dx%d", 7, 3), CNN_ESHAPE,
                  "kernel 7x3");
    cnn__fail_where("layer %d (%s)", 3, "conv2d");
    assert_int_equal(cnn_last_status(), CNN_ESHAPE);
    assert_string_equal(cnn_last_error(), "layer 3 (conv2d): kernel 7x3");
    /* The last text may be an argument. */
    cnn__fail(CNN_EIO, "again: %s", cnn_last_error());
    assert_string_equal(cnn_last_error(),
                        "again: layer 3 (conv2d): kernel 7x3");
}

static void success_leaves_it_alone(void **state)
{
    (void)state;
    cnn__fail(CNN_EFORMAT, "before");
    assert_int_equal(cnn_set_num_threads(1), CNN_OK);
    assert_string_equal(cnn_last_error(), "before");
    assert_int_equal(cnn_last_status(), CNN_EFORMAT);
}

static void system_errors_give_their_reason(void **state)
{
    (void)state;
    assert_failed(cnn__fail_errno(ENOENT, "%s: cannot open", "a/b"), CNN_EIO,
                  "a/b: cannot open: No such file or directory");
    assert_failed(cnn__fail_errno(99999, "odd"), CNN_EIO, "odd: ");
    assert_non_null(strstr(cnn_last_error(), "99999"));
}

/* Long texts are cut, at every length around the end of the buffer. */
static void long_texts_are_cut(void **state)
{
    char text[1200];

    (void)state;
    for (int n = 480; n < 540; n++) {
        memset(text, 'x', sizeof(text));
        text[n] = '\0';
        cnn__fail(CNN_EINVAL, "%s", text);
        assert_in_range(strlen(cnn_last_error()), 480, 511);
        assert_int_equal(
            strncmp(cnn_last_error(), text, strlen(cnn_last_error())), 0);
        cnn__fail(CNN_EINVAL, "the reason");
        cnn__fail_where("%s", text);
        const size_t length = strlen(cnn_last_error());
        assert_in_range(length, 10, 511);
        /* A place that leaves no room is not put in front at all. */
        if (n >= 512)
            assert_string_equal(cnn_last_error(), "the reason");
        else
            assert_int_equal(cnn_last_error()[0], 'x');
    }
    memset(text, 'y', sizeof(text));
    text[1100] = '\0';
    cnn__fail(CNN_EINVAL, "%s", text);
    cnn__fail_where("layer 1");
    assert_int_equal(strncmp(cnn_last_error(), "layer 1: yyy", 12), 0);
    assert_int_equal(strlen(cnn_last_error()), 511);
}

static void *fail_elsewhere(void *data)
{
    int *empty = data;

    *empty = strcmp(cnn_last_error(), "") == 0;
    cnn__fail(CNN_EIO, "of the other thread");
    return NULL;
}

static void each_thread_has_its_own(void **state)
{
    pthread_t thread;
    int empty = 0;

    (void)state;
    cnn__fail(CNN_EINVAL, "of this thread");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &empty), 0);
    pthread_join(thread, NULL);
    assert_true(empty);
    assert_string_equal(cnn_last_error(), "of this thread");
    assert_int_equal(cnn_last_status(), CNN_EINVAL);
}

static cnn_status try_twice(cnn_status first, cnn_status second, int *reached)
{
    CNN__TRY(first);
    *reached = 1;
    CNN__TRY(second);
    *reached = 2;
    return CNN_OK;
}

static void try_returns_at_the_first_failure(void **state)
{
    int reached = 0;

    (void)state;
    assert_int_equal(try_twice(CNN_EIO, CNN_OK, &reached), CNN_EIO);
    assert_int_equal(reached, 0);
    assert_int_equal(try_twice(CNN_OK, CNN_EFORMAT, &reached), CNN_EFORMAT);
    assert_int_equal(reached, 1);
    assert_int_equal(try_twice(CNN_OK, CNN_OK, &reached), CNN_OK);
    assert_int_equal(reached, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_at_first),
        cmocka_unit_test(every_status_has_a_text),
        cmocka_unit_test(failure_is_recorded),
        cmocka_unit_test(success_leaves_it_alone),
        cmocka_unit_test(system_errors_give_their_reason),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(each_thread_has_its_own),
        cmocka_unit_test(try_returns_at_the_first_failure),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
