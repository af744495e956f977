/* The program around a network: trains it, tests it, saves it, draws its
 * accuracy and classifies pictures, as the command line says. */
#ifndef EXAMPLES_EXAMPLE_H
#define EXAMPLES_EXAMPLE_H

#include "common/network.h"

typedef struct example {
    const char *name;
    const char *about; /* for --help */
    const layer *network;
    recipe as_published, tuned;
} example;

/* All of main(). Returns the exit code (failure.h). */
int example_main(const example *e, int argc, char **argv);

#endif
