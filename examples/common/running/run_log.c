#include "running/run_log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/csv.h"
#include "support/failure.h"
#include "support/text.h"

static const char head[] = "set,step,epoch,seconds,lr,loss,accuracy";

bool log_knows(const char *path)
{
    return ends_with(path, ".csv") || ends_with(path, ".jsonl");
}

void log_open(run_log *l, const char *path, bool append)
{
    struct log_file *f = &l->files[l->count++];
    FILE *stream = fopen(path, append ? "a" : "w");

    if (stream == NULL)
        fail(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    *f = (struct log_file){path, stream, ends_with(path, ".jsonl")};
    fseek(stream, 0, SEEK_END);
    if (!f->json && ftell(stream) <= 0)
        fprintf(stream, "%s\n", head);
}

static GString *make_line(const log_entry *e, bool json)
{
    static const char *const names[] = {"epoch", "seconds", "lr", "loss",
                                        "accuracy"};
    const double values[] = {e->epoch, e->seconds, e->lr, e->loss, e->accuracy};
    GString *line = g_string_new(NULL);

    if (json) {
        g_string_printf(line, "{\"set\": \"%s\", \"step\": %lld", e->set,
                        (long long)e->step);
    } else {
        csv_field(line, "%s", e->set);
        csv_field(line, "%lld", (long long)e->step);
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char text[32] = "";

        if (isfinite(values[i]))
            snprintf(text, sizeof(text), "%.7g", values[i]);
        if (json)
            g_string_append_printf(line, ", \"%s\": %s", names[i],
                                   text[0] != '\0' ? text : "null");
        else
            csv_field(line, "%s", text);
    }
    g_string_append(line, json ? "}\n" : "\n");
    return line;
}

void log_write(run_log *l, const log_entry *e)
{
    for (int i = 0; i < l->count; i++) {
        const struct log_file *f = &l->files[i];

        GString *line = make_line(e, f->json);
        fputs(line->str, f->stream);
        g_string_free(line, TRUE);
        if (fflush(f->stream) == 0 || l->failed)
            continue;
        warn("%s: %s", f->path, strerror(errno));
        l->failed = true;
    }
}

int log_close(run_log *l)
{
    for (int i = 0; i < l->count; i++)
        if (fclose(l->files[i].stream) != 0)
            l->failed = true;
    l->count = 0;
    return l->failed ? EX_IOERR : 0;
}

/* ----------------------------------------------------------- reading --- */

/* The next field of a line, as a number; an empty one is NaN. */
static bool read_number(char **rest, double *value)
{
    char *field = strsep(rest, ",\r\n"), *end;

    if (field == NULL)
        return false;
    *value = strtod(field, &end);
    if (end == field)
        *value = (double)NAN;
    return *end == '\0';
}

/* Reads a line; false if it is not a line of a log. */
static bool read_line(char *line, bool *training, point *p)
{
    double epoch, lr;
    const char *set = strsep(&line, ",");

    *training = strcmp(set, "training") == 0;
    return line != NULL && read_number(&line, &p->step) &&
           read_number(&line, &epoch) && read_number(&line, &p->seconds) &&
           read_number(&line, &lr) && read_number(&line, &p->loss) &&
           read_number(&line, &p->accuracy);
}

/* Curves of at most a few hundred points, each a mean of neighbouring lines. */
static void thin(series *s)
{
    const size_t most = 200, share = (s->count + most - 1) / most;
    size_t count = 0;

    for (size_t i = 0; share > 1 && i < s->count; i += share) {
        const size_t n = s->count - i < share ? s->count - i : share;
        point mean = s->points[i];

        for (size_t k = 1; k < n; k++) {
            mean.loss += s->points[i + k].loss;
            mean.accuracy += s->points[i + k].accuracy;
        }
        mean.loss /= (double)n;
        mean.accuracy /= (double)n;
        s->points[count++] = mean;
    }
    if (share > 1)
        s->count = count;
}

void log_read(const char *path, history *h)
{
    FILE *stream = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    int row = 1;
    bool training;
    point p;

    if (stream == NULL)
        fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
    if (getline(&line, &capacity, stream) > 0)
        line[strcspn(line, "\r\n")] = '\0';
    if (line == NULL || strcmp(line, head) != 0)
        fail(EX_DATAERR, "%s: no log of a training: its first line is not %s",
             path, head);
    *h = (history){0};
    while (getline(&line, &capacity, stream) >= 0) {
        row++;
        if (!read_line(line, &training, &p))
            fail(EX_DATAERR, "%s: line %d is not of a log", path, row);
        series_add(training ? &h->training : &h->held_out, &p);
    }
    free(line);
    fclose(stream);
    thin(&h->training);
    thin(&h->held_out);
}
