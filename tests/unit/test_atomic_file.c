/* Replacing a file: modes, owners, links, what is refused, and that nothing
 * stays behind. What happens when a system call fails, or the process is
 * killed, is in fault/test_atomic_save.py. */
#include "files/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/near.h"
#include "support/temp_file.h"

static void new_and_old(void **state)
{
    const char *folder = make_folder("plain");
    const char *path = in(folder, "file");

    (void)state;
    replace(path, "");
    assert_content(path, "");
    replace(path, "first");
    assert_content(path, "first");
    replace(path, "2nd");
    assert_content(path, "2nd");
    assert_entries(folder, 1);
}

/* Without a slash: the folder is the one we are in. */
static void in_this_folder(void **state)
{
    const char *folder = make_folder("here");
    char back[PATH_MAX];

    (void)state;
    assert_non_null(getcwd(back, sizeof(back)));
    assert_int_equal(chdir(folder), 0);
    replace("file", "text");
    replace("./file", "again");
    assert_content("file", "again");
    assert_int_equal(chdir(back), 0);
    assert_entries(folder, 1);
}

/* How often open() still says that a name is taken; see tests/CMakeLists.txt.
 */
static int taken, asked;

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);

int __wrap_open64(const char *path, int flags, ...)
{
    va_list args;

    if ((flags & O_EXCL) != 0) {
        asked++;
        if (taken > 0) {
            taken--;
            errno = EEXIST;
            return -1;
        }
    }
    va_start(args, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    return __real_open64(path, flags, mode);
}

/* What killed processes left behind stops nobody, and is not touched. */
static void names_that_are_taken(void **state)
{
    const char *folder = make_folder("taken");
    const char *path = in(folder, "file");

    (void)state;
    taken = 10;
    asked = 0;
    replace(path, "text");
    assert_int_equal(asked, 11);
    assert_content(path, "text");
    taken = INT_MAX;
    refuse(path, "/file: File exists");
    taken = 0;
    assert_content(path, "text");
    assert_entries(folder, 1);
}

/* As long as a name may be: the temporary file has another. */
static void long_names(void **state)
{
    const char *folder = make_folder("long");
    char name[256];

    (void)state;
    for (int length = 95; length <= 255; length += 32) {
        memset(name, 'n', sizeof(name));
        name[length] = '\0';
        replace(in(folder, name), "text");
        /* Cut in the middle of a character of two bytes, or not. */
        for (int i = length % 2; i + 1 < length; i += 2)
            memcpy(name + i, "\xc3\xa4", 2);
        replace(in(folder, name), "text");
    }
    assert_entries(folder, 12);
}

static void modes(void **state)
{
    const mode_t kept[] = {0600, 0640, 0755, 0666, 0444};
    const char *folder = make_folder("modes");
    const char *path = in(folder, "file");
    const mode_t old = umask(027);

    (void)state;
    replace(path, "new");
    assert_int_equal(mode_of(path) & 07777, 0640);
    for (int i = 0; i < 5; i++) {
        if (kept[i] == 0444 && geteuid() != 0)
            break; /* only root may write to it */
        assert_int_equal(chmod(path, kept[i]), 0);
        replace(path, "newer");
        assert_int_equal(mode_of(path) & 07777, kept[i]);
    }
    umask(old);
    assert_entries(folder, 1);
}

static void links(void **state)
{
    const char *folder = make_folder("links"), *other = make_folder("other");
    char target[PATH_MAX], link[PATH_MAX];

    (void)state;
    snprintf(target, sizeof(target), "%s/file", other);
    snprintf(link, sizeof(link), "%s/link", folder);
    replace(target, "old");
    /* Through two links, one of them relative. */
    assert_int_equal(symlink("../other/file", link), 0);
    assert_int_equal(symlink("link", in(folder, "chain")), 0);
    replace(in(folder, "chain"), "new");
    assert_content(target, "new");
    assert_true(S_ISLNK(mode_of(link)));
    assert_true(S_ISREG(mode_of(target)));
    assert_entries(folder, 2);
    assert_entries(other, 1);
    /* A hard link keeps the old content, as a copy would. */
    assert_int_equal(linkat(AT_FDCWD, target, AT_FDCWD, in(other, "hard"), 0),
                     0);
    replace(target, "newest");
    assert_content(in(other, "hard"), "new");
}

/* A link says where the file is to be, also if there is none yet. */
static void links_to_nothing(void **state)
{
    const char *folder = make_folder("dangling");
    char target[PATH_MAX];

    (void)state;
    snprintf(target, sizeof(target), "%s/deep/../new", folder);
    assert_int_equal(mkdir(in(folder, "deep"), 0755), 0);
    assert_int_equal(symlink("nowhere", in(folder, "link")), 0);
    assert_int_equal(symlink("../link", in(folder, "deep/chain")), 0);
    assert_int_equal(symlink(target, in(folder, "whole")), 0);
    replace(in(folder, "deep/chain"), "text");
    assert_content(in(folder, "nowhere"), "text");
    assert_true(S_ISLNK(mode_of(in(folder, "link"))));
    replace(in(folder, "whole"), "text");
    assert_content(in(folder, "new"), "text");
    assert_entries(folder, 5);
    assert_int_equal(symlink("none/file", in(folder, "none")), 0);
    refuse(in(folder, "none"), "/none: ");
    assert_int_equal(symlink("loop", in(folder, "loop")), 0);
    refuse(in(folder, "loop"), "/loop: Too many levels of symbolic links");
    assert_entries(folder, 7);
}

/* Neither replaced nor written to: it would be a surprise. */
static void no_regular_files(void **state)
{
    const char *folder = make_folder("special");
    const char *fifo = in(folder, "fifo");

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    refuse(fifo, "fifo: it is no regular file");
    assert_true(S_ISFIFO(mode_of(fifo)));
    assert_entries(folder, 1);
    refuse(folder, "it is no regular file");
    refuse("/", "it is no regular file");
    refuse("/dev/full", "cannot write /dev/full: it is no regular file");
    refuse("/dev/null", "it is no regular file");
    assert_true(S_ISCHR(mode_of("/dev/full")));
}

static void impossible_paths(void **state)
{
    const char *folder = make_folder("paths");
    char path[2 * PATH_MAX], name[300];

    (void)state;
    replace(in(folder, "file"), "text");
    refuse(in(folder, "none/file"), "none/file: No such file or directory");
    refuse(in(folder, "none/"), "none/: ");
    refuse(in(folder, "file/x"), "file/x: Not a directory");
    refuse("", "cannot write : ");
    /* The reason is there however long the path is. */
    memset(name, 'n', sizeof(name));
    name[299] = '\0';
    refuse(in(folder, name), "nnn: File name too long");
    memset(path, '/', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    memcpy(path + sizeof(path) - 6, "x.bin", 5);
    refuse(path, "/x.bin: File name too long");
    memset(path + 1, 'd', PATH_MAX - 4);
    path[PATH_MAX - 4] = '\0';
    for (int i = 100; i < PATH_MAX - 4; i += 100)
        path[i] = '/';
    refuse(path, "ddd: ");
    assert_entries(folder, 1);
}

/* -------------------------------------------------------------- at once */

enum { ROUNDS = 100, LENGTH = 20000 };

static void *keep_replacing(void *path)
{
    static const char letters[] = "ab";
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int started;
    char text[LENGTH];
    intptr_t failures = 0;

    pthread_mutex_lock(&lock);
    memset(text, letters[started++], LENGTH);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < ROUNDS; i++)
        failures += cnn__file_replace(path, text, LENGTH) != CNN_OK;
    return (void *)failures;
}

/* Two writers of one file: at any time it is that of one of them, whole. */
static void two_writers(void **state)
{
    const char *folder = make_folder("race");
    char path[PATH_MAX], text[LENGTH];
    pthread_t threads[2];
    void *failures;

    (void)state;
    snprintf(path, sizeof(path), "%s/file", folder);
    memset(text, 'a', LENGTH);
    assert_int_equal(cnn__file_replace(path, text, LENGTH), CNN_OK);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, keep_replacing, path);
    for (int round = 0; round < ROUNDS; round++) {
        size_t size;
        unsigned char *data = temp_read(path, &size);

        assert_int_equal(size, LENGTH);
        assert_true(data[0] == 'a' || data[0] == 'b');
        memset(text, data[0], LENGTH);
        assert_memory_equal(data, text, LENGTH);
        free(data);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &failures);
        assert_null(failures);
    }
    assert_entries(folder, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_and_old),
        cmocka_unit_test(in_this_folder),
        cmocka_unit_test(names_that_are_taken),
        cmocka_unit_test(long_names),
        cmocka_unit_test(modes),
        cmocka_unit_test(links),
        cmocka_unit_test(links_to_nothing),
        cmocka_unit_test(no_regular_files),
        cmocka_unit_test(impossible_paths),
        cmocka_unit_test(two_writers),
    };

    return cmocka_run_group_tests_name("atomic file", tests, NULL, NULL);
}
