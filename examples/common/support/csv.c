#include "support/csv.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

void csv_field(GString *csv, const char *format, ...)
{
    const bool first = csv->len == 0 || csv->str[csv->len - 1] == '\n';
    va_list args;

    va_start(args, format);
    char *field = g_strdup_vprintf(format, args);
    va_end(args);
    if (!first)
        g_string_append_c(csv, ',');
    /* Without quotes, an empty first field would look like no field. */
    if (strpbrk(field, ",\"\r\n") != NULL || (first && *field == '\0')) {
        GString *quoted = g_string_new(field);
        g_string_replace(quoted, "\"", "\"\"", 0);
        g_string_append_printf(csv, "\"%s\"", quoted->str);
        g_string_free(quoted, TRUE);
    } else {
        g_string_append(csv, field);
    }
    g_free(field);
}

void csv_end(GString *csv)
{
    g_string_append_c(csv, '\n');
}
