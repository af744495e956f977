#include "support/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/failure.h"

/* A new file in the same folder, from where it can be renamed; NULL if the
 * target is to be written to itself. So are links and all that is no regular
 * file, which must stay what they are, and what is write-protected, so that
 * it is told. `name` is to be given to free(). */
static FILE *create_beside(const char *target, char **name)
{
    struct stat old;
    const bool exists = lstat(target, &old) == 0;
    FILE *file = NULL;

    *name = NULL;
    if (exists && (!S_ISREG(old.st_mode) || access(target, W_OK) != 0))
        return NULL;
    if (asprintf(name, "%s.%ld.tmp", target, (long)getpid()) < 0)
        fail(EXIT_FAILURE, "out of memory");
    const int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    if (!exists || fchmod(fd, old.st_mode & 07777) == 0)
        file = fdopen(fd, "wb");
    if (file == NULL) {
        close(fd);
        unlink(*name);
    }
    return file;
}

static bool write_and_close(FILE *file, const void *data, size_t size)
{
    const bool written = fwrite(data, 1, size, file) == size;
    const int error = errno;

    if (fclose(file) != 0)
        return false;
    errno = error;
    return written;
}

int output_file(const char *path, const void *data, size_t size)
{
    char *name;
    FILE *file = create_beside(path, &name);
    const bool beside = file != NULL;
    int code = 0;

    if (!beside)
        file = fopen(path, "wb");
    if (file == NULL)
        code = EX_CANTCREAT;
    else if (!write_and_close(file, data, size) ||
             (beside && rename(name, path) != 0))
        code = EX_IOERR;
    if (code != 0)
        warn("%s: %s", path, strerror(errno));
    if (code != 0 && beside)
        unlink(name);
    free(name);
    return code;
}
