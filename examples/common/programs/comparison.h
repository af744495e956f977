/* The program around a comparison: it trains one network in many configurations
 * and shows what they cost and how fast they learn. */
#ifndef EXAMPLES_COMPARISON_H
#define EXAMPLES_COMPARISON_H

#include "running/recipe.h"

typedef enum activation { NONE, SIGMOID, TANH, RELU } activation;

/* A configuration. In a variation it holds the changes to the base
 * configuration; a field that is 0 or NULL changes nothing. */
typedef struct configuration {
    const char *name;
    int32_t width[3]; /* filters, filters of further convolutions, units */
    int32_t layers;   /* convolutions, 1 to 3; the first two are pooled */
    activation activation;
    const char *optimizer;
    float lr, lr_factor; /* a rate instead of the recipe's; a factor for it */
} configuration;

enum { MOST_VALUES = 6 };

/* One thing that is varied. */
typedef struct variation {
    const char *name;                  /* for --vary and the table */
    const char *about;                 /* for the page */
    configuration values[MOST_VALUES]; /* up to the first without a name */
} variation;

typedef struct comparison {
    const char *name;
    const char *about; /* for --help */
    /* Makes the net, which is not yet built. */
    cnn_net *(*network)(const configuration *c, const recipe *r);
    const configuration *base;
    const variation *variations;
    int count;
    const recipe *as_published, *tuned;
} comparison;

/* All of main(). Returns the exit code (failure.h). */
int comparison_main(const comparison *c, int argc, char **argv);

#endif
