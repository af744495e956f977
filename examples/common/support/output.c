#include "support/output.h"

#include <errno.h>
#include <stdbool.h>
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
    char *folder = g_path_get_dirname(path);

    if (access(folder, W_OK | X_OK) != 0)
        fail(EX_CANTCREAT, "%s cannot be written: folder %s: %s", path, folder,
             strerror(errno));
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
        fail(EX_CANTCREAT, "%s cannot be written: it is no regular file", path);
    g_free(folder);
}

void check_output_or_device(const char *path)
{
    struct stat old;

    if (stat(path, &old) != 0 || S_ISREG(old.st_mode) || S_ISDIR(old.st_mode))
        check_output(path);
}

static int write_through(const char *path, const GString *content)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL) {
        warn("%s: %s", path, strerror(errno));
        return EX_CANTCREAT;
    }
    const bool written =
        fwrite(content->str, 1, content->len, file) == content->len;
    if (fclose(file) == 0 && written)
        return 0;
    warn("%s: %s", path, strerror(errno));
    return EX_IOERR;
}

/* GLib writes a new file beside the old one and renames it. */
static int replace(const char *path, const struct stat *old,
                   const GString *content)
{
    GError *error = NULL;

    if (g_file_set_contents_full(path, content->str, (gssize)content->len,
                                 G_FILE_SET_CONTENTS_CONSISTENT, 0666,
                                 &error) &&
        (old == NULL || chmod(path, old->st_mode & 07777) == 0))
        return 0;
    warn("%s: %s", path, error != NULL ? error->message : strerror(errno));
    g_clear_error(&error);
    return EX_IOERR;
}

int output_file(const char *path, GString *content)
{
    struct stat old;
    const bool exists = lstat(path, &old) == 0;

    /* A write-protected file is an error; it is not replaced. */
    const int code =
        exists && (!S_ISREG(old.st_mode) || access(path, W_OK) != 0)
            ? write_through(path, content)
            : replace(path, exists ? &old : NULL, content);
    g_string_free(content, TRUE);
    return code;
}

int close_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    warn("standard output cannot be written: %s", strerror(errno));
    return EX_IOERR;
}
