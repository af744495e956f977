/* Measures libcnn on this machine; docs/performance.md says what the figures
 * mean. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/beside.h"
#include "bench/growth.h"
#include "bench/layers_of.h"
#include "bench/reading.h"
#include "bench/record.h"
#include "bench/rows.h"

#define MOST 12 /* values in a list */

enum {
    NETWORKS = 256,
    THREADS,
    BATCH,
    ROUNDS,
    JSON,
    CHECK,
    LAYERS,
    LAYERS_OF,
    GROWTH,
    READING,
    BESIDE
};

typedef struct settings {
    const network *networks[MOST];
    int32_t threads[MOST], batch[MOST];
    int network_count, thread_count, batch_count;
    int32_t rounds;
    const char *json, *check;
    bool growth, layers, reading;
    const char *beside, *folder, *layers_of;
} settings;

/* clang-format off */
static const struct argp_option table[] = {
    {"networks", NETWORKS, "NAME,...", 0,
     "relu, sigmoid, wide, classic [all]", 0},
    {"threads", THREADS, "N,...", 0, "[1,2]", 0},
    {"batch", BATCH, "N,...", 0, "images at a time [1,32,200]", 0},
    {"rounds", ROUNDS, "N", 0, "samples of each time [20]", 0},
    {"json", JSON, "FILE", 0, "write all figures to FILE", 0},
    {"check", CHECK, "FILE", 0,
     "say what has become slower since FILE was written by --json", 0},
    {"layers", LAYERS, 0, 0, "show the time of each layer", 0},
    {"layers-of", LAYERS_OF, "NAME,...", 0,
     "instead: single convolutions of resnet, vgg, mobilenet, lenet, or those "
     "with such a text in their name, on one thread", 0},
    {"growth", GROWTH, 0, 0,
     "instead: does cost grow faster than work? over batch, filters, side and "
     "threads, for the first network", 0},
    {"reading", READING, 0, 0,
     "instead: train from a dataset in memory, and from one that a function "
     "reads", 0},
    {"beside", BESIDE, "train|predict", 0,
     "instead: be one side of a comparison, in FOLDER, for the first network, "
     "number of threads and batch (tests/bench/against_*.py)", 0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

static int32_t whole(struct argp_state *state, const char *text, int32_t most)
{
    char *end;
    const long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < 1 || value > most)
        argp_error(state, "'%s': expected a whole number from 1 to %d", text,
                   most);
    return (int32_t)value;
}

static int whole_list(struct argp_state *state, char *text, int32_t most,
                      int32_t values[MOST])
{
    int count = 0;

    for (char *at = strtok(text, ","); at != NULL; at = strtok(NULL, ",")) {
        if (count == MOST)
            argp_error(state, "at most %d values", MOST);
        values[count++] = whole(state, at, most);
    }
    if (count == 0)
        argp_error(state, "expected a number");
    return count;
}

static void network_list(struct argp_state *state, char *text, settings *s)
{
    s->network_count = 0;
    for (char *at = strtok(text, ","); at != NULL; at = strtok(NULL, ",")) {
        const network *n = network_find(at);

        if (n == NULL || s->network_count == MOST)
            argp_error(state, "'%s': no such network, or too many", at);
        s->networks[s->network_count++] = n;
    }
    if (s->network_count == 0)
        argp_error(state, "expected a network");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    settings *s = state->input;

    switch (key) {
    case NETWORKS:
        network_list(state, arg, s);
        break;
    case THREADS:
        s->thread_count = whole_list(state, arg, CNN_MAX_THREADS, s->threads);
        break;
    case BATCH:
        s->batch_count = whole_list(state, arg, 10000, s->batch);
        break;
    case ROUNDS:
        s->rounds = whole(state, arg, 100000);
        break;
    case JSON:
        s->json = arg;
        break;
    case CHECK:
        s->check = arg;
        break;
    case GROWTH:
        s->growth = true;
        break;
    case READING:
        s->reading = true;
        break;
    case LAYERS:
        s->layers = true;
        break;
    case LAYERS_OF:
        s->layers_of = arg;
        break;
    case BESIDE:
        if (strcmp(arg, "train") != 0 && strcmp(arg, "predict") != 0)
            argp_error(state, "--beside '%s': expected train or predict", arg);
        s->beside = arg;
        break;
    case ARGP_KEY_ARG:
        if (s->beside == NULL || s->folder != NULL)
            argp_error(state, "'%s': one argument, after --beside only", arg);
        s->folder = arg;
        break;
    case ARGP_KEY_END:
        if (s->beside != NULL && s->folder == NULL)
            argp_error(state, "--beside: FOLDER is missing");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ------------------------------------------------------------- modes --- */

static void run_beside(const settings *s)
{
    const beside b = {.folder = s->folder,
                      .network = s->networks[0],
                      .threads = s->threads[0],
                      .batch = s->batch[0],
                      .rounds = s->rounds};

    if (strcmp(s->beside, "train") == 0)
        beside_train(&b);
    else
        beside_predict(&b);
}

static void run_growth(const settings *s)
{
    growth all[GROWTHS];

    growth_measure(all, s->networks[0], s->rounds);
    const rows none = {.peak = times_sgemm_peak()};
    rows_print_machine(none.peak);
    growth_print(all);
    if (s->json != NULL)
        record_write(s->json, &none, all);
    growth_free(all);
}

static void run_layers_of(const settings *s)
{
    if (!layers_of(s->layers_of, s->rounds, s->json)) {
        fprintf(stderr, "bench: '%s': no such convolution\n", s->layers_of);
        exit(64);
    }
}

static void run_reading(const settings *s)
{
    rows_print_machine(times_sgemm_peak());
    reading_print_head();
    for (int n = 0; n < s->network_count; n++)
        for (int t = 0; t < s->thread_count; t++)
            for (int b = 0; b < s->batch_count; b++)
                reading_print(s->networks[n], s->threads[t], s->batch[b],
                              s->rounds);
}

/* All networks, threads and batches, in this order. */
static void run_rows(const settings *s)
{
    rows all = {bench_alloc(sizeof(row) * MOST * MOST * MOST), 0, 0.0};

    for (int n = 0; n < s->network_count; n++)
        for (int t = 0; t < s->thread_count; t++)
            for (int b = 0; b < s->batch_count; b++) {
                row *r = &all.rows[all.count++];

                *r = (row){.network = s->networks[n],
                           .threads = s->threads[t],
                           .size = {s->batch[b], 28, 1}};
                all.peak = times_sgemm_peak();
                fprintf(stderr, "bench: %s, threads %d, batch %d\n",
                        r->network->name, r->threads, r->size.batch);
                row_measure(r, s->rounds, true);
            }
    all.peak = times_sgemm_peak();
    rows_print_machine(all.peak);
    rows_print(&all);
    rows_print_splits(&all);
    if (s->layers)
        rows_print_layers(&all);
    if (s->json != NULL)
        record_write(s->json, &all, NULL);
    if (s->check != NULL)
        record_check(s->check, &all);
    free(all.rows);
}

int main(int argc, char **argv)
{
    const struct argp argp = {
        table,
        parse,
        "[FOLDER]",
        "Measures training steps and forward passes of libcnn on random "
        "images.\vdocs/performance.md says what the figures mean.",
        NULL,
        NULL,
        NULL};
    settings s = {.threads = {1, 2},
                  .thread_count = 2,
                  .batch = {1, 32, 200},
                  .batch_count = 3,
                  .rounds = 20};

    argp_parse(&argp, argc, argv, 0, NULL, &s);
    if (s.network_count == 0) {
        s.network_count = network_count;
        for (int i = 0; i < s.network_count; i++)
            s.networks[i] = &networks[i];
    }
    if (s.beside != NULL)
        run_beside(&s);
    else if (s.layers_of != NULL)
        run_layers_of(&s);
    else if (s.growth)
        run_growth(&s);
    else if (s.reading)
        run_reading(&s);
    else
        run_rows(&s);
    return 0;
}
