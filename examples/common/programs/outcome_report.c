/* The page of --report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages/page.h"
#include "pages/pictures.h"
#include "programs/command_line.h"
#include "programs/outcome.h"
#include "running/statistics.h"
#include "support/failure.h"

static void add_figures(page *p, const outcome *r)
{
    const training *t = r->training;

    page_figure(p, "test accuracy", "%.2f %%", 100 * r->test.accuracy);
    page_figure(p, "parameters", "%zu", cnn_net_param_count(r->net));
    if (t == NULL || t->history.step_count == 0)
        return;
    page_figure(p, "training time", "%.1f s", t->seconds);
    page_figure(p, "images per second", "%.0f",
                (double)t->history.step_count * t->recipe->batch / t->seconds);
}

static void add_recipe(page *p, const recipe *r)
{
    const cnn_augment_options *a = &r->augment;

    page_fact(p, "optimiser", "%s", r->optimizer);
    page_fact(p, "learning rate", "%g, %s", (double)r->lr,
              recipe_schedule_name(r));
    if (r->weight_decay > 0)
        page_fact(p, "weight decay", "%g", (double)r->weight_decay);
    if (r->clip_norm > 0)
        page_fact(p, "gradients at most", "%g", (double)r->clip_norm);
    page_fact(p, "loss", "%s over the batch",
              r->reduction == CNN_REDUCE_SUM ? "summed" : "mean");
    page_fact(p, "batch", "%d images", (int)r->batch);
    if (a->struct_size != 0)
        page_fact(p, "images changed by",
                  "shift %g pixels, rotation %g degrees, scale %g, shear %g, "
                  "elastic %g%s",
                  (double)a->shift, (double)a->rotation, (double)a->scale,
                  (double)a->shear, (double)a->elastic,
                  a->mirror != 0 ? "; every second one mirrored" : "");
}

static void add_settings(page *p, const outcome *r)
{
    GString *line = command_line(r->o->run.argv, NULL);

    page_section(p, "Settings");
    page_listing(p, line->str);
    g_string_free(line, TRUE);
    if (r->training != NULL) {
        add_recipe(p, r->training->recipe);
        page_fact(p, "steps", "%lld of %lld", (long long)r->training->done,
                  (long long)r->training->steps);
    }
    page_fact(p, "seed", "%u", (unsigned)r->o->run.seed);
    page_fact(p, "threads", "%d", (int)cnn_num_threads());
    page_fact(p, "images", "%s: %lld to train on, %lld to test",
              r->data->source, (long long)cnn_dataset_count(r->data->train),
              (long long)cnn_dataset_count(r->data->test));
    page_fact(p, "library", "libcnn %s", cnn_version_string());
    page_listing(p, cnn_build_info());
}

static void add_summary(page *p, cnn_net *net)
{
    char *text = summary_text(net, CNN_SUMMARY_TEXT);

    page_section(p, "Network");
    page_listing(p, text);
    free(text);
}

enum { TIMES = 200 };

/* A curve of the milliseconds of a step, over the steps. Each point is the
 * median of a few neighbouring steps. Returns the number of points. */
static size_t step_times(const history *h, double points[TIMES][2])
{
    const size_t n = h->step_count, share = (n + TIMES - 1) / TIMES;
    size_t count = 0;

    for (size_t i = 0; i < n; i += share) {
        const history part = {.step_seconds = h->step_seconds + i,
                              .step_count = n - i < share ? n - i : share};
        points[count][0] = (double)i;
        points[count++][1] = 1000 * history_step_quantile(&part, 0.5);
    }
    return count;
}

static void add_curves(page *p, const outcome *r)
{
    static const view views[] = {
        {"accuracy over steps", STEPS, ACCURACY, true, true},
        {"loss over steps", STEPS, LOSS, true, true},
        {"accuracy over time", SECONDS, ACCURACY, true, true}};
    const history *h = &r->training->history;
    double times[TIMES][2];
    const curve time = {
        .points = times, .count = step_times(h, times), .colour = 2};
    panel panels[4];
    curves c;

    page_section(p, "Training");
    outcome_curves(r, &c, NULL, views, 3);
    memcpy(panels, c.panels, 3 * sizeof(panel));
    panels[3] = (panel){.title = "time of a step",
                        .x = "steps",
                        .y = "milliseconds",
                        .curves = &time,
                        .count = 1};
    page_chart(p, NULL, &(chart){NULL, panels, 4});
    curves_free(&c);
    page_fact(p, "time of a step",
              "median %.3g ms; a tenth took less than %.3g ms, a tenth more "
              "than %.3g ms",
              1000 * history_step_quantile(h, 0.5),
              1000 * history_step_quantile(h, 0.1),
              1000 * history_step_quantile(h, 0.9));
}

static void add_test(page *p, const outcome *r)
{
    pictures pics;

    page_section(p, "Test");
    page_text(p, "%lld of %lld images are recognised.",
              (long long)r->test.metrics.correct,
              (long long)r->test.metrics.count);
    page_confusion(p, &(confusion){NULL, r->test.classes, r->test.confusion});
    if (r->test.mistake_count > 0) {
        page_section(p, "Worst mistakes");
        pictures_of_mistakes(&pics, r->data->test, &r->o->example->pixels,
                             &r->test, 40);
        pics.tiles.title = NULL;
        page_tiles(p, NULL, &pics.tiles);
        pictures_free(&pics);
    }
    if (pictures_of_filters(&pics, r->net)) {
        page_section(p, "Filters of the first layer");
        pics.tiles.title = NULL;
        page_tiles(p, "black: most negative weight, white: most positive",
                   &pics.tiles);
        pictures_free(&pics);
    }
}

int outcome_report(const outcome *r, const char *path)
{
    page *p = page_open(path, r->o->example->name, r->o->example->about);

    add_figures(p, r);
    if (r->training != NULL)
        add_curves(p, r);
    add_test(p, r);
    add_summary(p, r->net);
    add_settings(p, r);
    return page_close(p);
}
