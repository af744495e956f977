/* Panels of charts as scripts for gnuplot. */
#ifndef EXAMPLES_PANEL_H
#define EXAMPLES_PANEL_H

#include "pages/chart.h"
#include "pages/gnuplot.h"

/* The colour of curves with that number, as #rrggbb. */
const char *panel_colour(int number);

/* The look of all panels, after gnuplot_script(). */
void panel_look(GString *g);

/* Draws a panel. Without `texts`, the page shows its title, the name of the y
 * axis and the key. */
void panel_draw(GString *g, const panel *p, bool texts);

#endif
