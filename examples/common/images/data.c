#include "images/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "images/drawn_digits.h"
#include "support/failure.h"

#define DEBIAN_FOLDER "/usr/share/datasets/fashion-mnist"

/* The four files: images and labels, to train and to test. */
static const char *const files[2][2][2] = {
    {{"train-images", "idx3"}, {"train-labels", "idx1"}},
    {{"t10k-images", "idx3"}, {"t10k-labels", "idx1"}},
};

/* The path of one of the files, under any of its names: the mark before "idx"
 * is '-' or '.', and ".gz" may follow. NULL if there is no such file. */
static char *find_file(const char *folder, const char *const file[2])
{
    static const char *const marks[] = {"-", "."}, *const ends[] = {"", ".gz"};

    for (int i = 0; i < 4; i++) {
        char *path = g_strdup_printf("%s/%s%s%s-ubyte%s", folder, file[0],
                                     marks[i % 2], file[1], ends[i / 2]);
        if (access(path, F_OK) == 0)
            return path;
        g_free(path);
    }
    return NULL;
}

static bool has_all(const char *folder)
{
    bool all = true;

    for (int i = 0; i < 4; i++) {
        char *path = find_file(folder, files[i / 2][i % 2]);
        all = all && path != NULL;
        g_free(path);
    }
    return all;
}

/* All networks here take the digits of MNIST, or what looks like them. */
static void check_digits(const cnn_dataset *loaded, const char *path,
                         const pixels *p)
{
    const int32_t classes = cnn_dataset_classes(loaded);
    cnn_shape shape;

    check(cnn_dataset_shape(loaded, &shape), NULL);
    const int32_t h = shape.h - 2 * p->margin, w = shape.w - 2 * p->margin;
    if (shape.c != 1 || h != 28 || w != 28 || classes > 10)
        fail(EX_DATAERR,
             "%s: %d x %d x %d images of %d classes, expected 1 x 28 x 28 of "
             "at most 10",
             path, (int)shape.c, (int)h, (int)w, (int)classes);
}

static cnn_dataset_options options(const pixels *p)
{
    return (cnn_dataset_options){
        .struct_size = sizeof(cnn_dataset_options),
        .scale = (pixels_value(p, 1) - pixels_value(p, 0)) / 255,
        .offset = pixels_value(p, 0),
        .pad = p->margin,
    };
}

static cnn_dataset *load(const char *folder, const char *const pair[2][2],
                         const pixels *p)
{
    const cnn_dataset_options as = options(p);
    char *path[2];

    for (int i = 0; i < 2; i++) {
        path[i] = find_file(folder, pair[i]);
        if (path[i] == NULL)
            fail(EX_NOINPUT,
                 "%s: no %s-%s-ubyte there, nor with .gz; give a folder with "
                 "the four files of MNIST, or --data drawn",
                 folder, pair[i][0], pair[i][1]);
    }
    cnn_dataset *loaded = cnn_dataset_load(path[0], path[1], &as);
    if (loaded == NULL)
        check(cnn_last_status(), folder);
    check_digits(loaded, path[0], p);
    g_free(path[0]);
    g_free(path[1]);
    return loaded;
}

static const char *choose_folder(const char *folder)
{
    if (folder == NULL)
        folder = getenv("CNN_DATA_DIR");
    if (folder != NULL && strcmp(folder, "drawn") == 0)
        return NULL;
    if (folder != NULL && strcmp(folder, "fashion") == 0)
        return DEBIAN_FOLDER;
    if (folder != NULL && folder[0] != '\0')
        return folder;
    if (has_all(EXAMPLES_DATA_DIR))
        return EXAMPLES_DATA_DIR;
    if (has_all(DEBIAN_FOLDER))
        return DEBIAN_FOLDER;
    return NULL;
}

static cnn_dataset *slice(const cnn_dataset *of, int64_t first, int64_t count)
{
    cnn_dataset *part = cnn_dataset_slice(of, first, count);

    if (part == NULL)
        check(cnn_last_status(), NULL);
    return part;
}

void data_find(data *d, const char *folder, const pixels *p, bool hold_out)
{
    const char *chosen = choose_folder(folder);

    *d = (data){0};
    if (chosen != NULL) {
        d->source = g_strdup(chosen);
        d->all = load(chosen, files[0], p);
        d->test = load(chosen, files[1], p);
    } else {
        d->source = g_strdup("digits drawn by this program");
        const cnn_dataset_options as = options(p);
        d->drawn = drawn_digits(&d->all, &d->test, &as);
    }
    const int64_t count = cnn_dataset_count(d->all);
    const int64_t held_out = hold_out ? count / 12 : 0;
    if (held_out > 0)
        d->validation = slice(d->all, 0, held_out);
    d->train = slice(d->all, held_out, count - held_out);
}

void data_print(const data *d)
{
    printf("data: %s (%lld images to train on, %lld to test)\n", d->source,
           (long long)cnn_dataset_count(d->train),
           (long long)cnn_dataset_count(d->test));
    fflush(stdout);
}

void data_free(data *d)
{
    cnn_dataset_free(d->train);
    cnn_dataset_free(d->validation);
    cnn_dataset_free(d->all);
    cnn_dataset_free(d->test);
    free(d->drawn);
    g_free(d->source);
}
