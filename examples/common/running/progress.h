/* How far a training is: a bar on a terminal, lines elsewhere; always on
 * standard error, so that results can be redirected without it. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include <stdbool.h>

#include <cnn/cnn.h>

typedef struct progress {
    const char *name; /* of what is under way; NULL: none */
    bool quiet;
    bool bar;            /* standard error is a terminal that can show one */
    bool shown;          /* there is a bar in the current line */
    int64_t steps;       /* of the whole training */
    double loss, hits;   /* running means over the last steps */
    double images;       /* since the bar was drawn */
    double images_per_s; /* 0: not known yet */
    double drawn;        /* when, as by seconds() */
} progress;

/* Seconds of a clock that nobody sets. */
double seconds(void);

void progress_start(progress *p, const char *name, int64_t steps, bool quiet);

/* After each step, with its loss per image; redraws the bar at most ten times a
 * second. */
void progress_step(progress *p, const cnn_progress *now, double loss);

/* A line on standard error, above the bar; not if quiet. */
void progress_line(progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the bar away, before something else is printed and at the end. */
void progress_clear(progress *p);

#endif
