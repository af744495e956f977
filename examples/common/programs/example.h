/* The program around a network: trains it, tests it, saves it, shows the
 * results and classifies pictures, as the command line says. */
#ifndef EXAMPLES_EXAMPLE_H
#define EXAMPLES_EXAMPLE_H

#include "images/pixels.h"
#include "running/recipe.h"

/* An output layer that one may choose, and the loss that goes with it. */
typedef struct head {
    const char *name;
    void (*add)(cnn_net *net, const recipe *r);
    int32_t loss; /* CNN_LOSS_* */
} head;

/* A number of the network that the command line may set. */
typedef struct size_option {
    const char *name;  /* of the option */
    const char *about; /* for --help */
    int32_t least, most;
    int32_t *value; /* at first what it is by itself */
} size_option;

typedef struct example {
    const char *name;
    const char *about; /* for --help */

    /* Makes the net, which is not yet built. The build reports errors. */
    cnn_net *(*network)(const recipe *r);

    head
        heads[2]; /* to choose from, the default first; none: the net has one */
    size_option sizes[2]; /* what may be set of the network; maybe none */
    pixels pixels;    /* how images come in; all 0: 28 x 28, black 0, white 1 */
    const char *data; /* for data_find() if --data is not given; NULL: digits */
    recipe as_published, tuned; /* a batch of 0: there is only the former */
} example;

/* All of main(). Returns the exit code (failure.h). */
int example_main(const example *e, int argc, char **argv);

#endif
