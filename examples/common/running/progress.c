#include "running/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { WIDEST = 40, NARROWEST = 8 };

double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_start(progress *p, const char *name, int64_t steps, bool quiet)
{
    const char *terminal = getenv("TERM");

    *p = (progress){
        .name = name, .quiet = quiet, .steps = steps, .drawn = seconds()};
    p->bar = !quiet && isatty(STDERR_FILENO) && terminal != NULL &&
             strcmp(terminal, "dumb") != 0;
}

static int window_width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

static void write_duration(char *text, size_t size, double duration)
{
    const long s = lround(fmin(duration, 1e8));

    if (s >= 3600)
        snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

/* " 42% [====>     ]  0:12 left  accuracy ...". The parts behind the bar are in
 * the order of importance; those without room in the window are left out. */
static void draw(progress *p, const cnn_progress *now, double left)
{
    enum { PARTS = 5 };
    char parts[PARTS][48], duration[24], bar[WIDEST + 1];
    int room = window_width() - (int)sizeof(" 100% []") - NARROWEST;
    const int parts_wanted = p->name != NULL ? PARTS : PARTS - 1;
    int fitting = 0;
    const double done = (double)now->step / (double)p->steps;

    write_duration(duration, sizeof(duration), left);
    snprintf(parts[0], sizeof(parts[0]), "  %s left", duration);
    snprintf(parts[1], sizeof(parts[1]), p->hits > 0 ? "  accuracy %.4f" : "",
             p->hits);
    snprintf(parts[2], sizeof(parts[2]), "  loss %.4g", p->loss);
    snprintf(parts[3], sizeof(parts[3]), "  %.0f images/s", p->images_per_s);
    if (p->name != NULL)
        snprintf(parts[4], sizeof(parts[4]), "  %s", p->name);
    while (fitting < parts_wanted && (int)strlen(parts[fitting]) <= room)
        room -= (int)strlen(parts[fitting++]);

    fprintf(stderr, "\r%3d%%", (int)(100 * done));
    if (room >= 0) {
        const int width = room + NARROWEST < WIDEST ? room + NARROWEST : WIDEST;
        const int full = (int)(done * width);
        memset(bar, ' ', sizeof(bar));
        memset(bar, '=', (size_t)full);
        if (full < width)
            bar[full] = '>';
        fprintf(stderr, " [%.*s]", width, bar);
    }
    for (int i = 0; i < fitting; i++)
        fputs(parts[i], stderr);
    fputs("\033[K", stderr);
    fflush(stderr);
    p->shown = true;
}

void progress_step(progress *p, const cnn_progress *now, double loss)
{
    const cnn_metrics *m = &now->metrics;
    const double hits = (double)m->correct / (double)m->count;
    const double weight = p->hits == 0 && p->loss == 0 ? 1 : 0.05;
    const double elapsed = seconds() - p->drawn;

    p->loss += weight * (loss - p->loss);
    p->hits += weight * (hits - p->hits);
    p->images += (double)m->count;
    if (!p->bar || elapsed < 0.1)
        return;
    /* The speed is a mean over the last two seconds or so. */
    const double speed = p->images / elapsed;
    const double share = p->images_per_s > 0 ? 1 - exp(-elapsed / 2) : 1;
    p->images_per_s += share * (speed - p->images_per_s);
    p->images = 0;
    p->drawn += elapsed;
    draw(p, now,
         (double)(p->steps - now->step) * (double)m->count / p->images_per_s);
}

void progress_line(progress *p, const char *format, ...)
{
    va_list args;

    if (p->quiet)
        return;
    progress_clear(p);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void progress_clear(progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
