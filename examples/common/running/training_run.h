/* A training from the first step to the last, as the examples show it. */
#ifndef EXAMPLES_TRAINING_RUN_H
#define EXAMPLES_TRAINING_RUN_H

#include "images/data.h"
#include "running/history.h"
#include "running/run_log.h"
#include "running/run_options.h"

/* Starts as {.net = ..., ...}; the history is to be freed. */
typedef struct training {
    /* The net and its training. */
    cnn_net *net;
    const data *data;
    const recipe *recipe;
    const run_options *run;
    const char *resume;     /* checkpoint to go on from, or NULL */
    const char *checkpoint; /* written after each epoch, or NULL */
    const char *emergency;  /* written when it is stopped, or NULL */

    /* The output. */
    const char *name; /* in front of the progress; NULL: none */
    bool lines;       /* every recipe->eval_every steps, see below */
    run_log *log;     /* or NULL */
    bool held_out;    /* test on images that are not trained on, meanwhile */
    bool watch;       /* watch the units (cnn_net_watch()) over the last half of
                       * the steps or, if that is less, the last epoch */

    /* The results. */
    history history;
    int64_t steps; /* of the whole training */
    int64_t done;  /* since it began, over all resumes */
    double seconds;
    int64_t watched; /* the step from which on the units were watched */
} training;

/*
 * Trains, and returns CNN_OK; CNN_ECANCELED after Ctrl-C, with `emergency`
 * written; or CNN_EDIVERGED, the step done + 1 having failed. Leaves with a
 * message after any other failure. With `lines` it prints on standard output
 *
 *     step I, training accuracy A      of step I's batch, before the update
 *     time: T                          seconds since the last such line
 *
 * Without `lines` it prints a line on standard error after each epoch.
 */
cnn_status training_run(training *t);

#endif
