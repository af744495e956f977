/* Gradients of parameters over a batch, as the sum of a fixed number
 * of partials. Each is over a fixed range of the batch, and they are added up
 * in a fixed order, so the bits do not depend on the number of threads. */
#ifndef CNN_LAYERS_PARTIALS_H
#define CNN_LAYERS_PARTIALS_H

#include <stddef.h>
#include <stdint.h>

/* One partial, over chunks first .. end - 1. */
typedef struct cnn__partial {
    int64_t first, end;
    int32_t worker;
    float *sum; /* zero at first */
} cnn__partial;

typedef struct cnn__partials {
    int64_t chunks; /* chunks of the batch */
    size_t floats;  /* floats of one sum; 0: `add` sums up nothing, and the
                       batch is cut as finely as it can */
    float *sums;    /* cnn__partials_floats() floats */
    void (*add)(void *data, const cnn__partial *partial);
    void *data;
} cnn__partials;

/* Floats of all partials, `floats` each, over `chunks` chunks. */
size_t cnn__partials_floats(int64_t chunks, size_t floats);

/* The most chunks of one partial. */
int64_t cnn__partial_most(int64_t chunks);

/* Calls `add` for each partial, then adds them up into the first one of
 * p->sums. */
void cnn__sum_partials(const cnn__partials *p, int32_t workers);

#endif
