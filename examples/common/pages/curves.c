#include "pages/curves.h"

#include <stdlib.h>

#include <glib.h>

#include "support/failure.h"

static const char *const axes[] = {
    [STEPS] = "steps",
    [SECONDS] = "seconds",
    [LOSS] = "loss per image",
    [ACCURACY] = "accuracy",
};

static void add_curve(curves *c, const run *r, const view *v, bool held_out,
                      int colour)
{
    const history *h = r->history;
    const series *s = held_out ? &h->held_out : &h->training;
    const char *what = !held_out                  ? "training"
                       : h->held_out_name != NULL ? h->held_out_name
                                                  : "held out";
    const bool both = v->training && v->held_out;

    c->points[c->count] = series_points(s, v->x, v->y);
    c->titles[c->count] =
        g_strdup_printf("%s%s%s", r->name != NULL ? r->name : "",
                        r->name != NULL && both ? ", " : "",
                        r->name == NULL || both ? what : "");
    c->curves[c->count] = (curve){.title = c->titles[c->count],
                                  .points = c->points[c->count],
                                  .count = s->count,
                                  .colour = colour,
                                  .dashed = r->dashed};
    c->count++;
}

void curves_create(curves *c, const char *title, const run *runs, size_t runs_n,
                   const view *views, size_t views_n)
{
    const size_t most = 2 * runs_n * views_n;

    *c = (curves){.panels = allocate(views_n, sizeof(*c->panels)),
                  .curves = allocate(most, sizeof(*c->curves)),
                  .titles = allocate(most, sizeof(*c->titles)),
                  .points = allocate(most, sizeof(*c->points))};
    for (size_t k = 0; k < views_n; k++) {
        const view *v = &views[k];
        const size_t first = c->count;
        int colour = 0;

        for (size_t i = 0; i < runs_n; i++) {
            if (v->training)
                add_curve(c, &runs[i], v, false, colour++);
            if (v->held_out)
                add_curve(c, &runs[i], v, true, colour++);
        }
        c->panels[k] = (panel){.title = v->title,
                               .x = axes[v->x],
                               .y = axes[v->y],
                               .curves = c->curves + first,
                               .count = c->count - first,
                               .log_y = v->y == LOSS};
    }
    c->chart = (chart){title, c->panels, views_n};
}

void curves_free(curves *c)
{
    for (size_t i = 0; i < c->count; i++) {
        g_free(c->titles[i]);
        free(c->points[i]);
    }
    free(c->panels);
    free(c->curves);
    free(c->titles);
    free(c->points);
    *c = (curves){0};
}
