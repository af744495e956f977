/* Times training steps and forward passes of a bundled network, for comparison
 * with others: against_torch.py runs it. Prints one JSON object.
 *
 *     bench_step NETWORK THREADS STEPS IMAGES LABELS MODEL
 *
 * NETWORK is relu, sigmoid or wide; IMAGES and LABELS are IDX files of 28 x 28;
 * the initial parameters are written to MODEL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cnn/cnn.h"

#define BATCH 200

typedef struct network {
    const char *name;
    int32_t filters[3]; /* 0: no third convolution */
    int32_t units;
    int32_t activation;
    float scale; /* of the initial values */
    float lr;
} network;

/* Learning rates are small, so that random images do not lead two programs to
 * different places from the same rounding. */
static const network networks[] = {
    {"relu", {6, 16, 0}, 120, CNN_RELU, 0.1f, 1e-5f},
    {"sigmoid", {6, 16, 120}, 80, CNN_SIGMOID, 1.0f, 1e-4f},
    {"wide", {32, 64, 0}, 1024, CNN_RELU, 0.1f, 1e-6f},
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_step: %s: %s\n", what, cnn_last_error());
    exit(1);
}

static cnn_net *build(const network *n)
{
    const cnn_conv2d_options conv = {
        .struct_size = sizeof(conv),
        .padding = CNN_PAD_SAME,
        .weight_init = CNN_INIT_TRUNCATED_NORMAL,
        .weight_scale = n->scale,
        .bias_init = CNN_INIT_CONSTANT,
        .bias_scale = 0.1f,
    };
    const cnn_dense_options dense = {
        .struct_size = sizeof(dense),
        .weight_init = CNN_INIT_TRUNCATED_NORMAL,
        .weight_scale = n->scale,
        .bias_init = CNN_INIT_CONSTANT,
        .bias_scale = 0.1f,
    };
    cnn_net *net = cnn_net_create();

    for (int i = 0; i < 3 && n->filters[i] > 0; i++) {
        cnn_net_add(net, cnn_conv2d_create(n->filters[i], 5, 5, &conv));
        cnn_net_add(net, cnn_activation_create(n->activation, NULL));
        if (i < 2)
            cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    }
    cnn_net_add(net, cnn_dense_create(n->units, &dense));
    cnn_net_add(net, cnn_activation_create(n->activation, NULL));
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    cnn_net_set_loss(net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, CNN_REDUCE_SUM);
    if (cnn_net_build(net, &(cnn_shape){1, 28, 28}, BATCH, 1) != CNN_OK)
        fail("net");
    return net;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_times(const char *name, double *times, int count)
{
    qsort(times, (size_t)count, sizeof(*times), by_size);
    printf(", \"%s\": {\"min\": %.6f, \"median\": %.6f}", name, 1e3 * times[0],
           1e3 * times[count / 2]);
}

static void time_steps(cnn_trainer *trainer, double *times, int steps)
{
    printf("\"losses\": [");
    for (int i = 0; i < steps; i++) {
        cnn_metrics m;
        const double start = now();

        if (cnn_trainer_step(trainer, &m) != CNN_OK)
            fail("step");
        times[i] = now() - start;
        if (i < 50)
            printf("%s%.9g", i > 0 ? ", " : "", m.loss);
    }
    printf("]");
    print_times("step_ms", times, steps);
}

static void time_forward(cnn_net *net, const char *name, int32_t batch,
                         double *times, int count)
{
    float *x = calloc(BATCH * 784, sizeof(float));
    float *y = malloc(BATCH * 10 * sizeof(float));

    for (int i = 0; i < count; i++) {
        const double start = now();

        if (cnn_net_predict(net, batch, x, y) != CNN_OK)
            fail("predict");
        times[i] = now() - start;
    }
    print_times(name, times, count);
    free(x);
    free(y);
}

static const network *find(const char *name)
{
    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
        if (strcmp(networks[i].name, name) == 0)
            return &networks[i];
    fprintf(stderr, "bench_step: no network %s\n", name);
    exit(64);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: bench_step NETWORK THREADS STEPS IMAGES LABELS "
                        "MODEL\n");
        return 64;
    }
    const network *n = find(argv[1]);
    const int steps = atoi(argv[3]) > 0 ? atoi(argv[3]) : 1;
    const cnn_trainer_options options = {.struct_size = sizeof(options),
                                         .flags = CNN_NO_SHUFFLE};
    struct rusage usage;

    if (cnn_set_num_threads(atoi(argv[2])) != CNN_OK)
        fail("threads");
    cnn_net *net = build(n);
    cnn_optim *sgd = cnn_sgd_create(n->lr, NULL);
    cnn_dataset *data = cnn_dataset_load(argv[4], argv[5], NULL);
    cnn_trainer *trainer = cnn_trainer_create(net, sgd, data, &options);
    double *times = malloc((size_t)steps * sizeof(*times));
    if (trainer == NULL || times == NULL)
        fail("trainer");
    if (cnn_net_save(net, argv[6]) != CNN_OK)
        fail("model");
    printf("{\"network\": \"%s\", \"build\": %s, ", n->name, cnn_build_info());
    time_steps(trainer, times, steps);
    getrusage(RUSAGE_SELF, &usage);
    printf(", \"resident_mb\": %.1f", (double)usage.ru_maxrss / 1024.0);
    time_forward(net, "forward_ms", BATCH, times, steps);
    time_forward(net, "forward1_ms", 1, times, steps);
    printf("}\n");
    free(times);
    cnn_trainer_free(trainer);
    cnn_dataset_free(data);
    cnn_optim_free(sgd);
    cnn_net_free(net);
    return 0;
}
