#include "running/history.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/failure.h"

/* Makes room for one more element: doubles the array when it is full. */
static void *grow(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    return g_realloc_n(array, count > 0 ? 2 * count : 1, size);
}

void series_add(series *s, const point *p)
{
    s->points = grow(s->points, s->count, sizeof(*p));
    s->points[s->count++] = *p;
}

void history_add_step(history *h, double seconds)
{
    h->step_seconds = grow(h->step_seconds, h->step_count, sizeof(float));
    h->step_seconds[h->step_count++] = (float)seconds;
}

void history_free(history *h)
{
    g_free(h->training.points);
    g_free(h->held_out.points);
    g_free(h->step_seconds);
    *h = (history){0};
}

static double value(const point *p, quantity q)
{
    switch (q) {
    case STEPS:
        return p->step;
    case SECONDS:
        return p->seconds;
    case LOSS:
        return p->loss;
    case ACCURACY:
        break;
    }
    return p->accuracy;
}

double (*series_points(const series *s, quantity x, quantity y))[2]
{
    double(*points)[2] = allocate(s->count, sizeof(*points));

    for (size_t i = 0; i < s->count; i++) {
        points[i][0] = value(&s->points[i], x);
        points[i][1] = value(&s->points[i], y);
    }
    return points;
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

double history_step_quantile(const history *h, double share)
{
    if (h->step_count == 0)
        return 0;
    float *sorted = allocate(h->step_count, sizeof(*sorted));
    memcpy(sorted, h->step_seconds, h->step_count * sizeof(*sorted));
    qsort(sorted, h->step_count, sizeof(*sorted), compare);
    const float result = sorted[(size_t)(share * (double)(h->step_count - 1))];
    free(sorted);
    return (double)result;
}
