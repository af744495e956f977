#define _XOPEN_SOURCE 700 /* nftw */

#include "support/temp_file.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/near.h"

#define MOST_PATHS 256

static char folder[256];
static pid_t owner; /* a child that exits leaves the folder alone */
static char *paths[MOST_PATHS];
static int path_count;

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    for (int i = 0; i < path_count; i++)
        free(paths[i]);
    if (getpid() == owner)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%s/cnn-test-XXXXXX",
             base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    owner = getpid();
    atexit(remove_folder);
}

const char *temp_path(const char *name)
{
    if (owner == 0)
        make_folder();
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    assert_non_null(path);
    snprintf(path, size, "%s/%s", folder, name);
    for (int i = 0; i < path_count; i++)
        if (strcmp(paths[i], path) == 0) {
            free(path);
            return paths[i];
        }
    assert_true(path_count < MOST_PATHS);
    paths[path_count++] = path;
    return path;
}

const char *temp_write(const char *name, const void *data, size_t size)
{
    const char *path = temp_path(name);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

unsigned char *temp_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long end = ftell(file);
    assert_true(end >= 0);
    rewind(file);
    *size = (size_t)end;
    unsigned char *data = malloc(*size > 0 ? *size : 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *size, file), *size);
    assert_int_equal(fclose(file), 0);
    return data;
}
