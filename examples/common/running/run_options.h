/* The parts of a command line that several programs share. Each is an argp that
 * a program takes as a child, with a struct as its input. */
#ifndef EXAMPLES_RUN_OPTIONS_H
#define EXAMPLES_RUN_OPTIONS_H

#include <argp.h>

#include "running/recipe.h"

/* How a program runs. */
typedef struct run_options {
    const char *program; /* its name */
    char **argv;         /* as it was given, but for the order */
    const char *data;    /* folder of the images; NULL: to be found */
    uint32_t seed;
    int32_t threads; /* 0: all cores */
    bool quiet, verbose;
} run_options;

extern const struct argp run_argp; /* with run_options */

/* What the command line changes in a recipe: fields that are 0 or NULL were not
 * given. */
typedef struct recipe_options {
    recipe change;
    bool tuned, augment, has_schedule;
} recipe_options;

extern const struct argp recipe_argp; /* with recipe_options */

/* The recipe that the options ask for, made of one of the two. */
recipe recipe_choose(const recipe_options *o, const recipe *as_published,
                     const recipe *tuned);

/* Parses the command line of a program with these children, and names it. All
 * inputs start as zeros. Leaves by itself on --help and --version, and with
 * EX_USAGE and a hint if something is wrong. */
void options_parse(const struct argp *argp, run_options *run, int argc,
                   char **argv, void *input);

/* The first line of what a program prints: itself, threads and seed; with
 * --verbose also how the library was built. Sets the threads. */
void options_start(const run_options *run);

/* The value of an option; leaves with a hint if it is none such. */
int32_t option_whole(struct argp_state *state, const char *option,
                     const char *text, int32_t least, int32_t most);
float option_rate(struct argp_state *state, const char *option,
                  const char *text);

/* The same for the name of a picture (.png, .svg), and of a page (.html). */
const char *option_picture(struct argp_state *state, const char *option,
                           const char *name);
const char *option_page(struct argp_state *state, const char *option,
                        const char *name);

/* A list of such values between commas; at most `most`, and how many. */
int option_rates(struct argp_state *state, const char *option, char *text,
                 int most, float *values);

#endif
