/* Where the time of a training step goes. */
#ifndef BENCH_SPLIT_H
#define BENCH_SPLIT_H

#include "bench/times.h"
#include "cnn/cnn.h"

/* What the time is spent on: split_names says it in words. */
enum {
    IM2COL,
    SGEMM,
    COL2IM,
    DIRECT,
    WINOGRAD,
    CONVOLUTION,
    DENSE,
    ELEMENTWISE,
    POOLING,
    LOSS,
    UPDATE,
    OTHER,
    WAITING,
    PARTS
};
extern const char *const split_names[PARTS];

#define SPLIT_LAYERS 16

typedef struct split {
    double wall;         /* seconds of one call, while they are counted */
    double parts[PARTS]; /* seconds of all threads together */
    int layers;
    struct {
        const char *kind;
        double forward, backward; /* seconds until the call goes on */
    } layer[SPLIT_LAYERS];
} split;

/* Calls `call`, which runs the net on so many threads, `rounds` times, and
 * splits the fastest. */
split split_measure(cnn_net *net, timed_call call, void *data, int rounds,
                    int threads);

#endif
