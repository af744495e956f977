/* A reader of the program over arrays, and what tests want to know of it. */
#ifndef TESTS_SUPPORT_READING_H
#define TESTS_SUPPORT_READING_H

#include <stdatomic.h>

#include "cnn/reader.h"

/* Any of the arrays may be NULL. */
typedef struct row_reader {
    size_t pixels, target_floats; /* of a sample */
    const float *images, *targets, *weights;
    const int32_t *labels;
    atomic_llong calls, samples;         /* so far */
    atomic_llong fail_at;                /* sample that fails; -1: none */
    int32_t code;                        /* with this status, ... */
    const char *why;                     /* ... and this text */
    long wait_us;                        /* before each call */
    atomic_int inside, at_once;          /* threads in it now, and at most */
    void (*first)(struct row_reader *r); /* called by each call; may be NULL */
} row_reader;

/* To be handed on as `read` and `user`. */
int32_t row_reader_read(void *user, cnn_read *rows);

/* A dataset over it, of `count` samples. */
cnn_dataset_reader reader_over(row_reader *r, const cnn_shape *shape,
                               int64_t count, int32_t classes);
cnn_dataset *dataset_over(const cnn_dataset_reader *r);

/* Sleeps some milliseconds. */
void reading_sleep(long ms);

/* Until so many calls have begun, and nothing is in the reader. */
void reading_wait(row_reader *r, long long calls);

#endif
