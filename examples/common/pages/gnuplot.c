#include "pages/gnuplot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/failure.h"
#include "support/output.h"
#include "support/text.h"

GString *gnuplot_script(const char *path, int width, int height, int font)
{
    const bool png = path != NULL && !ends_with(path, ".svg");
    GString *script = g_string_new("set encoding utf8\n");

    /* One terminal of gnuplot measures letters in points, the other in pixels;
     * a point is 3/4 of a pixel. Letters of a text have no special meaning. */
    g_string_append_printf(
        script,
        "set terminal %s size %d,%d font 'sans-serif,%d' %s noenhanced %s\n",
        png ? "pngcairo" : "svg", width, height, font,
        png ? "fontscale 0.75" : "",
        path != NULL ? "background '#ffffff'" : "");
    return script;
}

void gnuplot_quote(GString *script, const char *text)
{
    char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);

    g_string_append_c(script, '\'');
    for (const char *c = valid; *c != 0; c++)
        if (*c == '\'')
            g_string_append(script, "''");
        else /* a word must not contain the end of a line */
            g_string_append_c(script, g_ascii_iscntrl(*c) ? ' ' : *c);
    g_string_append_c(script, '\'');
    g_free(valid);
}

/* Runs in the child. GLib alone would return the output as a string, which ends
 * at the first zero byte; a PNG has many of these. */
static void redirect(gpointer files)
{
    FILE **f = files;

    dup2(fileno(f[0]), STDIN_FILENO);
    dup2(fileno(f[1]), STDOUT_FILENO);
}

/* Runs gnuplot from the first file into the second. No shell is used, because a
 * shell would interpret characters of the names. */
static bool run(FILE *files[2])
{
    /* -d: settings of the user would change the pictures. */
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, NULL};
    GError *error = NULL;
    int status = 0;

    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, redirect, files,
                      NULL, NULL, &status, &error)) {
        warn("no plot: gnuplot cannot be started (%s); Debian has it as "
             "gnuplot-nox",
             error->message);
        g_error_free(error);
        return false;
    }
    if (status != 0)
        warn("no plot: gnuplot failed");
    return status == 0;
}

/* NULL after a message. */
static GString *read_all(FILE *file)
{
    GError *error = NULL;
    GMappedFile *map = g_mapped_file_new_from_fd(fileno(file), FALSE, &error);

    if (map == NULL) {
        warn("no plot: temporary file: %s", error->message);
        g_error_free(error);
        return NULL;
    }
    GString *all = g_string_new_len(g_mapped_file_get_contents(map),
                                    (gssize)g_mapped_file_get_length(map));
    g_mapped_file_unref(map);
    return all;
}

/* Adds the style behind the first tag of an SVG; a PNG has none. */
static void add_style(GString *picture, const char *style)
{
    const char *tag = strstr(picture->str, "<svg");
    const char *end = tag != NULL ? strchr(tag, '>') : NULL;
    char *element = g_strdup_printf("\n<style>%s</style>", style);

    if (end != NULL)
        g_string_insert(picture, end + 1 - picture->str, element);
    g_free(element);
}

GString *gnuplot_draw(GString *script, const char *style, int *code)
{
    FILE *files[2] = {tmpfile(), tmpfile()};
    GString *picture = NULL;

    *code = EX_IOERR;
    if (files[0] == NULL || files[1] == NULL) {
        warn("no plot: no temporary file: %s", strerror(errno));
        *code = EX_CANTCREAT;
    } else if (fputs(script->str, files[0]) < 0 || fflush(files[0]) != 0) {
        warn("no plot: temporary file: %s", strerror(errno));
    } else {
        rewind(files[0]);
        if (!run(files))
            *code = EXIT_FAILURE;
        else
            picture = read_all(files[1]);
    }
    for (int i = 0; i < 2; i++)
        if (files[i] != NULL)
            fclose(files[i]);
    g_string_free(script, TRUE);
    if (picture == NULL)
        return NULL;
    if (style != NULL)
        add_style(picture, style);
    *code = 0;
    return picture;
}

int gnuplot_save(GString *script, const char *style, const char *path)
{
    int code;
    GString *picture = gnuplot_draw(script, style, &code);

    return picture != NULL ? output_file(path, picture) : code;
}
