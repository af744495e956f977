/* Charts as scripts for gnuplot. */
#ifndef EXAMPLES_PANEL_H
#define EXAMPLES_PANEL_H

#include "pages/chart.h"
#include "pages/gnuplot.h"

/* The colour of curves with that number, as #rrggbb. */
const char *chart_colour(int number);

/* The look of all panels, after gnuplot_start(). */
void chart_script_look(gnuplot *g);

/* Draws a panel. Without `texts` its title, the name of the y axis and the key
 * are left to the page that it is drawn for. */
void chart_script_panel(gnuplot *g, const panel *p, bool texts);

#endif
