/* The command line that all examples share. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include "common/recipe.h"

typedef struct options {
    const char *program;
    char **argv;   /* as it was given, but for the order */
    recipe recipe; /* chosen by name, then changed line by line */
    uint32_t seed;
    int32_t threads;  /* 0: all cores */
    const char *data; /* folders and files: NULL if not given */
    const char *load;
    const char *save;
    const char *resume;
    const char *checkpoint;
    const char *plot;
    const char *digit;
    char **images; /* to classify */
    int32_t image_count;
    bool invert;
    bool train;
    bool quiet;
} options;

/* Reads the command line. Leaves by itself on --help and --version, and with
 * EX_USAGE and a hint if something is wrong. */
void options_parse(options *o, const char *name, const char *about,
                   const recipe *as_published, const recipe *tuned, int argc,
                   char **argv);

#endif
