#include "common/plot.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/failure.h"

extern char **environ;

void curve_add(curve *c, double step, double accuracy)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity == 0 ? 64 : 2 * c->capacity;
        c->points = realloc(c->points, c->capacity * sizeof(*c->points));
        if (c->points == NULL)
            fail(EXIT_FAILURE, "out of memory");
    }
    c->points[c->count][0] = step;
    c->points[c->count][1] = accuracy;
    c->count++;
}

void curve_free(curve *c)
{
    free(c->points);
}

static void write_script(FILE *script, const char *title, const curve *curves,
                         size_t count)
{
    fprintf(script,
            "set terminal pngcairo size 960,600 font 'DejaVu Sans,11'\n"
            "set title '%s' noenhanced\n"
            "set xlabel 'steps'\nset ylabel 'accuracy'\n"
            "set yrange [*<0.9:1]\nset key bottom right\nset grid\n",
            title);
    for (size_t i = 0; i < count; i++) {
        fprintf(script, "$curve%zu << END\n", i);
        for (size_t k = 0; k < curves[i].count; k++)
            fprintf(script, "%.9g %.9g\n", curves[i].points[k][0],
                    curves[i].points[k][1]);
        fprintf(script, "END\n");
    }
    fprintf(script, "plot ");
    for (size_t i = 0; i < count; i++)
        if (curves[i].count > 0)
            fprintf(script, "$curve%zu with %s lw 2 lc %zu title '%s', ", i,
                    curves[i].count > 40 ? "lines" : "linespoints pt 7", i + 1,
                    curves[i].title);
    fputc('\n', script);
}

/* Runs gnuplot from one file into another; not through a shell, which would
 * read more into names than they say. */
static int run_gnuplot(FILE *in, FILE *out)
{
    char *const argv[] = {(char[]){"gnuplot"}, NULL};
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

static int copy(FILE *from, const char *path)
{
    char block[4096];
    size_t n;
    FILE *to = fopen(path, "wb");

    if (to == NULL) {
        warn("%s: %s", path, strerror(errno));
        return EX_CANTCREAT;
    }
    rewind(from);
    while ((n = fread(block, 1, sizeof(block), from)) > 0)
        if (fwrite(block, 1, n, to) < n)
            break;
    const int failed = ferror(to);
    if (fclose(to) != 0 || failed) {
        warn("%s: %s", path, strerror(errno));
        return EX_IOERR;
    }
    return 0;
}

int plot_accuracy(const char *path, const char *title, const curve *curves,
                  size_t count)
{
    FILE *script = tmpfile(), *picture = tmpfile();
    int code = EX_CANTCREAT;

    if (script == NULL || picture == NULL) {
        warn("no plot: no temporary file: %s", strerror(errno));
    } else {
        write_script(script, title, curves, count);
        fflush(script);
        rewind(script);
        code = run_gnuplot(script, picture);
        if (code == 0)
            code = copy(picture, path);
    }
    if (script != NULL)
        fclose(script);
    if (picture != NULL)
        fclose(picture);
    return code;
}
