/* Inputs and targets that a program makes itself, as a dataset. */
#ifndef EXAMPLES_SAMPLES_H
#define EXAMPLES_SAMPLES_H

#include <cnn/cnn.h>

typedef struct samples {
    int64_t count;
    cnn_shape in, out;
    float *x;          /* (count, in) */
    float *targets;    /* (count, out), zeros at first */
    cnn_dataset *data; /* over both, once there is one */
} samples;

/* Makes room for them. */
samples samples_open(int64_t count, cnn_shape in, cnn_shape out);

/* Makes the dataset, when the arrays are filled. */
void samples_wrap(samples *s);

void samples_free(samples *s);

#endif
