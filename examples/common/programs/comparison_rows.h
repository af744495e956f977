/* The rows of a comparison: printed, and written to files. */
#ifndef EXAMPLES_COMPARISON_ROWS_H
#define EXAMPLES_COMPARISON_ROWS_H

#include "programs/comparison.h"
#include "running/trial.h"

typedef struct row {
    const variation *variation;
    const configuration *value;
    configuration configuration; /* the base one with the change of this row */
    trial *trial; /* of this row, or of an earlier row that is the same */
    bool owned;   /* the trial is of this row */
} row;

typedef struct rows {
    const comparison *of;
    const run_options *run;
    const data *data;
    row *rows;
    int count;
} rows;

/* A line of the table on standard output; before the first row its head. */
void rows_print_head(void);
void rows_print(const row *r);

/* Each returns 0, or, after a message, an exit code. */
int rows_save_csv(const rows *all, const char *path);
int rows_save_plot(const rows *all, const char *path);
int rows_save_report(const rows *all, const char *path);

#endif
