/* The history of a training, as curves. */
#ifndef EXAMPLES_HISTORY_H
#define EXAMPLES_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct point {
    double step;    /* the number of steps before it */
    double seconds; /* of training, without tests on other images */
    double loss;    /* per image */
    double accuracy;
} point;

typedef struct series {
    point *points;
    size_t count, capacity;
} series;

typedef struct history {
    series training;           /* means over the batches since the last point */
    series held_out;           /* the images that are not trained on */
    const char *held_out_name; /* "validation" or "test" */
    float *step_seconds;       /* of each step */
    size_t step_count;
} history;

void series_add(series *s, const point *p);
void history_add_step(history *h, double seconds);
void history_free(history *h);

/* Quantities for an axis. */
typedef enum quantity { STEPS, SECONDS, LOSS, ACCURACY } quantity;

/* The points of a curve, y over x, to be given to free(). */
double (*series_points(const series *s, quantity x, quantity y))[2];

/* The time of a step of which `share` of all steps took less; 0 if there are
 * none. */
double history_step_quantile(const history *h, double share);

#endif
