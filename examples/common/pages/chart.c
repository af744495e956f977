#include "pages/chart.h"

#include "pages/gnuplot.h"
#include "pages/panel.h"

enum { MOST_BESIDE = 3 };

bool chart_knows(const char *path)
{
    return gnuplot_knows(path);
}

int chart_save(const char *path, const chart *c)
{
    const int panels = c->count > 0 ? (int)c->count : 1;
    const int rows = (panels + MOST_BESIDE - 1) / MOST_BESIDE;
    const int columns = (panels + rows - 1) / rows;
    gnuplot g;

    if (panels == 1)
        gnuplot_start(&g, path, 960, 600, 15);
    else
        gnuplot_start(&g, path, 640 * columns, 480 * rows, 14);
    chart_script_look(&g);
    fprintf(g.script, "set multiplot layout %d,%d", rows, columns);
    if (c->title != NULL) {
        fputs(" title ", g.script);
        gnuplot_quote(&g, c->title);
        fputs(" font ',18'", g.script);
    }
    fputc('\n', g.script);
    for (size_t i = 0; i < c->count; i++)
        chart_script_panel(&g, &c->panels[i], true);
    fprintf(g.script, "unset multiplot\n");
    return gnuplot_save(&g, path);
}
