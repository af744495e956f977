/* The networks that are measured: those of the examples, on random images. */
#ifndef BENCH_NETWORKS_H
#define BENCH_NETWORKS_H

#include <stdbool.h>

#include "cnn/cnn.h"

typedef struct network {
    const char *name;
    bool classic;       /* that of 1998; else all that follows: */
    int32_t filters[3]; /* 0: no third convolution */
    int32_t units;
    int32_t activation;
    float scale; /* of the initial weights */
    float lr;    /* so small that two programs stay together on random images */
} network;

extern const network networks[];
extern const int network_count;

/* NULL if there is none of that name. */
const network *network_find(const char *name);

/* How large to build it. */
typedef struct network_size {
    int32_t batch;
    int32_t side;  /* of the images; the classic one's is always 32 */
    int32_t width; /* times as many filters; nothing to the classic one */
} network_size;

/* A network that is built, to be freed with cnn_net_free(). */
cnn_net *network_build(const network *n, const network_size *size);

/* Floating-point operations of one sample, two for each multiply-add: of a
 * forward pass, and of a training step, which needs the gradients of all
 * weights, and of all inputs but those of the first layer that has weights. */
double network_forward_flop(cnn_net *net);
double network_step_flop(cnn_net *net);

/* Random images and labels of a built net, to be freed with free(). */
float *network_images(const cnn_net *net, int32_t count);
int32_t *network_labels(const cnn_net *net, int32_t count);

#endif
