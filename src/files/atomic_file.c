#include "files/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* The names of one replacement. */
typedef struct names {
    const char *path;      /* as the caller wrote it, for errors */
    char target[PATH_MAX]; /* what is replaced: links followed */
    char temporary[PATH_MAX];
    char folder[PATH_MAX];
    mode_t mode; /* of the old file; 0: there is none */
} names;

static cnn_status fail_io(const char *verb, const char *path)
{
    return cnn__fail_errno(errno, "cannot %s %s", verb, cnn__path_end(path));
}

/* What is at `path` now? Replacing a device or a FIFO by a file would be a
 * surprise, and worse for root. */
static cnn_status find_target(names *n)
{
    struct stat st;

    if (lstat(n->path, &st) != 0) {
        if (errno != ENOENT)
            return fail_io("write", n->path);
        const size_t length = strlen(n->path);
        if (length >= sizeof(n->target)) {
            errno = ENAMETOOLONG;
            return fail_io("write", n->path);
        }
        memcpy(n->target, n->path, length + 1);
        return CNN_OK;
    }
    if (realpath(n->path, n->target) == NULL || stat(n->target, &st) != 0)
        return fail_io("write", n->path);
    if (!S_ISREG(st.st_mode))
        return cnn__fail(CNN_EIO, "cannot write %s: it is no regular file",
                         cnn__path_end(n->path));
    n->mode = st.st_mode & 07777;
    return CNN_OK;
}

/* Two threads, or two processes, may save to one path at the same time: the
 * last rename wins. */
static cnn_status name_parts(names *n)
{
    static atomic_uint serial;
    const char *slash = strrchr(n->target, '/');
    const int length =
        snprintf(n->temporary, sizeof(n->temporary), "%s.%ld-%u.tmp", n->target,
                 (long)getpid(), atomic_fetch_add(&serial, 1));

    if (length < 0 || (size_t)length >= sizeof(n->temporary)) {
        errno = ENAMETOOLONG;
        return fail_io("write", n->path);
    }
    if (slash == NULL)
        strcpy(n->folder, ".");
    else
        snprintf(n->folder, sizeof(n->folder), "%.*s",
                 slash == n->target ? 1 : (int)(slash - n->target), n->target);
    return CNN_OK;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Data, mode and sync; closes in any case. Each step can be the one that tells
 * that the disk is full. */
static int fill(int fd, const names *n, const void *data, size_t size)
{
    const int failed = write_all(fd, data, size) != 0 ||
                       (n->mode != 0 && fchmod(fd, n->mode) != 0) ||
                       fsync(fd) != 0;
    const int error = errno;
    const int close_failed = close(fd) != 0;

    if (failed)
        errno = error;
    return failed || close_failed ? -1 : 0;
}

static cnn_status write_and_rename(const names *n, const void *data,
                                   size_t size)
{
    const int fd =
        open(n->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd < 0)
        return fail_io("write", n->path);
    if (fill(fd, n, data, size) != 0 || rename(n->temporary, n->target) != 0) {
        const cnn_status status = fail_io("write", n->path);
        unlink(n->temporary);
        return status;
    }
    return CNN_OK;
}

/* The folder is opened first, so that nothing but its sync can fail once the
 * new file is in place; that makes the rename last. Some file systems cannot
 * sync a folder, and say EINVAL. */
static cnn_status replace(names *n, const void *data, size_t size)
{
    CNN__TRY(find_target(n));
    CNN__TRY(name_parts(n));
    const int folder = open(n->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail_io("write", n->path);
    cnn_status status = write_and_rename(n, data, size);
    if (status == CNN_OK && fsync(folder) != 0 && errno != EINVAL)
        status = fail_io("sync the folder of", n->path);
    close(folder);
    return status;
}

cnn_status cnn__file_replace(const char *path, const void *data, size_t size)
{
    names *n = cnn__alloc_zero(sizeof(*n));

    if (n == NULL)
        return cnn_last_status();
    n->path = path;
    const cnn_status status = replace(n, data, size);
    cnn__free(n);
    return status;
}
