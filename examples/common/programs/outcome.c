#include "programs/outcome.h"

#include <stdio.h>
#include <string.h>

#include "pages/confusion.h"
#include "pages/pictures.h"
#include "support/failure.h"

void outcome_print(const examination *e, const char *what)
{
    printf("%s accuracy: %.4f (%lld of %lld images)\n", what, e->accuracy,
           (long long)e->metrics.correct, (long long)e->metrics.count);
}

void outcome_curves(const outcome *r, curves *c, const char *title,
                    const view *views, size_t count)
{
    run runs[1 + MOST_LOGS] = {{NULL, &r->training->history, false}};
    size_t n = 1;

    for (int i = 0; i < MOST_LOGS && r->o->compare[i] != NULL; i++) {
        const char *slash = strrchr(r->o->compare[i], '/');
        runs[n++] = (run){slash != NULL ? slash + 1 : r->o->compare[i],
                          &r->compare[i], true};
    }
    if (n > 1)
        runs[0].name = "this run";
    curves_create(c, title, runs, n, views, count);
}

static int save_plot(const outcome *r, const char *path)
{
    static const view views[] = {
        {NULL, STEPS, ACCURACY, .training = true, .held_out = true},
        {NULL, STEPS, LOSS, .training = true, .held_out = true}};
    char title[80];
    curves c;

    snprintf(title, sizeof(title), "%s: test accuracy %.4f",
             r->o->example->name, r->test.accuracy);
    outcome_curves(r, &c, title, views, 2);
    const int code = chart_save(path, &c.chart);
    curves_free(&c);
    return code;
}

static int save_confusion(const outcome *r, const char *path)
{
    char title[80];

    snprintf(title, sizeof(title), "%s: test accuracy %.4f",
             r->o->example->name, r->test.accuracy);
    return confusion_save(
        path, &(confusion){title, r->test.classes, r->test.confusion});
}

static int save_filters(const outcome *r, const char *path)
{
    pictures p;

    if (!pictures_of_filters(&p, r->net)) {
        warn("%s is not written: the first layer has no filters to show", path);
        return EX_DATAERR;
    }
    const int code = tiles_save(path, &p.tiles);
    pictures_free(&p);
    return code;
}

static int save_mistakes(const outcome *r, const char *path)
{
    pictures p;

    pictures_of_mistakes(&p, r->data->test, &r->o->example->pixels, &r->test,
                         40);
    const int code = tiles_save(path, &p.tiles);
    pictures_free(&p);
    return code;
}

int outcome_save(const outcome *r)
{
    const example_options *o = r->o;
    const struct {
        const char *what, *path;
        int (*save)(const outcome *r, const char *path);
    } files[] = {
        {"plot", o->plot, save_plot},
        {"confusion matrix", o->confusion, save_confusion},
        {"filters", o->filters, save_filters},
        {"mistakes", o->mistakes, save_mistakes},
        {"report", o->report, outcome_report},
    };
    int code = 0;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (files[i].path == NULL)
            continue;
        const int failed = files[i].save(r, files[i].path);
        if (failed == 0)
            printf("%s: %s\n", files[i].what, files[i].path);
        code = worse(code, failed);
    }
    return code;
}
