#include "pages/page.h"

#include <stdarg.h>

#include "pages/page_private.h"
#include "pages/page_style.h"
#include "support/output.h"

page *page_open(const char *path, const char *title, const char *subtitle)
{
    page *p = g_new0(page, 1);

    p->path = g_strdup(path);
    p->html =
        g_string_new("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                     "<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, "
                     "initial-scale=1\">\n");
    page_element(p, "<title>", title, "</title>\n");
    g_string_append(p->html, "<style>\n");
    for (const char *const *part = page_style; *part != NULL; part++)
        g_string_append(p->html, *part);
    g_string_append(p->html, "</style>\n</head>\n<body>\n<header>\n");
    page_element(p, "<h1>", title, "</h1>\n");
    page_element(p, "<p>", subtitle, "</p>\n");
    g_string_append(p->html, "</header>\n<main>\n");
    return p;
}

void page_put(page *p, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    char *safe = g_markup_escape_text(valid, -1);

    g_string_append(p->html, safe);
    g_free(safe);
    g_free(valid);
}

void page_element(page *p, const char *start, const char *text, const char *end)
{
    if (text == NULL || *text == 0)
        return;
    g_string_append(p->html, start);
    page_put(p, text);
    g_string_append(p->html, end);
}

void page_enter(page *p, enum page_list list)
{
    if (p->list == list)
        return;
    if (p->list != NO_LIST)
        g_string_append(p->html, "</dl>\n");
    if (list != NO_LIST)
        g_string_append_printf(p->html, "<dl class=\"%s\">\n",
                               list == FIGURES ? "figures" : "facts");
    p->list = list;
}

static void end_section(page *p)
{
    page_enter(p, NO_LIST);
    if (p->section)
        g_string_append(p->html, "</section>\n");
    p->section = false;
}

void page_section(page *p, const char *title)
{
    end_section(p);
    page_element(p, "<section>\n<h2>", title, "</h2>\n");
    p->section = true;
}

void page_text(page *p, const char *format, ...)
{
    va_list args;

    page_enter(p, NO_LIST);
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    page_element(p, "<p>", text, "</p>\n");
    g_free(text);
}

/* A name and a value in a list. */
__attribute__((format(printf, 4, 0))) static void
add_item(page *p, enum page_list list, const char *name, const char *format,
         va_list args)
{
    char *text = g_strdup_vprintf(format, args);

    page_enter(p, list);
    page_element(p, "<div><dt>", name, "</dt><dd>");
    page_put(p, text);
    g_string_append(p->html, "</dd></div>\n");
    g_free(text);
}

void page_figure(page *p, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_item(p, FIGURES, name, format, args);
    va_end(args);
}

void page_fact(page *p, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_item(p, FACTS, name, format, args);
    va_end(args);
}

int page_close(page *p)
{
    end_section(p);
    g_string_append(p->html, "</main>\n</body>\n</html>\n");
    const int written = output_file(p->path, p->html);
    const int code = written != 0 ? written : p->code;
    g_free(p->path);
    g_free(p);
    return code;
}
