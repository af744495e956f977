/* Names of files. */
#ifndef EXAMPLES_NAMES_H
#define EXAMPLES_NAMES_H

#include <stdbool.h>

/* Does a name end so, in small or capital letters? */
bool ends_with(const char *name, const char *end);

#endif
