#include "bench/record.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------- writing --- */

/* jansson's "f" takes a double, "o" takes the object over. */
static json_t *times_json(const row *r, double flop, const times *t,
                          double peak)
{
    return json_pack("{s:f, s:f, s:f, s:f}", "min_ms", 1e3 * t->min,
                     "median_ms", 1e3 * t->median, "gflop", 1e-9 * flop, "E",
                     row_share(r, flop, t, peak));
}

static json_t *split_json(const split *s)
{
    json_t *json = json_object();

    for (int i = 0; i < PARTS; i++)
        json_object_set_new(json, split_names[i], json_real(1e3 * s->parts[i]));
    return json_pack("{s:f, s:o}", "wall_ms", 1e3 * s->wall, "parts_ms", json);
}

static json_t *layers_json(const split *s)
{
    json_t *json = json_array();

    for (int i = 0; i < s->layers; i++)
        json_array_append_new(
            json, json_pack("{s:s, s:f, s:f}", "kind", s->layer[i].kind,
                            "forward_ms", 1e3 * s->layer[i].forward,
                            "backward_ms", 1e3 * s->layer[i].backward));
    return json;
}

static json_t *row_json(const row *r, double peak)
{
    json_t *json =
        json_pack("{s:s, s:i, s:i, s:i, s:i, s:o, s:o}", "network",
                  r->network->name, "threads", r->threads, "batch",
                  r->size.batch, "side", r->size.side, "width", r->size.width,
                  "step", times_json(r, r->step_flop, &r->step, peak),
                  "forward", times_json(r, r->forward_flop, &r->forward, peak));

    if (r->split.wall > 0.0) {
        json_object_set_new(json, "split", split_json(&r->split));
        json_object_set_new(json, "layers", layers_json(&r->split));
    }
    return json;
}

static json_t *rows_json(const rows *all)
{
    json_t *json = json_array();

    for (int i = 0; i < all->count; i++)
        json_array_append_new(json, row_json(&all->rows[i], all->peak));
    return json;
}

static json_t *growths_json(const growth *growths)
{
    json_t *json = json_array();

    for (int k = 0; k < GROWTHS; k++) {
        json_t *series = rows_json(&growths[k].rows);

        for (int i = 0; i < growths[k].rows.count; i++)
            json_object_set_new(json_array_get(series, (size_t)i), "ratio",
                                json_real(growth_ratio(&growths[k], i)));
        json_array_append_new(json, json_pack("{s:s, s:o}", "grows",
                                              growths[k].name, "rows", series));
    }
    return json;
}

#define FORM (JSON_REAL_PRECISION(6) | JSON_ENCODE_ANY)

/* An element of a list to a line, so that two files can be compared. */
static void dump(json_t *json, FILE *f)
{
    const char *key, *comma = "";
    json_t *value, *element;
    size_t i;

    fputs("{", f);
    json_object_foreach(json, key, value)
    {
        fprintf(f, "%s\n\"%s\": ", comma, key);
        comma = ",";
        if (!json_is_array(value)) {
            json_dumpf(value, f, FORM);
            continue;
        }
        fputs("[", f);
        json_array_foreach(value, i, element)
        {
            fputs(i > 0 ? ",\n " : "\n ", f);
            json_dumpf(element, f, FORM);
        }
        fputs("]", f);
    }
    fputs("\n}\n", f);
}

void record_write(const char *path, const rows *all, const growth *growths)
{
    double load = 0.0;
    json_t *build = json_loads(cnn_build_info(), 0, NULL);
    FILE *f = fopen(path, "w");

    getloadavg(&load, 1);
    json_t *json =
        json_pack("{s:o, s:f, s:f, s:o}", "build", build, "load", load,
                  "peak_gflops", all->peak, "rows", rows_json(all));
    if (growths != NULL)
        json_object_set_new(json, "growth", growths_json(growths));
    if (f != NULL && json != NULL)
        dump(json, f);
    if (json == NULL || f == NULL || ferror(f) != 0 || fclose(f) != 0) {
        fprintf(stderr, "bench: cannot write %s\n", path);
        exit(1);
    }
    json_decref(json);
}

/* ---------------------------------------------------------- checking --- */

#define SLOWER 1.15

static void refuse(const char *path, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", path, why);
    exit(1);
}

static void check_kernels(const char *path, json_t *json)
{
    static const char *const keys[] = {"blas", "blas_core", "kernels"};
    json_t *ours = json_loads(cnn_build_info(), 0, NULL);

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const json_t *then =
            json_object_get(json_object_get(json, "build"), keys[i]);

        if (then == NULL)
            refuse(path, "not written by --json");
        if (!json_equal(json_object_get(ours, keys[i]), then)) {
            fprintf(stderr, "bench: %s: \"%s\" there is \"%s\"\n", path,
                    keys[i], json_string_value(then));
            exit(1);
        }
    }
    json_decref(ours);
}

static bool same_row(json_t *json, const row *r)
{
    const char *name = json_string_value(json_object_get(json, "network"));

    return name != NULL && strcmp(name, r->network->name) == 0 &&
           json_integer_value(json_object_get(json, "threads")) == r->threads &&
           json_integer_value(json_object_get(json, "batch")) == r->size.batch;
}

static json_t *find_row(json_t *json, const row *r)
{
    json_t *all = json_object_get(json, "rows");

    for (size_t i = 0; i < json_array_size(all); i++)
        if (same_row(json_array_get(all, i), r))
            return json_array_get(all, i);
    return NULL;
}

/* Prints a line if it is slower; 1 if so. */
static int check_times(const row *r, const char *what, const times *t,
                       const json_t *then, double peaks)
{
    const json_t *min = json_object_get(json_object_get(then, what), "min_ms");
    const double ratio = 1e3 * t->min / json_number_value(min) * peaks;

    if (ratio <= SLOWER)
        return 0;
    printf("slower: %-8s threads %d batch %4d %-8s %.2f times\n",
           r->network->name, r->threads, r->size.batch, what, ratio);
    return 1;
}

int record_check(const char *path, const rows *all)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    int compared = 0, slower = 0;

    if (json == NULL)
        refuse(path, error.text);
    check_kernels(path, json);
    const double peaks =
        all->peak / json_number_value(json_object_get(json, "peak_gflops"));
    printf("\n");
    for (int i = 0; i < all->count; i++) {
        const row *r = &all->rows[i];
        const json_t *then = find_row(json, r);

        if (then == NULL)
            continue;
        compared++;
        slower += check_times(r, "step", &r->step, then, peaks);
        slower += check_times(r, "forward", &r->forward, then, peaks);
    }
    printf("%d of %d times are slower than in %s by more than %.0f %%\n",
           slower, 2 * compared, path, 100.0 * (SLOWER - 1.0));
    json_decref(json);
    return slower;
}
