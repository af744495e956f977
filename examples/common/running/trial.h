/* Networks that are trained one after the other, to be compared. */
#ifndef EXAMPLES_TRIAL_H
#define EXAMPLES_TRIAL_H

#include "images/data.h"
#include "running/history.h"
#include "running/run_options.h"

/* Starts as {.name = ..., .recipe = ..., .net = ...}. */
typedef struct trial {
    char name[48];
    recipe recipe;
    cnn_net *net; /* described, not built; afterwards watched as well
                   * (cnn_net_watch()) */

    /* The results. */
    int64_t watched; /* the step from which on the units were watched */
    history history;
    cnn_costs costs;
    double accuracy;  /* on the test images */
    double seconds;   /* of training */
    double step_ms;   /* median */
    int64_t steps;    /* number of steps done */
    bool diverged;    /* a number in the next step was not finite; */
    char reason[160]; /* which one */
    bool stopped;     /* by Ctrl-C */
} trial;

/* Builds the net and trains it. */
void trial_run(trial *t, const data *d, const run_options *run);

/* Frees the net. The other fields do not need it. */
void trial_free_net(trial *t);
void trial_free(trial *t);

#endif
