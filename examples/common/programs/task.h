/* What the programs of examples/tasks share: a short command line, and a
 * training with its progress. */
#ifndef EXAMPLES_TASK_H
#define EXAMPLES_TASK_H

#include "running/run_options.h"

typedef struct task {
    const char *about;   /* for --help */
    const char *shown;   /* what --picture draws; NULL: no such option */
    recipe recipe;       /* how its nets are trained */
    run_options run;     /* from here on, as the command line says */
    const char *save;    /* model file, NULL if not wanted */
    const char *picture; /* .png or .svg, NULL if not wanted */
} task;

/* Reads the command line, and prints the first line. */
void task_start(task *t, int argc, char **argv);

/* Trains a net as the recipe says; `name` is shown with the progress if it is
 * not NULL. The loss is the net's own. Ctrl-C ends it early; the program goes
 * on with the net as it is, trains no other, and ends with that exit code. */
void task_train(const task *t, const char *name, cnn_net *net,
                const cnn_dataset *data);

/* Saves the net if that is wanted. Returns the exit code of the program, of
 * which `code` is what went wrong before. */
int task_end(const task *t, const cnn_net *net, int code);

/* The pointer, or after a failure of the call that made it, leaves with what
 * libcnn says. */
void *made(void *object);

#endif
