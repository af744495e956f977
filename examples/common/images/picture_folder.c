#include "images/picture_folder.h"

#include <string.h>

#include "images/picture.h"
#include "support/failure.h"
#include "support/output.h"

enum { DRAWN = 200, LARGEST = 64 };

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In order, as that of the file system changes; ended by a NULL. */
static char **names_in(const char *folder)
{
    GPtrArray *names = g_ptr_array_new();
    GDir *dir = g_dir_open(folder, 0, NULL);
    if (dir == NULL)
        fail(EX_NOINPUT, "%s: no folder that can be read", folder);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (name[0] != '.')
            g_ptr_array_add(names, g_strdup(name));
    g_dir_close(dir);
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static void list_class(const char *folder, int32_t label, picture_part parts[2])
{
    char **names = names_in(folder);

    for (char **name = names; *name != NULL; name++) {
        const guint hash = g_str_hash(*name);
        picture_part *p = &parts[hash % 5 == 0];

        g_ptr_array_add(p->paths, g_build_filename(folder, *name, NULL));
        g_array_append_val(p->labels, label);
        p->hash = p->hash * 31 + hash + (uint64_t)label;
    }
    g_strfreev(names);
}

char **picture_folder_list(const char *folder, picture_part parts[2])
{
    char **classes = names_in(folder);

    if (classes[0] == NULL)
        fail(EX_DATAERR, "%s: no folders in it, one for each class", folder);
    for (int i = 0; i < 2; i++)
        parts[i] = (picture_part){
            g_ptr_array_new(), g_array_new(FALSE, FALSE, sizeof(int32_t)), 0};
    for (int32_t k = 0; classes[k] != NULL; k++) {
        char *in = g_build_filename(folder, classes[k], NULL);

        list_class(in, k, parts);
        g_free(in);
    }
    return classes;
}

void picture_folder_draw(const char *folder)
{
    GRand *rand = g_rand_new_with_seed(1);
    float x[LARGEST * LARGEST];
    for (int n = 0; n < DRAWN; n++) {
        const int side = g_rand_int_range(rand, 24, LARGEST + 1), lies = n % 2;
        const float dark = (float)g_rand_double_range(rand, 0, 0.6);
        char *in = g_build_filename(folder, lies ? "lying" : "upright", NULL);
        for (int i = 0; i < side * side; i++)
            x[i] = dark + 0.4f * (float)((lies ? i / side : i % side) / 4 % 2);
        char *path = g_strdup_printf("%s/%d.png", in, n);
        if (g_mkdir_with_parents(in, 0777) != 0 ||
            output_file(path, picture_png(side, side, x)) != 0)
            fail(EX_CANTCREAT, "%s: cannot be written", path);
        g_free(path);
        g_free(in);
    }
    g_rand_free(rand);
}
