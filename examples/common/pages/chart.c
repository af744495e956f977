#include "pages/chart.h"

#include "pages/panel.h"

enum { MOST_BESIDE = 3 };

int chart_save(const char *path, const chart *c)
{
    const int panels = c->count > 0 ? (int)c->count : 1;
    const int rows = (panels + MOST_BESIDE - 1) / MOST_BESIDE;
    const int columns = (panels + rows - 1) / rows;
    GString *g = panels == 1
                     ? gnuplot_script(path, 960, 600, 15)
                     : gnuplot_script(path, 640 * columns, 480 * rows, 14);

    panel_look(g);
    g_string_append_printf(g, "set multiplot layout %d,%d", rows, columns);
    if (c->title != NULL) {
        g_string_append(g, " title ");
        gnuplot_quote(g, c->title);
        g_string_append(g, " font ',18'");
    }
    g_string_append_c(g, '\n');
    for (size_t i = 0; i < c->count; i++)
        panel_draw(g, &c->panels[i], true);
    g_string_append_printf(g, "unset multiplot\n");
    return gnuplot_save(g, NULL, path);
}
