/* Networks that are trained one after the other, to be set side by side. */
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

    /* What came of it. */
    int64_t watched; /* since that step */
    history history;
    cnn_costs costs;
    double accuracy;  /* on the test images */
    double seconds;   /* of training */
    double step_ms;   /* median */
    int64_t steps;    /* that were taken */
    bool diverged;    /* the next one gave what is not finite, */
    char reason[160]; /* and how */
    bool stopped;     /* by Ctrl-C */
} trial;

/* Builds the net and trains it. */
void trial_run(trial *t, const data *d, const run_options *run);

/* Frees the net, which the rest does not need. */
void trial_free_net(trial *t);
void trial_free(trial *t);

#endif
