#include "bench/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/times.h"

enum { COUNT = 5000, IMAGES = 400 /* of a sample of the time */ };

/* Where the samples of a training come from. */
enum { MEMORY, AHEAD, NOT_AHEAD, WAYS };
static const int32_t read_ahead[WAYS] = {0, 2, -1};

typedef struct source {
    float *images; /* (COUNT, floats) */
    int32_t *labels;
    size_t floats;
    long wait; /* ns, before the reader answers */
} source;

static int32_t copy(void *user, cnn_read *rows)
{
    const source *s = user;
    const struct timespec wait = {s->wait / 1000000000, s->wait % 1000000000};

    if (s->wait > 0)
        nanosleep(&wait, NULL);
    for (int32_t i = 0; i < rows->count; i++) {
        const size_t n = (size_t)rows->index[i];

        if (rows->x != NULL)
            memcpy(rows->x + (size_t)i * s->floats, s->images + n * s->floats,
                   s->floats * sizeof(float));
        if (rows->labels != NULL)
            rows->labels[i] = s->labels[n];
    }
    return 0;
}

static void *made(void *object, const char *what)
{
    if (object == NULL)
        bench_fail(what);
    return object;
}

/* One way to train. */
typedef struct way {
    cnn_net *net;
    cnn_optim *optim;
    cnn_trainer *trainer;
} way;

static way open_way(const network *n, const cnn_dataset *data, int32_t batch,
                    int32_t ahead)
{
    const cnn_trainer_options options = {
        .struct_size = sizeof(options), .batch = batch, .read_ahead = ahead};
    way w = {.net = network_build(n, &(network_size){batch, 28, 1}),
             .optim = made(cnn_sgd_create(n->lr, NULL), "sgd")};

    w.trainer =
        made(cnn_trainer_create(w.net, w.optim, data, &options), "trainer");
    return w;
}

static void close_way(way *w)
{
    cnn_trainer_free(w->trainer);
    cnn_optim_free(w->optim);
    cnn_net_free(w->net);
}

/* Seconds of a step, the mean of `steps`. */
static double step_time(const way *w, int32_t steps)
{
    const double start = bench_now();

    if (cnn_trainer_run(w->trainer, steps, NULL, NULL) != CNN_OK)
        bench_fail("trainer_run");
    return (bench_now() - start) / steps;
}

/* The ways in turn, so that what else runs meets them alike. */
static void measure(const way ways[WAYS], int32_t steps, int32_t rounds,
                    times found[WAYS])
{
    double *all = bench_alloc((size_t)(WAYS * rounds) * sizeof(double));

    for (int32_t i = -1; i < rounds; i++)
        for (int k = 0; k < WAYS; k++) {
            const double seconds = step_time(&ways[k], steps);
            if (i >= 0)
                all[k * rounds + i] = seconds;
        }
    for (int k = 0; k < WAYS; k++)
        found[k] = times_of(all + k * rounds, rounds);
    free(all);
}

void reading_print_head(void)
{
    printf("A step from memory and from a reader that copies, ms; with a "
           "reader that waits:\n%-8s %7s %5s %8s %8s %6s %8s %8s %9s\n",
           "network", "threads", "batch", "memory", "reader", "ratio", "waits",
           "ahead", "not ahead");
}

void reading_print(const network *n, int32_t threads, int32_t batch,
                   int32_t rounds)
{
    const int32_t steps = batch < IMAGES ? IMAGES / batch : 1;
    way ways[WAYS];
    times t[WAYS];
    cnn_shape in;

    cnn_set_num_threads(threads);
    cnn_net *net = network_build(n, &(network_size){1, 28, 1});
    if (cnn_net_in_shape(net, &in) != CNN_OK)
        bench_fail("shape");
    source s = {.images = network_images(net, COUNT),
                .labels = network_labels(net, COUNT),
                .floats = (size_t)in.c * (size_t)in.h * (size_t)in.w};
    cnn_net_free(net);
    const cnn_dataset_reader reader = {.struct_size = sizeof(reader),
                                       .count = COUNT,
                                       .shape = in,
                                       .class_count = 10,
                                       .read = copy,
                                       .user = &s};
    cnn_dataset *memory = made(
        cnn_dataset_wrap_f32(&in, COUNT, s.images, s.labels, NULL), "dataset");
    cnn_dataset *read =
        made(cnn_dataset_create_callback(&reader, NULL), "dataset");

    for (int k = 0; k < WAYS; k++)
        ways[k] =
            open_way(n, k == MEMORY ? memory : read, batch, read_ahead[k]);
    measure(ways, steps, rounds, t);
    printf("%-8s %7d %5d %8.3f %8.3f %6.3f", n->name, threads, batch,
           1e3 * t[MEMORY].min, 1e3 * t[AHEAD].min,
           t[AHEAD].min / t[MEMORY].min);
    s.wait = (long)(0.9e9 * t[MEMORY].min);
    printf(" %8.3f", 1e-6 * (double)s.wait);
    measure(ways, steps, (rounds + 4) / 5, t);
    printf(" %8.3f %9.3f\n", 1e3 * t[AHEAD].min, 1e3 * t[NOT_AHEAD].min);
    for (int k = 0; k < WAYS; k++)
        close_way(&ways[k]);
    cnn_dataset_free(read);
    cnn_dataset_free(memory);
    free(s.images);
    free(s.labels);
}
