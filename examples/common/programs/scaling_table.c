#include "programs/scaling_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/failure.h"

enum { LINKS = 3, MOST_RANKS = 1024, MOST_IMAGES = 999999 };

/* Latencies of programs that talk by TCP, and over 100 Gb/s by what such cards
 * have in its place: assumed, not measured. */
static const cnn_scaling_link links[LINKS] = {
    {.struct_size = sizeof(links[0]), .bandwidth = 1e9, .latency = 50e-6},
    {.struct_size = sizeof(links[0]), .bandwidth = 10e9, .latency = 20e-6},
    {.struct_size = sizeof(links[0]), .bandwidth = 100e9, .latency = 5e-6},
};

/* Pixels of noise, since what a step takes does not depend on them. */
static float *noise(size_t count)
{
    float *x = allocate(count, sizeof(float));
    uint32_t state = 1;

    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) * 0x1p-24f;
    }
    return x;
}

static cnn_scaling_machine measure(const cnn_net *net, const recipe *r,
                                   int32_t batch)
{
    cnn_scaling_machine m = {.struct_size = sizeof(m)};
    cnn_optim *optim = recipe_optimizer(r);
    int32_t *labels = allocate((size_t)batch, sizeof(int32_t));
    cnn_shape in;

    if (optim == NULL)
        check(cnn_last_status(), NULL);
    check(cnn_net_in_shape(net, &in), NULL);
    float *x =
        noise((size_t)batch * (size_t)in.c * (size_t)in.h * (size_t)in.w);
    for (int32_t i = 0; i < batch; i++)
        labels[i] = i % 10;
    check(cnn_scaling_measure(net, optim,
                              &(cnn_batch){.struct_size = sizeof(cnn_batch),
                                           .count = batch,
                                           .x = x,
                                           .labels = labels},
                              NULL, &m),
          NULL);
    free(x);
    free(labels);
    cnn_optim_free(optim);
    return m;
}

static void print_row(const cnn_scaling_machine *m, int32_t ranks,
                      int32_t batch)
{
    printf("%5d", (int)ranks);
    for (int i = 0; i < LINKS; i++) {
        cnn_scaling_prediction p = {.struct_size = sizeof(p)};

        check(cnn_scaling_predict(m, &links[i], ranks, batch, &p), NULL);
        printf(" %10.0f %4.0f %% ", p.samples, 100.0 * p.efficiency);
        if (p.batch_90 <= MOST_IMAGES)
            printf("%6lld", (long long)p.batch_90);
        else
            printf("%6s", "more");
    }
    putchar('\n');
}

/* The times of a step in which a rank waits for others. */
static void print_waits(const cnn_scaling_machine *m, int32_t ranks,
                        int32_t batch)
{
    printf("%5d", (int)ranks);
    for (int i = 0; i < LINKS; i++) {
        cnn_scaling_prediction p = {.struct_size = sizeof(p)};

        check(cnn_scaling_predict(m, &links[i], ranks, batch, &p), NULL);
        printf(" %21.3f ms", (p.exchange + p.sum) * 1e3);
    }
    putchar('\n');
}

static void print_head(void)
{
    printf("\n     ");
    for (int i = 0; i < LINKS; i++)
        printf("    %4g Gb/s, %2g us away", links[i].bandwidth * 1e-9,
               links[i].latency * 1e6);
    printf("\nranks");
    for (int i = 0; i < LINKS; i++)
        printf("   images/s   eff.   from");
    putchar('\n');
}

void scaling_table(const cnn_net *net, const recipe *r)
{
    const int32_t batch = r->batch > 1 ? r->batch : 2;
    const cnn_scaling_machine m = measure(net, r, batch);

    printf("this machine: %.3g us an image, %.3g ms a step (%.3g to update)\n",
           m.per_sample * 1e6, m.fixed * 1e3, m.update * 1e3);
    printf("%lld parameters: %.3g MB of gradients are added up in each step\n",
           (long long)m.params, (double)m.params * sizeof(float) * 1e-6);
    printf("predicted for %d images a rank and step, with latencies that are "
           "assumed:\n",
           (int)batch);
    print_head();
    for (int32_t ranks = 1; ranks <= MOST_RANKS; ranks *= 2)
        print_row(&m, ranks, batch);
    printf("\nof each step %.3f ms compute, and wait for other ranks:\n",
           (m.fixed + batch * m.per_sample) * 1e3);
    print_waits(&m, 2, batch);
    print_waits(&m, MOST_RANKS, batch);
    printf("\neff.: of so many times what one rank does. from: the images a "
           "rank and step\nfrom which it is 90 %% or more. What this leaves "
           "out: docs/scaling.md\n");
}
