#include "bench/beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/times.h"

/* Losses that are compared. */
#define LOSSES 50

static void name_of(char path[4096], const beside *b, const char *file)
{
    snprintf(path, 4096, "%s/%s", b->folder, file);
}

static cnn_dataset *load(const beside *b)
{
    char images[4096], labels[4096];

    name_of(images, b, "images");
    name_of(labels, b, "labels");
    cnn_dataset *data = cnn_dataset_load(images, labels, NULL);
    if (data == NULL)
        bench_fail("dataset");
    return data;
}

/* The network, saved before anything is done with it. With the file goes the
 * learning rate. */
static cnn_net *make(const beside *b)
{
    char file[64], path[4096], lr[32];
    cnn_net *net;

    if (b->network->classic || cnn_set_num_threads(b->threads) != CNN_OK) {
        fprintf(stderr, "bench: --beside is not for %s\n", b->network->name);
        exit(64);
    }
    net = network_build(b->network, &(network_size){b->batch, 28, 1});
    snprintf(file, sizeof(file), "%s.safetensors", b->network->name);
    name_of(path, b, file);
    snprintf(lr, sizeof(lr), "%.9g", (double)b->network->lr);
    if (cnn_net_set_metadata(net, "lr", lr) != CNN_OK ||
        cnn_net_save(net, path) != CNN_OK)
        bench_fail(path);
    return net;
}

static void print_times(times t)
{
    printf("\"ms\": {\"min\": %.6f, \"median\": %.6f}}\n", 1e3 * t.min,
           1e3 * t.median);
}

void beside_train(const beside *b)
{
    const cnn_trainer_options options = {.struct_size = sizeof(options),
                                         .flags = CNN_NO_SHUFFLE};
    cnn_net *net = make(b);
    cnn_dataset *data = load(b);
    cnn_optim *sgd = cnn_sgd_create(b->network->lr, NULL);
    cnn_trainer *trainer = cnn_trainer_create(net, sgd, data, &options);
    double *seconds = bench_alloc((size_t)b->rounds * sizeof(*seconds));
    struct rusage usage;

    if (trainer == NULL)
        bench_fail("trainer");
    printf("{\"build\": %s, \"losses\": [", cnn_build_info());
    for (int i = 0; i < b->rounds; i++) {
        cnn_metrics m;
        const double start = bench_now();

        if (cnn_trainer_step(trainer, &m) != CNN_OK)
            bench_fail("step");
        seconds[i] = bench_now() - start;
        if (i < LOSSES)
            printf("%s%.9g", i > 0 ? ", " : "", m.loss);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("], \"resident_mb\": %.1f, ", (double)usage.ru_maxrss / 1024.0);
    print_times(times_of(seconds, b->rounds));
    free(seconds);
    cnn_trainer_free(trainer);
    cnn_optim_free(sgd);
    cnn_dataset_free(data);
    cnn_net_free(net);
}

/* ----------------------------------------------------------- predict --- */

typedef struct prediction {
    cnn_net *net;
    int32_t batch;
    float *x, *y;
} prediction;

static void predict(void *data)
{
    prediction *p = data;

    if (cnn_net_predict(p->net, p->batch, p->x, p->y) != CNN_OK)
        bench_fail("predict");
}

static void write_outputs(const beside *b, const float *y, size_t count)
{
    char file[64], path[4096];

    snprintf(file, sizeof(file), "%s.outputs", b->network->name);
    name_of(path, b, file);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(y, sizeof(*y), count, f) != count ||
        fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

void beside_predict(const beside *b)
{
    const size_t N = (size_t)b->batch;
    cnn_net *net = make(b);
    cnn_dataset *data = load(b);
    prediction p = {.net = net,
                    .batch = b->batch,
                    .x = bench_alloc(N * 28 * 28 * sizeof(float)),
                    .y = bench_alloc(N * 10 * sizeof(float))};

    if (cnn_dataset_read(data, b->batch, NULL, p.x, NULL) != CNN_OK)
        bench_fail("images");
    predict(&p);
    write_outputs(b, p.y, N * 10);
    printf("{\"build\": %s, ", cnn_build_info());
    print_times(times_measure(predict, &p, b->rounds));
    free(p.y);
    free(p.x);
    cnn_dataset_free(data);
    cnn_net_free(net);
}
