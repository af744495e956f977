/* Replacing a file: modes, links, what is refused, and that nothing stays
 * behind. What happens when a system call fails, or the process is killed, is
 * in fault/test_atomic_save.py. */
#include "files/atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/near.h"
#include "support/temp_file.h"

/* A folder of each test; what it holds is counted at its end. */
static const char *make_folder(const char *name)
{
    const char *path = temp_path(name);

    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

/* folder/name, in the same place each time. */
static const char *in(const char *folder, const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void assert_entries(const char *folder, int want)
{
    DIR *dir = opendir(folder);
    int entries = -2; /* . and .. */

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        entries++;
    closedir(dir);
    assert_int_equal(entries, want);
}

static void replace(const char *path, const char *text)
{
    if (cnn__file_replace(path, text, strlen(text)) != CNN_OK)
        fail_msg("%s", cnn_last_error());
}

static void refuse(const char *path, const char *part)
{
    assert_failed(cnn__file_replace(path, "new", 3), CNN_EIO, part);
}

static void assert_content(const char *path, const char *want)
{
    size_t size;
    unsigned char *data = temp_read(path, &size);

    assert_int_equal(size, strlen(want));
    assert_memory_equal(data, want, size);
    free(data);
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode;
}

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

static void modes(void **state)
{
    const mode_t kept[] = {0600, 0640, 0444, 0755, 0666};
    const char *folder = make_folder("modes");
    const char *path = in(folder, "file");
    const mode_t old = umask(027);

    (void)state;
    replace(path, "new");
    assert_int_equal(mode_of(path) & 07777, 0640);
    for (int i = 0; i < 5; i++) {
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

static void links_to_nothing(void **state)
{
    const char *folder = make_folder("dangling");

    (void)state;
    assert_int_equal(symlink("nowhere", in(folder, "link")), 0);
    refuse(in(folder, "link"), "/link: No such file or directory");
    assert_int_equal(symlink("loop", in(folder, "loop")), 0);
    refuse(in(folder, "loop"), "/loop: Too many levels of symbolic links");
    assert_entries(folder, 2);
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

/* ----------------------------------------------------- in a child process */

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
    assert_int_equal(chmod(folder, 0777), 0);
    in_a_child(is_too_large, path);
    assert_content(path, "old");
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
        cmocka_unit_test(modes),
        cmocka_unit_test(links),
        cmocka_unit_test(links_to_nothing),
        cmocka_unit_test(no_regular_files),
        cmocka_unit_test(impossible_paths),
        cmocka_unit_test(no_permission),
        cmocka_unit_test(disk_that_fills),
        cmocka_unit_test(two_writers),
    };

    return cmocka_run_group_tests_name("atomic file", tests, NULL, NULL);
}
