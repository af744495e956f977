/* What several machines would make of a training, as a table. */
#ifndef EXAMPLES_SCALING_TABLE_H
#define EXAMPLES_SCALING_TABLE_H

#include "running/recipe.h"

/* Measures steps of the recipe with a built net that has its loss, and prints
 * what 1 to 1,024 ranks would do with the same batch each. */
void scaling_table(const cnn_net *net, const recipe *r);

#endif
