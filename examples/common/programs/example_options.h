/* The command line of the programs that train one network. */
#ifndef EXAMPLES_EXAMPLE_OPTIONS_H
#define EXAMPLES_EXAMPLE_OPTIONS_H

#include "programs/example.h"
#include "running/run_log.h"
#include "running/run_options.h"

typedef struct example_options {
    run_options run;
    recipe_options changes;
    const example *example;
    const head *head; /* the one that was chosen */
    recipe recipe;
    int32_t summary; /* CNN_SUMMARY_* to be printed; -1: none */
    bool train;
    bool predict_scaling;
    bool fold; /* predict with the net that cnn_net_fold() makes */

    /* Files, NULL if not given. */
    const char *load, *init_from, *save;
    const char *checkpoint, *resume;
    const char *logs[MOST_LOGS], *compare[MOST_LOGS];
    int32_t log_every;
    const char *plot, *confusion, *filters, *mistakes, *report;

    const char *digit;
    char **images; /* to classify */
    int32_t image_count;
    bool invert;
} example_options;

/* Reads the command line of the program around a network. */
void example_parse(example_options *o, const example *e, int argc, char **argv);

#endif
