/* Charts of trainings: accuracy and loss, several trainings in one chart. */
#ifndef EXAMPLES_CURVES_H
#define EXAMPLES_CURVES_H

#include "pages/chart.h"
#include "running/history.h"

/* A training and its name in the key. */
typedef struct run {
    const char *name; /* NULL: the key names only the curves */
    const history *history;
    bool dashed;
} run;

/* The curves of one panel. */
typedef struct view {
    const char *title;
    quantity x, y;
    bool training, held_out; /* which curves */
} view;

/* Panels and all that they use. */
typedef struct curves {
    chart chart;
    size_t count;
    panel *panels;
    curve *curves;
    char **titles;
    double (**points)[2];
} curves;

/* Makes a chart of a panel for each view, in which each run has its curves; to
 * be freed, after use of `chart`, with curves_free(). */
void curves_create(curves *c, const char *title, const run *runs, size_t runs_n,
                   const view *views, size_t views_n);
void curves_free(curves *c);

#endif
