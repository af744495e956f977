#include "pages/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "support/failure.h"
#include "support/names.h"
#include "support/output_file.h"

extern char **environ;

bool gnuplot_knows(const char *path)
{
    return ends_with(path, ".png") || ends_with(path, ".svg");
}

void gnuplot_start(gnuplot *g, const char *path, int width, int height,
                   int font)
{
    const bool png = path != NULL && !ends_with(path, ".svg");

    g->script = open_memstream(&g->text, &g->length);
    if (g->script == NULL)
        fail(EXIT_FAILURE, "out of memory");
    /* Letters are measured in points by one terminal, in pixels by the other;
     * a point is 3/4 of a pixel. No letter of a text means anything else. */
    fprintf(
        g->script,
        "set encoding utf8\n"
        "set terminal %s size %d,%d font 'sans-serif,%d' %s noenhanced %s\n",
        png ? "pngcairo" : "svg", width, height, font,
        png ? "fontscale 0.75" : "",
        path != NULL ? "background '#ffffff'" : "");
}

void gnuplot_quote(gnuplot *g, const char *text)
{
    char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);

    fputc('\'', g->script);
    for (const char *c = valid; *c != 0; c++)
        if (*c == '\'')
            fputs("''", g->script);
        else /* a line must not end in a word */
            fputc(g_ascii_iscntrl(*c) ? ' ' : *c, g->script);
    fputc('\'', g->script);
    g_free(valid);
}

/* Runs gnuplot from one file into another; not through a shell, which would
 * read more into names than they say. */
static int run(FILE *in, FILE *out)
{
    /* -d: what the user has set up for himself would change the pictures. */
    char *const argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    const int error =
        posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        warn("no plot: gnuplot cannot be started (%s); Debian has it as "
             "gnuplot-nox",
             strerror(error));
        return EXIT_FAILURE;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        warn("no plot: gnuplot failed");
        return EXIT_FAILURE;
    }
    return 0;
}

/* All of a file, with a 0 behind it; NULL if it cannot be read. */
static char *read_all(FILE *file, size_t *size)
{
    const long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;

    if (end < 0)
        return NULL;
    rewind(file);
    *size = (size_t)end;
    char *all = allocate(*size + 1, 1);
    if (fread(all, 1, *size, file) == *size)
        return all;
    free(all);
    return NULL;
}

static int draw(const gnuplot *g, FILE *in, FILE *out, char **picture,
                size_t *size)
{
    if (in == NULL || out == NULL) {
        warn("no plot: no temporary file: %s", strerror(errno));
        return EX_CANTCREAT;
    }
    if (fwrite(g->text, 1, g->length, in) < g->length || fflush(in) != 0) {
        warn("no plot: temporary file: %s", strerror(errno));
        return EX_IOERR;
    }
    rewind(in);
    const int code = run(in, out);
    if (code != 0)
        return code;
    *picture = read_all(out, size);
    if (*picture == NULL)
        warn("no plot: temporary file: %s", strerror(errno));
    return *picture == NULL ? EX_IOERR : 0;
}

int gnuplot_draw(gnuplot *g, char **picture, size_t *size)
{
    if (fclose(g->script) != 0)
        fail(EXIT_FAILURE, "out of memory");

    FILE *in = tmpfile(), *out = tmpfile();
    const int code = draw(g, in, out, picture, size);
    if (in != NULL)
        fclose(in);
    if (out != NULL)
        fclose(out);
    free(g->text);
    return code;
}

int gnuplot_save(gnuplot *g, const char *path)
{
    char *picture;
    size_t size;
    int code = gnuplot_draw(g, &picture, &size);

    if (code != 0)
        return code;
    code = output_file(path, picture, size);
    free(picture);
    return code;
}
