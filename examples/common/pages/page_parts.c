/* The parts of a page that are more than text. */
#include <string.h>

#include "images/picture.h"
#include "pages/gnuplot.h"
#include "pages/page_private.h"
#include "pages/page_style.h"
#include "pages/panel.h"

/* Of a panel, in pixels of a window in which it takes its natural size. */
enum { PANEL_WIDTH = 480, PANEL_HEIGHT = 280, PANEL_FONT = 13 };

/* In pixels: about the size to which a tile is enlarged, if it is a picture and
 * if it is only a few pixels wide; and the least room for a caption. */
enum { PICTURE = 72, SMALL = 45, CAPTION = 100 };

static void put_name(page *p, const char *text)
{
    page_element(p, "<p class=\"name\">", text, "</p>\n");
}

static void end_figure(page *p, const char *caption)
{
    page_element(p, "<figcaption>", caption, "</figcaption>\n");
    g_string_append(p->html, "</figure>\n");
}

/* Ends the tag of a picture with the picture itself, and frees that. */
static void put_data(page *p, const char *type, GString *data)
{
    char *text = g_base64_encode((const guchar *)data->str, data->len);

    g_string_append_printf(p->html, "\" src=\"data:%s;base64,%s\">\n", type,
                           text);
    g_free(text);
    g_string_free(data, TRUE);
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
    g_string_append(p->html,
                    "<div class=\"scroll\" tabindex=\"0\">\n<table>\n");
    for (size_t i = 0; i < rows; i++) {
        g_string_append(p->html, i == 0 ? "<thead>\n<tr>" : "<tr>");
        for (size_t j = 0; j < columns; j++) {
            /* The head of a column is aligned as the cells below it. */
            const size_t model = i == 0 && rows > 1 ? 1 : i;
            g_string_append_printf(
                p->html, "<%s%s>", i == 0 ? "th scope=\"col\"" : "td",
                is_number(cells[model * columns + j]) ? " class=\"n\"" : "");
            page_put(p, cells[i * columns + j]);
            g_string_append(p->html, i == 0 ? "</th>" : "</td>");
        }
        g_string_append(p->html,
                        i == 0 ? "</tr>\n</thead>\n<tbody>\n" : "</tr>\n");
    }
    g_string_append(p->html, rows > 0 ? "</tbody>\n</table>\n</div>\n"
                                      : "</table>\n</div>\n");
}

void page_listing(page *p, const char *text)
{
    page_enter(p, NO_LIST);
    /* HTML drops a newline at the start. */
    g_string_append(p->html, "<pre tabindex=\"0\">\n");
    page_put(p, text);
    g_string_append(p->html, "</pre>\n");
}

static void put_key(page *p, const panel *now)
{
    g_string_append(p->html, "<ul class=\"key\">\n");
    for (size_t i = 0; i < now->count; i++) {
        const curve *c = &now->curves[i];
        if (c->count == 0 || c->title == NULL)
            continue;
        g_string_append_printf(
            p->html, "<li><i style=\"border-top:2px %s %s\"></i>",
            c->dashed ? "dashed" : "solid", panel_colour(c->colour));
        page_put(p, c->title);
        g_string_append(p->html, "</li>\n");
    }
    g_string_append(p->html, "</ul>\n");
}

/* The picture of a panel, without a background. Its curves can be seen on white
 * as well as on black; its texts change their colour. */
static GString *draw_panel(page *p, const panel *now)
{
    GString *script =
        gnuplot_script(NULL, PANEL_WIDTH, PANEL_HEIGHT, PANEL_FONT);

    panel_look(script);
    /* gnuplot leaves more room for letters in SVG than they take. */
    g_string_append(script,
                    "set xtics offset 0,0.3\nset xlabel offset 0,0.6\n");
    panel_draw(script, now, false);
    return gnuplot_draw(script, panel_style, &p->code);
}

static void put_panel(page *p, const panel *now)
{
    g_string_append(p->html, "<div class=\"panel\">\n");
    put_name(p, now->title);
    page_element(p, "<p class=\"axis\">", now->y, "</p>\n");
    GString *svg = p->code == 0 ? draw_panel(p, now) : NULL;
    if (svg == NULL) {
        g_string_append(p->html, "<p class=\"missing\">This chart could not be "
                                 "drawn.</p>\n");
    } else {
        g_string_append_printf(p->html,
                               "<img width=\"%d\" height=\"%d\" alt=\"chart",
                               PANEL_WIDTH, PANEL_HEIGHT);
        page_element(p, ": ", now->title != NULL ? now->title : now->y, "");
        put_data(p, "image/svg+xml", svg);
    }
    put_key(p, now);
    g_string_append(p->html, "</div>\n");
}

void page_chart(page *p, const char *caption, const chart *c)
{
    page_enter(p, NO_LIST);
    g_string_append(p->html, "<figure>\n");
    put_name(p, c->title);
    g_string_append(p->html, "<div class=\"panels\">\n");
    for (size_t i = 0; i < c->count; i++)
        put_panel(p, &c->panels[i]);
    g_string_append(p->html, "</div>\n");
    end_figure(p, caption);
}

static void put_tile(page *p, const tiles *t, size_t i, int scale)
{
    const char *caption = t->tiles[i].caption;

    g_string_append_printf(p->html,
                           "<figure><img width=\"%d\" height=\"%d\" alt=\"",
                           scale * t->width, scale * t->height);
    page_put(p, caption);
    put_data(p, "image/png", picture_png(t->width, t->height, t->tiles[i].x));
    page_element(p, "<figcaption>", caption, "</figcaption>");
    g_string_append(p->html, "</figure>\n");
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
    g_string_append(p->html, "<figure>\n");
    put_name(p, t->title);
    g_string_append_printf(
        p->html, "<div class=\"tiles\" style=\"--column:%dpx\">\n", column);
    for (size_t i = 0; i < t->count; i++)
        put_tile(p, t, i, scale);
    g_string_append(p->html, "</div>\n");
    end_figure(p, caption);
}

static void put_confusion_row(page *p, const confusion *c, double scale,
                              int32_t label)
{
    const int64_t *row = c->counts + (size_t)label * (size_t)c->classes;
    int64_t all = 0;

    g_string_append_printf(p->html, "<tr><th scope=\"row\">%d</th>",
                           (int)label);
    for (int32_t k = 0; k < c->classes; k++) {
        all += row[k];
        if (k == label)
            g_string_append(p->html, "<td class=\"right\">");
        else if (row[k] == 0)
            g_string_append(p->html, "<td class=\"zero\">");
        else
            g_string_append_printf(p->html, "<td style=\"--heat:%.2f\">",
                                   0.75 * confusion_heat(c, scale, label, k));
        g_string_append_printf(p->html, "%lld</td>", (long long)row[k]);
    }
    if (all > 0)
        g_string_append_printf(p->html,
                               "<td class=\"share\">%.2f %%</td></tr>\n",
                               100.0 * (double)row[label] / (double)all);
    else
        g_string_append(p->html, "<td class=\"share\"></td></tr>\n");
}

void page_confusion(page *p, const confusion *c)
{
    const double scale = confusion_scale(c);

    page_enter(p, NO_LIST);
    g_string_append(p->html, "<figure>\n");
    put_name(p, c->title);
    g_string_append_printf(
        p->html,
        "<div class=\"scroll\" tabindex=\"0\">\n<table class=\"confusion\">"
        "\n<thead>\n<tr><td></td><th colspan=\"%d\" scope=\"colgroup\">"
        "recognised as</th><td></td></tr>\n"
        "<tr><th scope=\"col\">label</th>",
        (int)c->classes);
    for (int32_t k = 0; k < c->classes; k++)
        g_string_append_printf(p->html, "<th scope=\"col\">%d</th>", (int)k);
    g_string_append(p->html,
                    "<th scope=\"col\">right</th></tr>\n</thead>\n<tbody>\n");
    for (int32_t label = 0; label < c->classes; label++)
        put_confusion_row(p, c, scale, label);
    g_string_append(p->html, "</tbody>\n</table>\n</div>\n");
    end_figure(p, NULL);
}
