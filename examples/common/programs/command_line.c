#include "programs/command_line.h"

#include <stdbool.h>
#include <string.h>

static void add(GString *line, const char *argument)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    char *quoted = g_shell_quote(argument);
    const bool simple =
        argument[0] != '\0' && argument[strspn(argument, plain)] == '\0';

    if (line->len > 0)
        g_string_append_c(line, ' ');
    g_string_append(line, simple ? argument : quoted);
    g_free(quoted);
}

/* Once. */
static void add_resume(GString *line, const char **resume)
{
    if (*resume == NULL)
        return;
    add(line, "--resume");
    add(line, *resume);
    *resume = NULL;
}

GString *command_line(char *const *argv, const char *resume)
{
    GString *line = g_string_new(NULL);

    for (; *argv != NULL; argv++) {
        /* Behind this there are no options. */
        if (strcmp(*argv, "--") == 0)
            add_resume(line, &resume);
        add(line, *argv);
    }
    add_resume(line, &resume);
    return line;
}
