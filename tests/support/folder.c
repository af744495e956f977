#include "support/folder.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/atomic_file.h"
#include "support/near.h"
#include "support/temp_file.h"

const char *make_folder(const char *name)
{
    const char *path = temp_path(name);

    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

const char *in(const char *folder, const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

void assert_entries(const char *folder, int want)
{
    DIR *dir = opendir(folder);
    int entries = -2; /* . and .. */

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        entries++;
    closedir(dir);
    assert_int_equal(entries, want);
}

void replace(const char *path, const char *text)
{
    if (cnn__file_replace(path, text, strlen(text)) != CNN_OK)
        fail_msg("%s", cnn_last_error());
}

void refuse(const char *path, const char *part)
{
    assert_failed(cnn__file_replace(path, "new", 3), CNN_EIO, part);
}

void assert_content(const char *path, const char *want)
{
    size_t size;
    unsigned char *data = temp_read(path, &size);

    assert_int_equal(size, strlen(want));
    assert_memory_equal(data, want, size);
    free(data);
}

mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode;
}
