/* The command line as a text. */
#ifndef EXAMPLES_COMMAND_LINE_H
#define EXAMPLES_COMMAND_LINE_H

#include <glib.h>

/* The arguments, quoted for a shell. If `resume` is not NULL, "--resume FILE"
 * follows the options. */
GString *command_line(char *const *argv, const char *resume);

#endif
