#include "programs/comparison_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages/curves.h"
#include "pages/page.h"
#include "support/csv.h"
#include "support/failure.h"
#include "support/output.h"

void rows_print_head(void)
{
    printf("%-10s %-12s %10s %12s %9s %6s %9s\n", "varied", "value",
           "parameters", "multiply-add", "ms a step", "steps", "accuracy");
    fflush(stdout);
}

void rows_print(const row *r)
{
    const trial *t = r->trial;

    printf("%-10s %-12s %10lld %12lld %9.2f %6lld %9.4f%s\n",
           r->variation->name, r->value->name, (long long)t->costs.params,
           (long long)t->costs.multiply_adds, t->step_ms, (long long)t->steps,
           t->accuracy, t->diverged ? "  then not finite" : "");
    fflush(stdout);
}

int rows_save_csv(const rows *all, const char *path)
{
    GString *table =
        g_string_new("varied,value,optimizer,lr,batch,parameters,multiply_adds,"
                     "ms_per_step,steps,seconds,test_accuracy,diverged\n");

    for (int i = 0; i < all->count; i++) {
        const row *r = &all->rows[i];
        const trial *t = r->trial;

        csv_field(table, "%s", r->variation->name);
        csv_field(table, "%s", r->value->name);
        csv_field(table, "%s", t->recipe.optimizer);
        csv_field(table, "%g", (double)t->recipe.lr);
        csv_field(table, "%d", (int)t->recipe.batch);
        csv_field(table, "%lld", (long long)t->costs.params);
        csv_field(table, "%lld", (long long)t->costs.multiply_adds);
        csv_field(table, "%.4f", t->step_ms);
        csv_field(table, "%lld", (long long)t->steps);
        csv_field(table, "%.4f", t->seconds);
        csv_field(table, "%.4f", t->accuracy);
        csv_field(table, "%d", t->diverged);
        csv_end(table);
    }
    return output_file(path, table);
}

/* The rows of one variation, from `first` on. */
static int group(const rows *all, int first)
{
    int n = 1;

    while (first + n < all->count &&
           all->rows[first + n].variation == all->rows[first].variation)
        n++;
    return n;
}

static void make_curves(const rows *all, int first, int n, curves *c,
                        const char *title, const view *views, size_t count)
{
    run runs[MOST_VALUES];

    for (int i = 0; i < n; i++) {
        const row *r = &all->rows[first + i];
        runs[i] = (run){r->value->name, &r->trial->history, false};
    }
    curves_create(c, title, runs, (size_t)n, views, count);
}

int rows_save_plot(const rows *all, const char *path)
{
    curves *groups = allocate((size_t)all->count + 1, sizeof(*groups));
    panel *panels = allocate((size_t)all->count + 1, sizeof(*panels));
    size_t count = 0;

    for (int i = 0; i < all->count; i += group(all, i)) {
        const view over_steps = {all->rows[i].variation->name, STEPS, ACCURACY,
                                 true, false};
        make_curves(all, i, group(all, i), &groups[count], NULL, &over_steps,
                    1);
        panels[count] = groups[count].panels[0];
        count++;
    }
    const int code =
        chart_save(path, &(chart){"training accuracy", panels, count});
    while (count > 0)
        curves_free(&groups[--count]);
    free(groups);
    free(panels);
    return code;
}

enum { COLUMNS = 7, CELL = 32 };

/* The table of one group. */
static void add_table(page *p, const rows *all, int first, int n)
{
    static const char *const head[COLUMNS] = {
        "",      "parameters", "multiply-adds", "ms a step",
        "steps", "seconds",    "test accuracy"};
    char text[MOST_VALUES][COLUMNS][CELL];
    const char *cells[(MOST_VALUES + 1) * COLUMNS];

    memcpy(cells, head, sizeof(head));
    for (int i = 0; i < n; i++) {
        const row *r = &all->rows[first + i];
        const trial *t = r->trial;

        snprintf(text[i][0], CELL, "%s", r->value->name);
        snprintf(text[i][1], CELL, "%lld", (long long)t->costs.params);
        snprintf(text[i][2], CELL, "%lld", (long long)t->costs.multiply_adds);
        snprintf(text[i][3], CELL, "%.2f", t->step_ms);
        snprintf(text[i][4], CELL, "%lld%s", (long long)t->steps,
                 t->diverged ? ", then not finite" : "");
        snprintf(text[i][5], CELL, "%.2f", t->seconds);
        snprintf(text[i][6], CELL, "%.4f", t->accuracy);
        for (int k = 0; k < COLUMNS; k++)
            cells[(i + 1) * COLUMNS + k] = text[i][k];
    }
    page_table(p, COLUMNS, (size_t)n + 1, cells);
}

int rows_save_report(const rows *all, const char *path)
{
    static const view views[] = {{"over steps", STEPS, ACCURACY, true, false},
                                 {"over time", SECONDS, ACCURACY, true, false}};
    page *p = page_open(path, all->of->name, all->of->about);
    char title[80];
    curves c;

    for (int i = 0; i < all->count; i += group(all, i)) {
        const variation *v = all->rows[i].variation;

        snprintf(title, sizeof(title), "Varying: %s", v->name);
        page_section(p, title);
        page_text(p, "%s", v->about);
        make_curves(all, i, group(all, i), &c, NULL, views, 2);
        page_chart(p, "accuracy on the images that are trained on", &c.chart);
        curves_free(&c);
        add_table(p, all, i, group(all, i));
    }
    if (all->count > 0) {
        const recipe *r = &all->rows[0].trial->recipe;

        page_section(p, "Settings");
        page_fact(p, "batch", "%d images", (int)r->batch);
        page_fact(p, "optimiser", "%s, where it is not varied", r->optimizer);
        page_fact(p, "seed", "%u", (unsigned)all->run->seed);
        page_fact(p, "threads", "%d", (int)cnn_num_threads());
        page_fact(p, "images", "%s", all->data->source);
        page_listing(p, cnn_build_info());
    }
    return page_close(p);
}
