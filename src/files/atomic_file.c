#include "files/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* Temporary names to try: killed processes may have left some of them. */
#define MOST_NAMES 100

/* The most links to follow, as Linux does. */
#define MOST_LINKS 40

/* The most bytes of the target's name in the temporary name. The rest of that
 * name is short, because some file systems allow little more. */
#define KEPT_NAME 100

/* The paths of one replacement. */
typedef struct names {
    const char *path;      /* as the caller gave it, for errors */
    char target[PATH_MAX]; /* file to replace, with links followed */
    char temporary[PATH_MAX];
    char folder[PATH_MAX];
    bool replaces;   /* a file exists, ... */
    struct stat old; /* ... and this describes it */
} names;

static cnn_status fail_io(const char *verb, const char *path)
{
    return cnn__fail_errno(errno, "cannot %s %s", verb, cnn__path_end(path));
}

/* ----------------------------------------------------------- target --- */

static int copy_path(char to[PATH_MAX], const char *path)
{
    const size_t length = strlen(path);

    if (length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(to, path, length + 1);
    return 0;
}

/* Length of the folder part of a path, with its last slash; 0 if there is none.
 */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

/* Replaces n->target, a link, by what it points to. */
static int follow_link(names *n)
{
    const size_t folder = folder_length(n->target);
    char link[PATH_MAX];
    const ssize_t length = readlink(n->target, link, sizeof(link));

    if (length < 0)
        return -1;
    const size_t size = (size_t)length, skip = link[0] == '/' ? 0 : folder;
    if (size + skip >= sizeof(n->target)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(n->target + skip, link, size);
    n->target[skip + size] = '\0';
    return 0;
}

/* Follows links one by one: the last may point to a file that does not exist
 * yet, which realpath() reports as an error. */
static int follow_links(names *n)
{
    struct stat st;

    for (int links = 0; links <= MOST_LINKS; links++) {
        if (lstat(n->target, &st) != 0)
            return errno == ENOENT ? 0 : -1;
        if (!S_ISLNK(st.st_mode)) {
            n->replaces = true;
            n->old = st;
            return 0;
        }
        if (follow_link(n) != 0)
            return -1;
    }
    errno = ELOOP;
    return -1;
}

/* Looks at the file to replace. Devices and FIFOs are refused: replacing one
 * would be a surprise, and harmful as root. So are read-only files: rename()
 * would replace them, but whoever made them read-only did not want that. */
static cnn_status find_target(names *n)
{
    if (copy_path(n->target, n->path) != 0 || follow_links(n) != 0)
        return fail_io("write", n->path);
    if (n->replaces && !S_ISREG(n->old.st_mode))
        return cnn__fail(CNN_EIO, "cannot write %s: it is no regular file",
                         cnn__path_end(n->path));
    if (n->replaces && faccessat(AT_FDCWD, n->target, W_OK, AT_EACCESS) != 0)
        return fail_io("write", n->path);
    const size_t length = folder_length(n->target);
    if (length == 0)
        return copy_path(n->folder, ".") == 0 ? CNN_OK
                                              : fail_io("write", n->path);
    memcpy(n->folder, n->target, length);
    n->folder[length] = '\0';
    return CNN_OK;
}

/* ------------------------------------------------------- temporary file --- */

/* How many bytes of the name to keep: whole UTF-8 characters. */
static int kept_length(const char *name)
{
    size_t length = strlen(name);

    if (length <= KEPT_NAME)
        return (int)length;
    length = KEPT_NAME;
    while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)
        length--;
    return (int)length;
}

/* A name that is unlikely to exist, even where all processes have the same
 * number, as in containers. */
static int name_temporary(names *n)
{
    static atomic_uint serial;
    const size_t folder = folder_length(n->target);
    const char *name = n->target + folder;
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    const unsigned mark = (unsigned)now.tv_nsec ^ (unsigned)now.tv_sec << 12 ^
                          atomic_fetch_add(&serial, 1) << 22;
    const int length = snprintf(n->temporary, sizeof(n->temporary),
                                "%.*s%.*s.%ld-%08x.tmp", (int)folder, n->target,
                                kept_length(name), name, (long)getpid(), mark);

    if (length >= 0 && (size_t)length < sizeof(n->temporary))
        return 0;
    errno = ENAMETOOLONG;
    return -1;
}

/* Each thread and process that saves to one path has its own temporary file;
 * the last rename wins. If it replaces a file, only its owner may read it until
 * its final mode is set. */
static int create_temporary(names *n)
{
    const mode_t mode = n->replaces ? n->old.st_mode & 0600 : 0666;
    int fd = -1;

    for (int i = 0; i < MOST_NAMES; i++) {
        if (name_temporary(n) != 0)
            return -1;
        fd = open(n->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    return fd;
}

/* Sets owner, group and mode of the old file as far as permitted: only root may
 * change the owner, others may choose among their groups. If the group differs,
 * it gets no more rights than others have. Set-user-ID and set-group-ID bits
 * are dropped if owner or group differ. */
static int copy_rights(int fd, const struct stat *old)
{
    mode_t mode = old->st_mode & 07777;
    struct stat new;

    (void)(fchown(fd, old->st_uid, old->st_gid) == 0 ||
           fchown(fd, (uid_t)-1, old->st_gid) == 0);
    if (fstat(fd, &new) != 0)
        return -1;
    if (new.st_gid != old->st_gid)
        mode &= ~(mode_t)02070 | (mode & 07) << 3;
    if (new.st_uid != old->st_uid)
        mode &= ~(mode_t)04000;
    return fchmod(fd, mode);
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

/* Writes data and mode, and syncs; always closes. Any of these steps may be the
 * first to report a full disk. */
static int fill(int fd, const names *n, const void *data, size_t size)
{
    const int failed = (n->replaces && copy_rights(fd, &n->old) != 0) ||
                       write_all(fd, data, size) != 0 || fsync(fd) != 0;
    const int error = errno;
    const int close_failed = close(fd) != 0;

    if (failed)
        errno = error;
    return failed || close_failed ? -1 : 0;
}

/* ----------------------------------------------------------- replacing --- */

static cnn_status write_and_rename(names *n, const void *data, size_t size)
{
    const int fd = create_temporary(n);

    if (fd < 0)
        return fail_io("write", n->path);
    if (fill(fd, n, data, size) != 0 || rename(n->temporary, n->target) != 0) {
        const cnn_status status = fail_io("write", n->path);
        unlink(n->temporary);
        return status;
    }
    return CNN_OK;
}

/* Syncs the folder, so that the rename survives a crash. Some file systems
 * cannot, and report EINVAL. A folder that may not be listed could not be
 * opened (-1): then all files are synced. */
static int sync_folder(int folder)
{
    if (folder >= 0)
        return fsync(folder) == 0 || errno == EINVAL ? 0 : -1;
    sync();
    return 0;
}

/* Opens the folder first, so that once the new file is in place only the sync
 * can fail. */
static cnn_status replace(names *n, const void *data, size_t size)
{
    CNN__TRY(find_target(n));
    const int folder = open(n->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 && errno != EACCES)
        return fail_io("write", n->path);
    cnn_status status = write_and_rename(n, data, size);
    if (status == CNN_OK && sync_folder(folder) != 0)
        status = fail_io("sync the folder of", n->path);
    if (folder >= 0)
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
