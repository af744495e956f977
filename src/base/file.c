#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* The most bytes of a path in an error text: two paths and a sentence fit. */
#define SHOWN 160

/* The most bytes per read(); Linux reads at most 2 GiB at once. */
#define LARGEST_READ ((size_t)1 << 30)

const char *cnn__path_end(const char *path)
{
    const size_t length = strlen(path);

    if (length <= SHOWN)
        return path;
    path += length - SHOWN;
    while (((unsigned char)*path & 0xc0) == 0x80) /* inside a UTF-8 character */
        path++;
    return path;
}

/* Non-blocking, so that a pipe without a writer does not block the call; it
 * makes no difference for regular files. */
static int open_file(const char *path)
{
    int fd;

    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Reads up to `size` bytes; fewer only at the end of the file. */
static cnn_status read_bytes(int fd, char *to, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        const size_t left = size - *got;
        const ssize_t n =
            read(fd, to + *got, left < LARGEST_READ ? left : LARGEST_READ);

        if (n == 0)
            break;
        if (n > 0)
            *got += (size_t)n;
        else if (errno != EINTR)
            return cnn__fail_errno(errno, "cannot read");
    }
    return CNN_OK;
}

static cnn_status read_all(int fd, void **data, size_t *size)
{
    struct stat info;
    size_t got, more;
    char extra;

    if (fstat(fd, &info) != 0)
        return cnn__fail_errno(errno, "cannot be looked at");
    if (S_ISDIR(info.st_mode))
        return cnn__fail_errno(EISDIR, "cannot read");
    if (!S_ISREG(info.st_mode))
        return cnn__fail(CNN_EIO, "not a regular file");
    if ((uintmax_t)info.st_size > SIZE_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%jd bytes are more than fit in memory",
                         (intmax_t)info.st_size);
    const size_t expected = (size_t)info.st_size;
    char *bytes = cnn__alloc(expected);
    if (bytes == NULL)
        return cnn_last_status();
    cnn_status status = read_bytes(fd, bytes, expected, &got);
    if (status == CNN_OK)
        status = read_bytes(fd, &extra, 1, &more);
    if (status == CNN_OK && got + more != expected)
        status =
            cnn__fail(CNN_EIO, "the file has %zu bytes, but %s could be read",
                      expected, more > 0 ? "more" : "fewer");
    if (status != CNN_OK) {
        cnn__free(bytes);
        return status;
    }
    *data = bytes;
    *size = expected;
    return CNN_OK;
}

cnn_status cnn__file_read(const char *path, void **data, size_t *size)
{
    if (path == NULL)
        return cnn__fail(CNN_EINVAL, "path is NULL");
    const int fd = open_file(path);
    if (fd < 0)
        return cnn__fail_errno(errno, "%s: cannot open", cnn__path_end(path));
    const cnn_status status = read_all(fd, data, size);
    if (status != CNN_OK)
        cnn__fail_where("%s", cnn__path_end(path));
    close(fd); /* read only: nothing can be lost */
    return status;
}
