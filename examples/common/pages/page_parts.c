/* The parts of a page that are more than text. */
#include <stdlib.h>
#include <string.h>

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "pages/html.h"
#include "pages/page_private.h"
#include "pages/panel.h"
#include "support/failure.h"

/* In pixels: about what a tile is enlarged to, if it is a picture and if it is
 * only a few pixels wide; and the room that captions have at least. */
enum { PICTURE = 72, SMALL = 45, CAPTION = 100 };

/* A text between tags; nothing if there is no text. */
static void put_element(page *p, const char *start, const char *text,
                        const char *end)
{
    if (text == NULL || *text == 0)
        return;
    fputs(start, p->html);
    html_text(p->html, text);
    fputs(end, p->html);
}

static void put_name(page *p, const char *text)
{
    put_element(p, "<p class=\"name\">", text, "</p>\n");
}

static void end_figure(page *p, const char *caption)
{
    put_element(p, "<figcaption>", caption, "</figcaption>\n");
    fputs("</figure>\n", p->html);
}

static bool is_number(const char *cell)
{
    static const char minus[] = "\xe2\x88\x92";

    return (*cell != 0 && strchr("0123456789+-.", *cell) != NULL) ||
           strncmp(cell, minus, strlen(minus)) == 0;
}

void page_table(page *p, size_t columns, size_t rows, const char *const *cells)
{
    page_enter(p, NO_LIST);
    fputs("<div class=\"scroll\" tabindex=\"0\">\n<table>\n", p->html);
    for (size_t i = 0; i < rows; i++) {
        fputs(i == 0 ? "<thead>\n<tr>" : "<tr>", p->html);
        for (size_t j = 0; j < columns; j++) {
            /* The head of a column stands as what is below it. */
            const size_t model = i == 0 && rows > 1 ? 1 : i;
            fprintf(p->html, "<%s%s>", i == 0 ? "th scope=\"col\"" : "td",
                    is_number(cells[model * columns + j]) ? " class=\"n\""
                                                          : "");
            html_text(p->html, cells[i * columns + j]);
            fputs(i == 0 ? "</th>" : "</td>", p->html);
        }
        fputs(i == 0 ? "</tr>\n</thead>\n<tbody>\n" : "</tr>\n", p->html);
    }
    fputs(rows > 0 ? "</tbody>\n</table>\n</div>\n" : "</table>\n</div>\n",
          p->html);
}

void page_listing(page *p, const char *text)
{
    page_enter(p, NO_LIST);
    /* HTML drops the first end of a line. */
    fputs("<pre tabindex=\"0\">\n", p->html);
    html_text(p->html, text);
    fputs("</pre>\n", p->html);
}

static void put_key(page *p, const panel *now)
{
    fputs("<ul class=\"key\">\n", p->html);
    for (size_t i = 0; i < now->count; i++) {
        const curve *c = &now->curves[i];
        if (c->count == 0 || c->title == NULL)
            continue;
        fprintf(p->html, "<li><i style=\"border-top:2px %s %s\"></i>",
                c->dashed ? "dashed" : "solid", chart_colour(c->colour));
        html_text(p->html, c->title);
        fputs("</li>\n", p->html);
    }
    fputs("</ul>\n", p->html);
}

static void put_panel(page *p, const panel *now)
{
    fputs("<div class=\"panel\">\n", p->html);
    put_name(p, now->title);
    put_element(p, "<p class=\"axis\">", now->y, "</p>\n");
    fputs("<div role=\"img\" aria-label=\"chart", p->html);
    put_element(p, ": ", now->title != NULL ? now->title : now->y, "");
    fputs("\">\n", p->html);
    page_leave_place(p);
    chart_script_panel(&p->panels, now, false);
    fputs("</div>\n", p->html);
    put_key(p, now);
    fputs("</div>\n", p->html);
}

void page_chart(page *p, const char *caption, const chart *c)
{
    page_enter(p, NO_LIST);
    fputs("<figure>\n", p->html);
    put_name(p, c->title);
    fputs("<div class=\"panels\">\n", p->html);
    for (size_t i = 0; i < c->count; i++)
        put_panel(p, &c->panels[i]);
    fputs("</div>\n", p->html);
    end_figure(p, caption);
}

/* A tile as the text of a PNG, to be given to g_free(). */
static char *encode(const tiles *t, const float *x)
{
    GdkPixbuf *picture =
        gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, t->width, t->height);
    gchar *png = NULL;
    gsize size;

    if (picture == NULL)
        fail(EXIT_FAILURE, "out of memory");
    guint8 *pixels = gdk_pixbuf_get_pixels(picture);
    const int stride = gdk_pixbuf_get_rowstride(picture);
    for (int i = 0; i < t->height; i++)
        for (int j = 0; j < t->width; j++)
            memset(pixels + i * stride + 3 * j,
                   (int)(255 * tile_grey(x[i * t->width + j]) + 0.5f), 3);
    if (!gdk_pixbuf_save_to_buffer(picture, &png, &size, "png", NULL, NULL))
        fail(EXIT_FAILURE, "out of memory");
    g_object_unref(picture);
    char *text = g_base64_encode((guchar *)png, size);
    g_free(png);
    return text;
}

static void put_tile(page *p, const tiles *t, size_t i, int scale)
{
    const char *caption = t->tiles[i].caption;
    char *png = encode(t, t->tiles[i].x);

    fprintf(p->html, "<figure><img width=\"%d\" height=\"%d\" alt=\"",
            scale * t->width, scale * t->height);
    html_text(p->html, caption);
    fprintf(p->html, "\" src=\"data:image/png;base64,%s\">", png);
    put_element(p, "<figcaption>", caption, "</figcaption>");
    fputs("</figure>\n", p->html);
    g_free(png);
}

void page_tiles(page *p, const char *caption, const tiles *t)
{
    const int edge = t->width > t->height ? t->width : t->height;
    const int wanted = edge > SMALL / 4 ? PICTURE : SMALL;
    const int scale = edge < wanted ? (wanted + edge / 2) / edge : 1;
    int column = scale * t->width;

    for (size_t i = 0; i < t->count; i++)
        if (t->tiles[i].caption[0] != 0 && column < CAPTION)
            column = CAPTION;
    page_enter(p, NO_LIST);
    fputs("<figure>\n", p->html);
    put_name(p, t->title);
    fprintf(p->html, "<div class=\"tiles\" style=\"--column:%dpx\">\n", column);
    for (size_t i = 0; i < t->count; i++)
        put_tile(p, t, i, scale);
    fputs("</div>\n", p->html);
    end_figure(p, caption);
}

static void put_confusion_row(page *p, const confusion *c, double scale,
                              int32_t label)
{
    const int64_t *row = c->counts + (size_t)label * (size_t)c->classes;
    int64_t all = 0;

    fprintf(p->html, "<tr><th scope=\"row\">%d</th>", (int)label);
    for (int32_t k = 0; k < c->classes; k++) {
        all += row[k];
        if (k == label)
            fputs("<td class=\"right\">", p->html);
        else if (row[k] == 0)
            fputs("<td class=\"zero\">", p->html);
        else
            fprintf(p->html, "<td style=\"--heat:%.2f\">",
                    0.75 * confusion_heat(c, scale, label, k));
        fprintf(p->html, "%lld</td>", (long long)row[k]);
    }
    if (all > 0)
        fprintf(p->html, "<td class=\"share\">%.2f %%</td></tr>\n",
                100.0 * (double)row[label] / (double)all);
    else
        fputs("<td class=\"share\"></td></tr>\n", p->html);
}

void page_confusion(page *p, const confusion *c)
{
    const double scale = confusion_scale(c);

    page_enter(p, NO_LIST);
    fputs("<figure>\n", p->html);
    put_name(p, c->title);
    fprintf(p->html,
            "<div class=\"scroll\" tabindex=\"0\">\n<table class=\"confusion\">"
            "\n<thead>\n<tr><td></td><th colspan=\"%d\" scope=\"colgroup\">"
            "recognised as</th><td></td></tr>\n"
            "<tr><th scope=\"col\">label</th>",
            (int)c->classes);
    for (int32_t k = 0; k < c->classes; k++)
        fprintf(p->html, "<th scope=\"col\">%d</th>", (int)k);
    fputs("<th scope=\"col\">right</th></tr>\n</thead>\n<tbody>\n", p->html);
    for (int32_t label = 0; label < c->classes; label++)
        put_confusion_row(p, c, scale, label);
    fputs("</tbody>\n</table>\n</div>\n", p->html);
    end_figure(p, NULL);
}
