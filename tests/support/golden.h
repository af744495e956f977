/* Reading what golden/make_golden.py wrote, which describes the format. */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include "support/near.h"

typedef struct golden golden;

/* Opens a file of the folder golden/; the test fails if it is not there. */
golden *golden_open(const char *file);
void golden_close(golden *g);

/* The path of a file of that folder. */
#define GOLDEN_PATH 4096
void golden_path(const char *file, char path[GOLDEN_PATH]);

/* The array "<item>.<name>", which must have `count` elements. */
const float *golden_floats(golden *g, const char *item, const char *name,
                           size_t count);

/* How many elements it has; 0 if it is not in the file. */
size_t golden_count(golden *g, const char *item, const char *name);

/* The same as golden_floats() for whole numbers, into `to`. */
void golden_integers(golden *g, const char *item, const char *name, int32_t *to,
                     size_t count);

/* The optimiser of "<item>.config": its kind as make_golden.py numbers it, the
 * learning rate, its options in the order of the struct. */
cnn_optim *golden_optim(golden *g, const char *item);

#endif
