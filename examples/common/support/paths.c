#include "support/paths.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/failure.h"

void check_input(const char *path)
{
    if (access(path, R_OK) != 0)
        fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
}

void check_output(const char *path)
{
    struct stat old;

    char *copy = strdup(path);
    if (copy == NULL)
        fail(EXIT_FAILURE, "out of memory");
    const char *folder = dirname(copy);
    if (access(folder, W_OK | X_OK) != 0)
        fail(EX_CANTCREAT, "%s cannot be written: folder %s: %s", path, folder,
             strerror(errno));
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
        fail(EX_CANTCREAT, "%s cannot be written: it is no regular file", path);
    free(copy);
}

void check_output_or_device(const char *path)
{
    struct stat old;

    if (stat(path, &old) != 0 || S_ISREG(old.st_mode) || S_ISDIR(old.st_mode))
        check_output(path);
}

int close_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    warn("standard output cannot be written: %s", strerror(errno));
    return EX_IOERR;
}
