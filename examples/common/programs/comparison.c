#include "programs/comparison.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/comparison_rows.h"
#include "running/interrupt.h"
#include "support/failure.h"
#include "support/output.h"
#include "support/ranks.h"

enum { VARY = 2048, CSV, PLOT, REPORT };

/* clang-format off */
static const struct argp_option options[] = {
    {0, 0, 0, 0, "Comparing:", 2},
    {"vary", VARY, "NAMES", 0, "what to vary, with commas [everything]: "
     "width, layers, activation, lr, optimizer", 0},
    {"csv", CSV, "FILE", 0, "write the table", 0},
    {"plot", PLOT, "FILE", 0, "draw the curves, as .png or .svg", 0},
    {"report", REPORT, "FILE.html", 0, "write table and curves as one page",
     0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

typedef struct settings {
    const comparison *of;
    run_options run;
    recipe_options changes;
    bool *chosen; /* of the variations */
    const char *csv, *plot, *report;
} settings;

static void choose(settings *s, char *names, struct argp_state *state)
{
    for (char *name; (name = strsep(&names, ",")) != NULL;) {
        int i = 0;

        while (i < s->of->count && strcmp(s->of->variations[i].name, name) != 0)
            i++;
        if (i == s->of->count)
            argp_error(state,
                       "--vary '%s': expected width, layers, "
                       "activation, lr or optimizer",
                       name);
        else
            s->chosen[i] = true;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    settings *s = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &s->changes;
        state->child_inputs[1] = &s->run;
        break;
    case VARY:
        choose(s, arg, state);
        break;
    case CSV:
        s->csv = arg;
        break;
    case PLOT:
        s->plot = option_picture(state, "plot", arg);
        break;
    case REPORT:
        s->report = option_page(state, "report", arg);
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': expected options only", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ------------------------------------------------------ configurations --- */

static configuration apply(const configuration *base,
                           const configuration *change)
{
    configuration c = *base;

    if (change->width[0] > 0)
        memcpy(c.width, change->width, sizeof(c.width));
    if (change->layers > 0)
        c.layers = change->layers;
    if (change->activation != NONE)
        c.activation = change->activation;
    if (change->optimizer != NULL)
        c.optimizer = change->optimizer;
    if (change->lr > 0)
        c.lr = change->lr;
    if (change->lr_factor > 0)
        c.lr_factor = change->lr_factor;
    return c;
}

static recipe make_recipe(const configuration *c, const recipe *base)
{
    recipe r = *base;

    if (c->optimizer != NULL)
        r.optimizer = c->optimizer;
    if (c->lr > 0)
        r.lr = c->lr;
    if (c->lr_factor > 0)
        r.lr *= c->lr_factor;
    return r;
}

static bool same(const row *a, const row *b)
{
    const configuration *x = &a->configuration, *y = &b->configuration;
    const recipe *r = &a->trial->recipe, *s = &b->trial->recipe;

    return memcmp(x->width, y->width, sizeof(x->width)) == 0 &&
           x->layers == y->layers && x->activation == y->activation &&
           strcmp(r->optimizer, s->optimizer) == 0 && !(r->lr < s->lr) &&
           !(r->lr > s->lr);
}

static void add_row(rows *all, const variation *v, const configuration *value,
                    const recipe *base)
{
    row *r = &all->rows[all->count];

    *r = (row){.variation = v,
               .value = value,
               .configuration = apply(all->of->base, value),
               .trial = allocate(1, sizeof(trial)),
               .owned = true};
    *r->trial = (trial){.recipe = make_recipe(&r->configuration, base)};
    snprintf(r->trial->name, sizeof(r->trial->name), "%s %s", v->name,
             value->name);
    for (int i = 0; i < all->count && r->owned; i++)
        if (same(&all->rows[i], r)) {
            free(r->trial);
            r->trial = all->rows[i].trial;
            r->owned = false;
        }
    all->count++;
}

static void make_rows(rows *all, const settings *s)
{
    const comparison *c = s->of;
    const recipe base = recipe_choose(&s->changes, c->as_published, c->tuned);
    bool everything = true;

    for (int i = 0; i < c->count; i++)
        everything = everything && !s->chosen[i];
    all->rows = allocate((size_t)c->count * MOST_VALUES, sizeof(row));
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < MOST_VALUES && (everything || s->chosen[i]) &&
                        c->variations[i].values[k].name != NULL;
             k++)
            add_row(all, &c->variations[i], &c->variations[i].values[k], &base);
}

/* ------------------------------------------------------------ running --- */

/* Trains all rows. After Ctrl-C only the rows before it are left. */
static int run_rows(rows *all)
{
    rows_print_head();
    for (int i = 0; i < all->count; i++) {
        row *r = &all->rows[i];

        if (r->owned) {
            r->trial->net =
                all->of->network(&r->configuration, &r->trial->recipe);
            trial_run(r->trial, all->data, all->run);
            trial_free_net(r->trial);
        }
        if (r->trial->stopped) {
            all->count = i;
            warn("stopped in %s; what came before it is kept", r->trial->name);
            break;
        }
        rows_print(r);
        if (interrupt_agreed() != 0) {
            all->count = i + 1;
            warn("stopped after %s", r->trial->name);
        }
    }
    return interrupt_signal() != 0 ? 128 + interrupt_signal() : 0;
}

static void free_rows(rows *all, int count)
{
    for (int i = 0; i < count; i++)
        if (all->rows[i].owned) {
            trial_free(all->rows[i].trial);
            free(all->rows[i].trial);
        }
    free(all->rows);
}

static int save(const rows *all, const char *what, const char *path,
                int (*write)(const rows *all, const char *path), int code)
{
    if (path == NULL || !ranks_first())
        return code;
    const int failed = write(all, path);
    if (failed == 0)
        printf("%s: %s\n", what, path);
    return worse(code, failed);
}

static int compare(const settings *s)
{
    rows all = {.of = s->of, .run = &s->run};
    data d;

    make_rows(&all, s);
    options_start(&s->run);
    data_find(&d, s->run.data, &(pixels){0},
              all.rows[0].trial->recipe.hold_out);
    data_print(&d);
    all.data = &d;
    const int count = all.count;
    interrupt_waits(true);
    int code = run_rows(&all);
    interrupt_waits(false);
    code = save(&all, "table", s->csv, rows_save_csv, code);
    code = save(&all, "plot", s->plot, rows_save_plot, code);
    code = save(&all, "report", s->report, rows_save_report, code);
    free_rows(&all, count);
    data_free(&d);
    return code;
}

static void check_paths(const settings *s)
{
    if (s->csv != NULL)
        check_output_or_device(s->csv);
    if (s->plot != NULL)
        check_output(s->plot);
    if (s->report != NULL)
        check_output(s->report);
}

int comparison_main(const comparison *c, int argc, char **argv)
{
    const struct argp_child children[] = {
        {&recipe_argp, 0, "Training:", 1}, {&run_argp, 0, "Running:", 3}, {0}};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = c->about,
                              .children = children};
    settings s = {.of = c, .chosen = allocate((size_t)c->count, sizeof(bool))};

    ranks_start(&argc, &argv);
    options_parse(&argp, &s.run, argc, argv, &s);
    if (ranks_first())
        check_paths(&s);
    const int code = compare(&s);
    free(s.chosen);
    return worse(code, close_output());
}
