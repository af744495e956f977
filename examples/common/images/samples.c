#include "images/samples.h"

#include <stdlib.h>
#include <string.h>

#include "support/failure.h"

static size_t floats(int64_t count, const cnn_shape *of)
{
    return (size_t)count * (size_t)of->c * (size_t)of->h * (size_t)of->w;
}

samples samples_open(int64_t count, cnn_shape in, cnn_shape out)
{
    samples s = {.count = count, .in = in, .out = out};

    s.x = allocate(floats(count, &in), sizeof(float));
    s.targets = allocate(floats(count, &out), sizeof(float));
    memset(s.targets, 0, floats(count, &out) * sizeof(float));
    return s;
}

void samples_wrap(samples *s)
{
    s->data = cnn_dataset_create(
        &(cnn_dataset_source){.struct_size = sizeof(cnn_dataset_source),
                              .count = s->count,
                              .shape = s->in,
                              .target_shape = s->out,
                              .floats = s->x,
                              .target_floats = s->targets},
        NULL);
    if (s->data == NULL)
        check(cnn_last_status(), NULL);
}

void samples_free(samples *s)
{
    cnn_dataset_free(s->data);
    free(s->x);
    free(s->targets);
}
