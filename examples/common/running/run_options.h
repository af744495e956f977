/* The parts of a command line that several programs share. Each is an argp that
 * a program takes as a child, with a struct as its input. */
#ifndef EXAMPLES_RUN_OPTIONS_H
#define EXAMPLES_RUN_OPTIONS_H

#include <argp.h>

#include "running/recipe.h"

/* How a program runs. */
typedef struct run_options {
    const char *program; /* its name */
    char **argv;         /* the arguments, maybe in another order */
    const char *data;    /* folder of the images; NULL: see images/data.h */
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

/* One of the two recipes, with the changes that the options ask for. */
recipe recipe_choose(const recipe_options *o, const recipe *as_published,
                     const recipe *tuned);

/* Parses the command line of a program with these children, sets its name and
 * the number of threads. All inputs start as zeros. Exits after --help and
 * --version. Exits with EX_USAGE and a hint if the command line is wrong. */
void options_parse(const struct argp *argp, run_options *run, int argc,
                   char **argv, void *input);

/* Prints the first line of a program: its name, threads and seed; with
 * --verbose also how the library was built. */
void options_start(const run_options *run);

/* The value of an option; exits with a hint if it is not of that kind. */
int32_t option_whole(struct argp_state *state, const char *option,
                     const char *text, int32_t least, int32_t most);
float option_rate(struct argp_state *state, const char *option,
                  const char *text);

/* The same for the name of a picture (.png, .svg), and of a page (.html). */
const char *option_picture(struct argp_state *state, const char *option,
                           const char *name);
const char *option_page(struct argp_state *state, const char *option,
                        const char *name);

/* A list of at most `most` such values between commas. Returns their number. */
int option_rates(struct argp_state *state, const char *option, char *text,
                 int most, float *values);

#endif
