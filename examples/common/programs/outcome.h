/* The results of an example: printed, and written into the files that the
 * command line names. */
#ifndef EXAMPLES_OUTCOME_H
#define EXAMPLES_OUTCOME_H

#include "pages/curves.h"
#include "programs/example_options.h"
#include "running/examine.h"
#include "running/training_run.h"

typedef struct outcome {
    const example_options *o;
    cnn_net *net;
    const data *data;
    const training *training; /* NULL if there was none */
    examination test;
    history compare[MOST_LOGS]; /* of other trainings */
} outcome;

/* The accuracy on a dataset, called `what`. */
void outcome_print(const examination *e, const char *what);

/* All files, and their names on standard output; --report too. Returns 0, or
 * the exit code of the first that could not be written. */
int outcome_save(const outcome *r);

/* The chart of --plot, which is in the report as well. */
void outcome_curves(const outcome *r, curves *c, const char *title,
                    const view *views, size_t count);

/* The page of --report. */
int outcome_report(const outcome *r, const char *path);

#endif
