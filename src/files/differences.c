#include "files/differences.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The most differences in a text. */
#define MOST 4

__attribute__((format(printf, 2, 3))) static void add(cnn__differences *d,
                                                      const char *format, ...)
{
    const size_t used = strlen(d->text);
    char *end = d->text + used;
    const size_t room = sizeof(d->text) - used;
    va_list args;

    if (d->count++ >= MOST) {
        if (d->count == MOST + 1)
            snprintf(end, room, "; and more");
        return;
    }
    va_start(args, format);
    if (used > 0 && snprintf(end, room, "; ") < (int)room)
        vsnprintf(end + 2, room - 2, format, args);
    else if (used == 0)
        vsnprintf(end, room, format, args);
    va_end(args);
}

static void add_member(cnn__differences *d, const char *of, const char *name,
                       const json_t *ours, const json_t *saved)
{
    if (json_is_string(ours) && json_is_string(saved))
        add(d, "with %s%s %.64s, not %s", of, name, json_string_value(saved),
            json_string_value(ours));
    else if (json_is_integer(ours) && json_is_integer(saved))
        add(d, "with %s%s %lld, not %lld", of, name,
            (long long)json_integer_value(saved),
            (long long)json_integer_value(ours));
    else if (json_is_number(ours) && json_is_number(saved))
        add(d, "with %s%s %.9g, not %.9g", of, name, json_number_value(saved),
            json_number_value(ours));
    else
        add(d, "%s %s%s",
            saved == NULL || json_is_null(saved) ? "without this"
                                                 : "with another",
            of, name);
}

void cnn__differ(cnn__differences *d, const char *of, json_t *ours,
                 json_t *saved)
{
    const json_t *kind = json_object_get(ours, "kind");
    const json_t *other_kind = json_object_get(saved, "kind");
    const char *name;
    json_t *value;

    if (kind != NULL && !json_equal(kind, other_kind)) {
        add_member(d, of, "kind", kind, other_kind);
        return;
    }
    json_object_foreach(ours, name, value)
    {
        json_t *other = json_object_get(saved, name);
        char inner[80];

        if (json_equal(value, other))
            continue;
        snprintf(inner, sizeof(inner), "%s%s ", of, name);
        if (json_is_object(value) && json_is_object(other))
            cnn__differ(d, inner, value, other);
        else
            add_member(d, of, name, value, other);
    }
}

/* What only the saved one has. */
static void differ_beyond(cnn__differences *d, const char *of, json_t *ours,
                          json_t *saved)
{
    const char *name;
    json_t *value;

    json_object_foreach(saved, name, value)
    {
        if (json_object_get(ours, name) == NULL)
            add(d, "with %s%s, which is not set here", of, name);
    }
}

void cnn__differ_in_list(cnn__differences *d, const char *of, json_t *ours,
                         json_t *saved)
{
    const size_t count = json_array_size(ours);

    if (count != json_array_size(saved))
        add(d, "with %zu %ss, not %zu", json_array_size(saved), of, count);
    for (size_t i = 0; i < count && i < json_array_size(saved); i++) {
        json_t *one = json_array_get(ours, i),
               *other = json_array_get(saved, i);
        const int32_t before = d->count;
        char element[80];

        snprintf(element, sizeof(element), "%s %zu ", of, i);
        cnn__differ(d, element, one, other);
        if (d->count == before)
            differ_beyond(d, element, one, other);
    }
}
