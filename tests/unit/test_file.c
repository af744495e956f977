/* Reading files whole. The system's read() is wrapped, so that it can do what
 * it does only rarely: be interrupted, give little, fail. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "support/faulty_memory.h"
#include "support/near.h"
#include "support/temp_file.h"

static struct {
    bool on;
    size_t most;  /* bytes that one call gives */
    int fails_at; /* the call that fails; counts down to 1 */
    int error;    /* with this */
    size_t left;  /* bytes until the file seems to end */
} trouble;

ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);

ssize_t __wrap_read(int fd, void *to, size_t size)
{
    if (!trouble.on)
        return __real_read(fd, to, size);
    if (trouble.fails_at > 0 && --trouble.fails_at == 0) {
        errno = trouble.error;
        return -1;
    }
    if (size > trouble.most)
        size = trouble.most;
    if (size > trouble.left)
        size = trouble.left;
    trouble.left -= size;
    return __real_read(fd, to, size);
}

static int no_trouble(void **state)
{
    (void)state;
    memset(&trouble, 0, sizeof(trouble));
    return 0;
}

static void assert_content(const char *path, const void *want, size_t size)
{
    void *data = NULL;
    size_t got = 0;

    assert_int_equal(cnn__file_read(path, &data, &got), CNN_OK);
    assert_int_equal(got, size);
    assert_memory_equal(data, want, size);
    cnn__free(data);
}

static void assert_refused(const char *path, cnn_status want, const char *part)
{
    void *data = &trouble;
    size_t size = 77;

    assert_failed(cnn__file_read(path, &data, &size), want, part);
    assert_ptr_equal(data, &trouble);
    assert_int_equal(size, 77);
}

static void content(void **state)
{
    static uint8_t bytes[300001];
    const size_t sizes[] = {0, 1, 4096, sizeof(bytes)};

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_content(temp_write("content", bytes, sizes[i]), bytes, sizes[i]);
    unlink(temp_path("link"));
    assert_int_equal(symlink(temp_path("content"), temp_path("link")), 0);
    assert_content(temp_path("link"), bytes, sizeof(bytes));
}

static void interrupted_and_short_reads(void **state)
{
    const char *path = temp_write("ten", "0123456789", 10);

    (void)state;
    for (size_t most = 1; most <= 4; most++)
        for (int at = 1; at <= 12; at++) {
            trouble.on = true;
            trouble.most = most;
            trouble.left = 100;
            trouble.fails_at = at;
            trouble.error = EINTR;
            assert_content(path, "0123456789", 10);
        }
}

static void failing_reads(void **state)
{
    const char *path = temp_write("ten", "0123456789", 10);

    (void)state;
    for (int at = 1; at <= 6; at++) { /* the last looks for the end */
        trouble.on = true;
        trouble.most = 2;
        trouble.left = 100;
        trouble.fails_at = at;
        trouble.error = EIO;
        assert_refused(path, CNN_EIO, "ten: cannot read: Input/output error");
    }
}

/* Somebody writes while we read. */
static void changing_files(void **state)
{
    (void)state;
    trouble.on = true;
    trouble.most = trouble.left = 9;
    assert_refused(temp_write("ten", "0123456789", 10), CNN_EIO,
                   "ten: the file has 10 bytes, but fewer could be read");
    trouble.on = false;
    /* A file that says it is empty, and is not. */
    if (access("/proc/version", R_OK) == 0)
        assert_refused("/proc/version", CNN_EIO,
                       "/proc/version: the file has 0 bytes, but more");
}

/* Where addresses have 32 bits; what is not written there takes no space. */
static void larger_than_memory(void **state)
{
    const char *path = temp_write("huge", "", 0);

    (void)state;
    if (sizeof(size_t) > 4)
        skip();
    assert_int_equal(truncate(path, (off_t)1 << 33), 0);
    assert_refused(path, CNN_EOVERFLOW,
                   "huge: 8589934592 bytes are more than fit in memory");
}

static void what_is_no_file(void **state)
{
    (void)state;
    assert_refused(NULL, CNN_EINVAL, "path is NULL");
    assert_refused("", CNN_EIO, "No such file or directory");
    assert_refused(temp_path("missing"), CNN_EIO,
                   "missing: cannot open: No such file or directory");
    mkdir(temp_path("folder"), 0700);
    assert_refused(temp_path("folder"), CNN_EIO,
                   "folder: cannot read: Is a directory");
    assert_refused("/dev/zero", CNN_EIO, "/dev/zero: not a regular file");
    mkfifo(temp_path("pipe"), 0600); /* nobody writes: it must not wait */
    assert_refused(temp_path("pipe"), CNN_EIO, "pipe: not a regular file");
}

static void descriptors_are_closed(void **state)
{
    const int before = dup(0);

    (void)state;
    close(before);
    assert_content(temp_write("ten", "0123456789", 10), "0123456789", 10);
    assert_refused("/", CNN_EIO, "Is a directory");
    assert_refused("/dev/null", CNN_EIO, "not a regular file");
    const int after = dup(0);
    close(after);
    assert_true(before >= 0);
    assert_int_equal(after, before);
}

static void no_permission(void **state)
{
    const char *path = temp_write("secret", "x", 1);
    const bool root = geteuid() == 0; /* who may read everything */

    (void)state;
    assert_int_equal(chmod(path, 0), 0);
    if (root && seteuid(65534) != 0) {
        print_message("skipped: root cannot become nobody here\n");
        skip();
    }
    assert_refused(path, CNN_EIO, "secret: cannot open: Permission denied");
    if (root)
        assert_int_equal(seteuid(0), 0);
}

/* The reason must not drown in a path. */
static void long_paths(void **state)
{
    char path[6001];

    (void)state;
    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_refused(path, CNN_EIO, "ppp: cannot open: File name too long");

    assert_string_equal(cnn__path_end("a/b"), "a/b");
    assert_int_equal(strlen(cnn__path_end(path)), 160);
    memcpy(path + sizeof(path) - 1 - 161, "\xc3\xa4", 2); /* cut in two */
    assert_int_equal(strlen(cnn__path_end(path)), 159);
}

static cnn_status read_and_free(void *path)
{
    void *data = NULL;
    size_t size;
    const cnn_status status = cnn__file_read(path, &data, &size);

    cnn__free(data);
    return status;
}

static void no_memory(void **state)
{
    char path[512];

    (void)state;
    strcpy(path, temp_write("ten", "0123456789", 10));
    faulty_memory_install();
    assert_int_equal(assert_survives_faults(read_and_free, path), 2);
    assert_error(CNN_ENOMEM, "ten: no memory for 10 bytes");
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content),
        cmocka_unit_test_teardown(interrupted_and_short_reads, no_trouble),
        cmocka_unit_test_teardown(failing_reads, no_trouble),
        cmocka_unit_test_teardown(changing_files, no_trouble),
        cmocka_unit_test(larger_than_memory),
        cmocka_unit_test(what_is_no_file),
        cmocka_unit_test(descriptors_are_closed),
        cmocka_unit_test(no_permission),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
