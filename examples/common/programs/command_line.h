/* The command line as a text. */
#ifndef EXAMPLES_COMMAND_LINE_H
#define EXAMPLES_COMMAND_LINE_H

#include <glib.h>

/* The arguments so that a shell takes them as they are, and "--resume FILE"
 * behind the options if `resume` is not NULL. */
GString *command_line(char *const *argv, const char *resume);

#endif
