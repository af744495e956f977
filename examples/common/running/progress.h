/* The progress of a training: a bar on a terminal, otherwise lines. It is
 * always on standard error, so results can be redirected without it. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include <stdbool.h>

#include <cnn/cnn.h>

typedef struct progress {
    const char *name; /* of the training; NULL: none */
    bool quiet;
    bool bar;            /* standard error is a terminal that can show one */
    bool shown;          /* there is a bar in the current line */
    int64_t steps;       /* of the whole training */
    double loss, hits;   /* running means over the last steps */
    double images;       /* number of images since the bar was drawn */
    double images_per_s; /* 0: not known yet */
    double drawn;        /* time of the last drawing, by seconds() */
} progress;

/* Seconds of a clock that only runs forward. */
double seconds(void);

void progress_start(progress *p, const char *name, int64_t steps, bool quiet);

/* To be called after each step, with its loss per image. Redraws the bar at
 * most ten times a second. */
void progress_step(progress *p, const cnn_progress *now, double loss);

/* Prints a line on standard error, above the bar; nothing if quiet. */
void progress_line(progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Removes the bar: before something else is printed, and at the end. */
void progress_clear(progress *p);

#endif
