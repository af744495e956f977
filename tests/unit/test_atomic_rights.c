/* Replacing a file: whose it is afterwards, and who may. */
#include "files/atomic_file.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/near.h"
#include "support/temp_file.h"

/* Runs `body` as somebody who is not root, without leaving a trace in us. */
static void in_a_child(int (*body)(const char *path), const char *path)
{
    int status;
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(99);
        _exit(body(path));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Like refuse(), which must not jump out of a child. */
static int is_refused(const char *path, size_t size, const char *reason)
{
    char *data = calloc(1, size);
    const int bad = data == NULL ||
                    cnn__file_replace(path, data, size) != CNN_EIO ||
                    strstr(cnn_last_error(), reason) == NULL;

    free(data);
    return bad;
}

static int is_denied(const char *path)
{
    return is_refused(path, 10, "file: Permission denied");
}

static void no_permission(void **state)
{
    const mode_t closed[] = {0555, 0333, 0000};
    const char *folder = make_folder("closed"), *path;

    (void)state;
    /* Whoever we are then must get as far as here. */
    assert_int_equal(chmod(in(folder, ".."), 0755), 0);
    path = in(folder, "file");
    replace(path, "old");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(chmod(folder, closed[i]), 0);
        in_a_child(is_denied, path);
        assert_int_equal(chmod(folder, 0755), 0);
        assert_content(path, "old");
        assert_entries(folder, 1);
    }
}

static int works(const char *path)
{
    return cnn__file_replace(path, "new", 3) != CNN_OK;
}

/* To write to it is allowed, to see what is in it is not. */
static void folder_that_cannot_be_listed(void **state)
{
    const char *folder = make_folder("blind"), *path;

    (void)state;
    assert_int_equal(chmod(in(folder, ".."), 0755), 0);
    path = in(folder, "file");
    replace(path, "old");
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(chmod(folder, 0333), 0);
    in_a_child(works, path);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_content(path, "new");
    assert_entries(folder, 1);
}

/* The folder would let anybody replace it, but the file says no. */
static void file_that_is_read_only(void **state)
{
    const char *folder = make_folder("readonly"), *path;

    (void)state;
    assert_int_equal(chmod(in(folder, ".."), 0755), 0);
    path = in(folder, "file");
    replace(path, "old");
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    in_a_child(is_denied, path);
    assert_content(path, "old");
    assert_entries(folder, 1);
}

static struct stat look(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info;
}

/* Root keeps both. Somebody else becomes the owner, and gives a group that he
 * is not in no more than everybody has. */
static void owner_and_group(void **state)
{
    const char *folder = make_folder("owners"), *path;

    (void)state;
    if (geteuid() != 0) {
        print_message("left out: only root may give files away\n");
        skip();
    }
    assert_int_equal(chmod(in(folder, ".."), 0755), 0);
    path = in(folder, "file");
    replace(path, "old");
    assert_int_equal(chown(path, 1234, 5678), 0);
    assert_int_equal(chmod(path, 02664), 0);
    replace(path, "newer");
    assert_int_equal(look(path).st_uid, 1234);
    assert_int_equal(look(path).st_gid, 5678);
    assert_int_equal(look(path).st_mode & 07777, 02664);
    assert_int_equal(chmod(path, 06676), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    in_a_child(works, path);
    assert_content(path, "new");
    assert_int_equal(look(path).st_uid, 65534);
    assert_int_not_equal(look(path).st_gid, 5678);
    assert_int_equal(look(path).st_mode & 07777, 0666);
    assert_entries(folder, 1);
}

/* A part is written before the disk says no. */
static int is_too_large(const char *path)
{
    const struct rlimit limit = {1000, 1000};

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 98;
    return is_refused(path, 5000, "file: File too large");
}

static void disk_that_fills(void **state)
{
    const char *folder = make_folder("full"), *path;

    (void)state;
    assert_int_equal(chmod(in(folder, ".."), 0755), 0);
    path = in(folder, "file");
    replace(path, "old");
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    in_a_child(is_too_large, path);
    assert_content(path, "old");
    assert_entries(folder, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_permission),
        cmocka_unit_test(folder_that_cannot_be_listed),
        cmocka_unit_test(file_that_is_read_only),
        cmocka_unit_test(owner_and_group),
        cmocka_unit_test(disk_that_fills),
    };

    return cmocka_run_group_tests_name("atomic file: rights", tests, NULL,
                                       NULL);
}
