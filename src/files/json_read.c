#include "files/json_read.h"

#include <stdbool.h>

#include "base/memory.h"
#include "files/json_scan.h"

/* A text being read. A value is added to its parent as soon as it begins, so
 * that only the outermost value has to be freed. */
typedef struct document {
    cnn__json_cursor text;
    json_t *open[CNN__JSON_DEPTH]; /* unfinished objects and arrays */
    int depth;
    json_t *whole;
} document;

static json_t *read_text_value(document *d)
{
    size_t size = 0;
    const char *plain = cnn__json_plain_string(&d->text, &size);
    char *text = plain == NULL ? cnn__json_string(&d->text, &size) : NULL;

    if (plain == NULL && text == NULL)
        return NULL;
    json_t *value = json_stringn_nocheck(plain != NULL ? plain : text, size);
    if (value == NULL)
        cnn__json_fail_memory();
    cnn__free(text);
    return value;
}

static json_t *read_container(document *d, char first)
{
    if (d->depth == CNN__JSON_DEPTH) {
        cnn__json_fail(&d->text, "nested too deep");
        return NULL;
    }
    d->text.at++;
    json_t *value = first == '{' ? json_object() : json_array();
    if (value == NULL)
        cnn__json_fail_memory();
    return value;
}

/* Reads a whole value, or the beginning of an object or array. */
static json_t *read_value(document *d)
{
    cnn__json_cursor *w = &d->text;
    const char first = cnn__json_peek(w);

    switch (first) {
    case '{':
    case '[':
        return read_container(d, first);
    case '"':
        return read_text_value(d);
    case 't':
        return cnn__json_word(w, "true") ? json_true() : NULL;
    case 'f':
        return cnn__json_word(w, "false") ? json_false() : NULL;
    case 'n':
        return cnn__json_word(w, "null") ? json_null() : NULL;
    default:
        return cnn__json_number(w);
    }
}

/* Adds `value` to its parent and takes it over. */
static bool put(document *d, const char *key, json_t *value)
{
    json_t *parent = d->depth > 0 ? d->open[d->depth - 1] : NULL;
    const int bad = parent == NULL ? 0
                    : key == NULL
                        ? json_array_append_new(parent, value)
                        : json_object_set_new_nocheck(parent, key, value);

    if (parent == NULL)
        d->whole = value;
    if (bad == 0 && (json_is_object(value) || json_is_array(value)))
        d->open[d->depth++] = value;
    return bad == 0 || cnn__json_fail_memory();
}

static bool read_member(document *d)
{
    json_t *value = NULL;
    size_t size = 0;
    bool good = false;

    if (cnn__json_peek(&d->text) != '"')
        return cnn__json_fail(&d->text, "no key");
    char *key = cnn__json_string(&d->text, &size);
    if (key == NULL)
        return false;
    if (json_object_get(d->open[d->depth - 1], key) != NULL)
        cnn__json_fail(&d->text, "a key that was there already");
    else if (!cnn__json_take(&d->text, ':'))
        cnn__json_fail(&d->text, "no colon");
    else
        value = read_value(d);
    if (value != NULL)
        good = put(d, key, value);
    cnn__free(key);
    return good;
}

static bool read_element(document *d)
{
    json_t *value = read_value(d);

    return value != NULL && put(d, NULL, value);
}

static bool read_next(document *d)
{
    return d->depth > 0 && json_is_object(d->open[d->depth - 1])
               ? read_member(d)
               : read_element(d);
}

/* Closes all objects and arrays that end here. `opened`: one has just begun,
 * and may be empty. */
static bool close_all(document *d, bool opened)
{
    while (d->depth > 0) {
        const bool object = json_is_object(d->open[d->depth - 1]);

        if (cnn__json_take(&d->text, object ? '}' : ']'))
            d->depth--;
        else
            return opened || cnn__json_take(&d->text, ',') ||
                   cnn__json_fail(&d->text, "no comma");
        opened = false;
    }
    return cnn__json_peek(&d->text) == '\0' && d->text.at == d->text.end
               ? true
               : cnn__json_fail(&d->text, "more");
}

json_t *cnn__json_read(const char *text, size_t size)
{
    document d = {.text = {text, text, text + size}};
    bool good;

    do {
        const int before = d.depth;

        good = read_next(&d) && close_all(&d, d.depth > before);
    } while (good && d.depth > 0);
    if (good)
        return d.whole;
    json_decref(d.whole);
    return NULL;
}

bool cnn__json_get_integer(const json_t *object, const char *key,
                           json_int_t *to)
{
    const json_t *value = json_object_get(object, key);

    *to = json_integer_value(value);
    return json_is_integer(value);
}

bool cnn__json_get_real(const json_t *object, const char *key, double *to)
{
    const json_t *value = json_object_get(object, key);

    *to = json_number_value(value);
    return json_is_number(value);
}
