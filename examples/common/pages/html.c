#include "pages/html.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

void html_text(FILE *page, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);

    for (const char *c = valid; *c != 0; c++)
        if (*c == '&')
            fputs("&amp;", page);
        else if (*c == '<')
            fputs("&lt;", page);
        else if (*c == '>')
            fputs("&gt;", page);
        else if (*c == '"')
            fputs("&quot;", page);
        else /* control characters have no place in HTML */
            fputc(g_ascii_iscntrl(*c) && *c != '\n' && *c != '\t' ? ' ' : *c,
                  page);
    g_free(valid);
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* What comes behind a tag. */
static const char *behind(const char *tag)
{
    const char *end = strchr(tag, '>');

    return end != NULL ? end + 1 : NULL;
}

/* The first tag, of which only what the coordinates are is kept. */
static const char *put_root(FILE *page, const char *tag)
{
    const char *end = behind(tag), *box = strstr(tag, "viewBox=\"");

    if (end == NULL || box == NULL || box > end)
        return NULL;
    const int length = (int)strcspn(box, ">\n");
    fprintf(page, "<svg aria-hidden=\"true\" %.*s>", length, box);
    return end;
}

static const char *put_tag(FILE *page, const char *tag, size_t number)
{
    static const char *const before_id[] = {"id='", "id=\"", "href='#",
                                            "url(#"};
    static const char black[] = "\"black\"";

    for (const char *c = tag; *c != 0;) {
        size_t i = 0, kinds = sizeof(before_id) / sizeof(*before_id);
        while (i < kinds && !starts_with(c, before_id[i]))
            i++;
        if (i < kinds) {
            fprintf(page, "%schart%zu-", before_id[i], number);
            c += strlen(before_id[i]);
        } else if (starts_with(c, black)) {
            fputs("\"currentColor\"", page);
            c += strlen(black);
        } else {
            fputc(*c, page);
            if (*c++ == '>')
                return c;
        }
    }
    return NULL;
}

const char *html_svg(FILE *page, const char *svg, size_t number)
{
    const char *at = strstr(svg, "<svg");

    if (at != NULL)
        at = put_root(page, at);
    while (at != NULL) {
        const char *tag = strchr(at, '<');
        if (tag == NULL)
            return NULL;
        fwrite(at, 1, (size_t)(tag - at), page);
        if (starts_with(tag, "</svg>"))
            return put_tag(page, tag, number);
        /* Browsers show titles as hints; these say nothing to the reader. */
        if (starts_with(tag, "<title") || starts_with(tag, "<desc"))
            at = (tag = strstr(tag, "</")) != NULL ? behind(tag) : NULL;
        else
            at = put_tag(page, tag, number);
    }
    return NULL;
}
