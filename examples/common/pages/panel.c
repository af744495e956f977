#include "pages/panel.h"

#include <math.h>
#include <stdlib.h>

#include "support/failure.h"

enum {
    FEW = 40,     /* points that are shown one by one */
    COLUMNS = 500 /* about as many as a panel has pixels */
};

/* Told apart by the colour-blind, and on white as well as on black: the darker
 * colours of Okabe and Ito, then what is farthest from them. */
static const char *const palette[] = {"#0072b2", "#d55e00", "#009e73",
                                      "#c5679b", "#7466f0", "#a02828",
                                      "#3f6363", "#808080"};

typedef struct range {
    double low, top;
} range;

const char *chart_colour(int number)
{
    return palette[(unsigned)number % (sizeof(palette) / sizeof(*palette))];
}

void chart_script_look(gnuplot *g)
{
    fprintf(g->script, "set border 3 lc rgb '#909090'\n"
                       "set tics nomirror out scale 0.5 textcolor rgb 'black'\n"
                       "set grid lt 1 lw 1 lc rgb '#c8808080'\n"
                       "set format '%%g'\n"
                       "set key bmargin left Left reverse horizontal samplen "
                       "1.5 height 0.7\n"
                       "set rmargin 3.5\n");
}

static bool shown(const panel *p, const double point[2])
{
    return isfinite(point[0]) && isfinite(point[1]) &&
           (!p->log_x || point[0] > 0) && (!p->log_y || point[1] > 0);
}

/* What the points take up of an axis, 0 or 1; low > top if there are none. */
static range extent(const panel *p, int axis)
{
    range r = {HUGE_VAL, -HUGE_VAL};

    for (size_t i = 0; i < p->count; i++)
        for (size_t k = 0; k < p->curves[i].count; k++)
            if (shown(p, p->curves[i].points[k])) {
                r.low = fmin(r.low, p->curves[i].points[k][axis]);
                r.top = fmax(r.top, p->curves[i].points[k][axis]);
            }
    return r;
}

/* Gives a range a width that can be drawn, and `air` times that at both ends;
 * what has no values below 0 gets none by that. */
static range widen(range r, bool log, double air)
{
    if (r.low > r.top)
        return log ? (range){1, 10} : (range){0, 1};
    if (log) {
        const double factor = r.top > r.low ? pow(r.top / r.low, air) : 2;
        return (range){r.low / factor, r.top * factor};
    }
    const double least = 1e-6 * fmax(fabs(r.low), fabs(r.top));
    const double more = r.top - r.low > least ? air * (r.top - r.low)
                        : least > 0           ? 1e5 * least
                                              : 1;
    return (range){r.low >= 0 ? fmax(0, r.low - more) : r.low - more,
                   r.top + more};
}

static range y_range(const panel *p)
{
    if (p->y_low < p->y_top && (!p->log_y || p->y_low > 0))
        return (range){p->y_low, p->y_top};
    return widen(extent(p, 1), p->log_y, 0.05);
}

/* 1, 2 or 5 times a power of ten that fits into `span` about `parts` times. */
static double step_of(double span, int parts)
{
    const double rough = span / parts;
    const double power = pow(10, floor(log10(rough)));
    const double part = rough / power;

    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

static void linear_tics(gnuplot *g, range r, int parts)
{
    const double step = step_of(r.top - r.low, parts);
    const double slack = 1e-6 * step;

    for (double k = ceil((r.low - slack) / step); k * step <= r.top + slack;
         k++)
        fprintf(g->script, "%.9g,", k * step);
}

/* Over few powers of ten also two and five times each. */
static void log_tics(gnuplot *g, range r)
{
    const double decades = log10(r.top / r.low);
    const int every = (int)ceil(decades / 8);

    for (int e = (int)floor(log10(r.low)); e <= log10(r.top); e++)
        for (int m = 1; m <= 5; m += m < 2 ? 1 : 3) {
            const double tic = m * pow(10, e);
            if (tic >= r.low && tic <= r.top && e % every == 0 &&
                (m == 1 || decades < 3))
                fprintf(g->script, "%.9g,", tic);
        }
}

/* gnuplot would choose more numbers than have room in a narrow panel, and on a
 * short logarithmic axis hardly any. It does not mind a comma at the end. */
static void write_axis(gnuplot *g, char axis, range r, bool log,
                       const char *name)
{
    fprintf(g->script, "%s logscale %c\nset %crange [%.9g:%.9g]\nset %ctics (",
            log ? "set" : "unset", axis, axis, r.low, r.top, axis);
    if (log && r.top / r.low > 5)
        log_tics(g, r);
    else
        linear_tics(g, r, axis == 'x' ? 5 : 6);
    fprintf(g->script, ")\nset %clabel ", axis);
    gnuplot_quote(g, name);
    fputc('\n', g->script);
}

/* Which of the columns of a panel a point falls into; -1: it is not shown. */
static int column(const panel *p, range x, const double point[2])
{
    if (!shown(p, point))
        return -1;
    const double part = p->log_x ? log(point[0] / x.low) / log(x.top / x.low)
                                 : (point[0] - x.low) / (x.top - x.low);
    return (int)(COLUMNS * part);
}

/* The lowest and the highest of some points, in their order: within a column a
 * line through them looks as if it went through all. */
static size_t write_extremes(gnuplot *g, double (*points)[2], size_t count)
{
    size_t low = 0, high = 0;

    for (size_t k = 1; k < count; k++) {
        if (points[k][1] < points[low][1])
            low = k;
        if (points[k][1] >= points[high][1])
            high = k;
    }
    const size_t first = low < high ? low : high;
    const size_t last = low < high ? high : low;
    fprintf(g->script, "%.9g %.9g\n", points[first][0], points[first][1]);
    if (last > first)
        fprintf(g->script, "%.9g %.9g\n", points[last][0], points[last][1]);
    return last > first ? 2 : 1;
}

/* Writes the points of curve `i`; how many there are to be seen. */
static size_t write_points(gnuplot *g, const panel *p, range x, size_t i)
{
    const curve *c = &p->curves[i];
    size_t written = 0, next;

    fprintf(g->script, "$curve%zu << END\n", i);
    for (size_t k = 0; k < c->count; k = next) {
        const int here = column(p, x, c->points[k]);
        for (next = k + 1; next < c->count; next++)
            if (column(p, x, c->points[next]) != here)
                break;
        if (here >= 0)
            written += write_extremes(g, c->points + k, next - k);
        else /* a gap */
            fputc('\n', g->script);
    }
    fprintf(g->script, "END\n");
    return written;
}

static void write_plot(gnuplot *g, const panel *p, const size_t *points)
{
    fputs("plot NaN notitle", g->script); /* something, if there are none */
    for (size_t i = 0; i < p->count; i++) {
        const curve *c = &p->curves[i];
        if (points[i] == 0)
            continue;
        fprintf(g->script, ", $curve%zu with %s lc rgb '%s' %s title ", i,
                points[i] < FEW       ? "linespoints pt 7 ps 0.6 lw 2"
                : points[i] < COLUMNS ? "lines lw 2"
                                      : "lines lw 1",
                chart_colour(c->colour), c->dashed ? "dt (8,5)" : "");
        gnuplot_quote(g, c->title);
    }
    fputc('\n', g->script);
}

void chart_script_panel(gnuplot *g, const panel *p, bool texts)
{
    const range x = widen(extent(p, 0), p->log_x, 0);
    size_t *points = allocate(p->count, sizeof(*points));

    write_axis(g, 'x', x, p->log_x, p->x);
    write_axis(g, 'y', y_range(p), p->log_y, texts ? p->y : NULL);
    fprintf(g->script, "%s key\nset title ", texts ? "set" : "unset");
    gnuplot_quote(g, texts ? p->title : NULL);
    fputs(" font ',16'\n", g->script);
    for (size_t i = 0; i < p->count; i++)
        points[i] = write_points(g, p, x, i);
    write_plot(g, p, points);
    free(points);
}
