/* Runs a target of libFuzzer on files that are there, without libFuzzer:
 *
 *     replay_TARGET FOLDER|FILE...
 *
 * So any compiler can run the corpora. No file at all is a failure. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz/fuzz_support.h"

#define LONGEST_PATH 4096

static int run_file(const char *path, long size)
{
    const size_t bytes = (size_t)size;
    uint8_t *data = malloc(bytes + (bytes == 0));
    FILE *file = fopen(path, "rb");
    const bool whole =
        file != NULL && data != NULL && fread(data, 1, bytes, file) == bytes;

    if (file != NULL)
        fclose(file);
    must(whole, "%s cannot be read", path);
    fuzz_input = path;
    LLVMFuzzerTestOneInput(data, bytes);
    free(data);
    return 1;
}

static int run(const char *path)
{
    char inside[LONGEST_PATH];
    struct stat info;
    int files = 0;

    must(stat(path, &info) == 0, "there is no %s", path);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return run_file(path, (long)info.st_size);
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(inside, sizeof(inside), "%s/%s", path, e->d_name);
        files += run(inside);
    }
    closedir(folder);
    return files;
}

int main(int argc, char **argv)
{
    int files = 0;

    for (int i = 1; i < argc; i++)
        files += run(argv[i]);
    printf("%d files\n", files);
    return files > 0 ? 0 : 1;
}
