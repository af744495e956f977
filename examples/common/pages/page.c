#include "pages/page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "pages/html.h"
#include "pages/page_private.h"
#include "pages/page_style.h"
#include "pages/panel.h"
#include "support/failure.h"
#include "support/output_file.h"

/* Of a panel, in pixels of a window in which it takes its natural size. */
enum { PANEL_WIDTH = 480, PANEL_HEIGHT = 280, PANEL_FONT = 13 };

page *page_open(const char *path, const char *title, const char *subtitle)
{
    page *p = allocate(1, sizeof(*p));

    p->path = strdup(path);
    p->html = open_memstream(&p->text, &p->length);
    if (p->path == NULL || p->html == NULL)
        fail(EXIT_FAILURE, "out of memory");
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
          "<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, "
          "initial-scale=1\">\n<title>",
          p->html);
    html_text(p->html, title);
    fputs("</title>\n<style>\n", p->html);
    page_style(p->html);
    fputs("</style>\n</head>\n<body>\n<header>\n<h1>", p->html);
    html_text(p->html, title);
    fputs("</h1>\n", p->html);
    if (subtitle != NULL) {
        fputs("<p>", p->html);
        html_text(p->html, subtitle);
        fputs("</p>\n", p->html);
    }
    fputs("</header>\n<main>\n", p->html);
    return p;
}

void page_enter(page *p, enum page_list list)
{
    if (p->list == list)
        return;
    if (p->list != NO_LIST)
        fputs("</dl>\n", p->html);
    if (list != NO_LIST)
        fprintf(p->html, "<dl class=\"%s\">\n",
                list == FIGURES ? "figures" : "facts");
    p->list = list;
}

static void end_section(page *p)
{
    page_enter(p, NO_LIST);
    if (p->section)
        fputs("</section>\n", p->html);
    p->section = false;
}

void page_section(page *p, const char *title)
{
    end_section(p);
    fputs("<section>\n<h2>", p->html);
    html_text(p->html, title);
    fputs("</h2>\n", p->html);
    p->section = true;
}

__attribute__((format(printf, 2, 0))) static void
format_text(page *p, const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        fail(EXIT_FAILURE, "out of memory");
    html_text(p->html, text);
    free(text);
}

void page_text(page *p, const char *format, ...)
{
    va_list args;

    page_enter(p, NO_LIST);
    fputs("<p>", p->html);
    va_start(args, format);
    format_text(p, format, args);
    va_end(args);
    fputs("</p>\n", p->html);
}

/* A name and a value in a list. */
__attribute__((format(printf, 4, 0))) static void
add_item(page *p, enum page_list list, const char *name, const char *format,
         va_list args)
{
    page_enter(p, list);
    fputs("<div><dt>", p->html);
    html_text(p->html, name);
    fputs("</dt><dd>", p->html);
    format_text(p, format, args);
    fputs("</dd></div>\n", p->html);
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

void page_leave_place(page *p)
{
    if (p->count == 0) {
        gnuplot_start(&p->panels, NULL, PANEL_WIDTH, PANEL_HEIGHT, PANEL_FONT);
        chart_script_look(&p->panels);
        /* It leaves more room for letters in SVG than they take. */
        fputs("set xtics offset 0,0.3\nset xlabel offset 0,0.6\n",
              p->panels.script);
    }
    if (p->count == p->capacity) {
        p->capacity = p->capacity == 0 ? 16 : 2 * p->capacity;
        p->places = realloc(p->places, p->capacity * sizeof(*p->places));
        if (p->places == NULL)
            fail(EXIT_FAILURE, "out of memory");
    }
    p->places[p->count++] = ftell(p->html);
}

/* Puts the panels into the text of the page; NULL: they could not be drawn.
 * False if one is missing. */
static bool fill_places(const page *p, const char *svg, FILE *whole)
{
    const char *text = p->text;

    for (size_t i = 0; i < p->count; i++) {
        const char *place = p->text + p->places[i];
        fwrite(text, 1, (size_t)(place - text), whole);
        text = place;
        if (svg != NULL)
            svg = html_svg(whole, svg, i + 1);
        if (svg == NULL)
            fputs("<p class=\"missing\">This chart could not be drawn.</p>\n",
                  whole);
    }
    fputs(text, whole);
    return svg != NULL;
}

static int draw_and_write(page *p)
{
    char *svg = NULL, *whole;
    size_t size;
    int code = gnuplot_draw(&p->panels, &svg, &size);
    FILE *stream = open_memstream(&whole, &size);

    if (stream == NULL)
        fail(EXIT_FAILURE, "out of memory");
    if (!fill_places(p, svg, stream) && code == 0) {
        warn("no plot: gnuplot failed");
        code = EXIT_FAILURE;
    }
    if (fclose(stream) != 0)
        fail(EXIT_FAILURE, "out of memory");
    const int written = output_file(p->path, whole, size);
    free(svg);
    free(whole);
    return written != 0 ? written : code;
}

int page_close(page *p)
{
    end_section(p);
    fputs("</main>\n</body>\n</html>\n", p->html);
    if (fclose(p->html) != 0)
        fail(EXIT_FAILURE, "out of memory");
    const int code = p->count > 0 ? draw_and_write(p)
                                  : output_file(p->path, p->text, p->length);
    free(p->text);
    free(p->places);
    free(p->path);
    free(p);
    return code;
}
