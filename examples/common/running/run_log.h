/* A training as a table that grows while it runs: a line for each step, and a
 * line for each test on images that are not trained on. */
#ifndef EXAMPLES_RUN_LOG_H
#define EXAMPLES_RUN_LOG_H

#include <stdbool.h>

#include "running/history.h"

enum { MOST_LOGS = 4 };

/* Starts as {.every = N}. */
typedef struct run_log {
    int32_t every; /* steps between two lines */
    int count;
    bool failed; /* a failure was printed already */
    struct log_file {
        const char *path;
        void *stream;
        bool json;
    } files[MOST_LOGS];
} run_log;

/* A line. A number that is not finite is an empty field, in JSON null. */
typedef struct log_entry {
    const char *set; /* "training", "validation" or "test" */
    int64_t step;    /* of training: the number of steps before it */
    double epoch;    /* passes over the images so far */
    double seconds;  /* of training since the program started */
    double lr;
    double loss; /* per image */
    double accuracy;
} log_entry;

/* Can a log have that name? .csv and .jsonl can. */
bool log_knows(const char *path);

/* Opens a file, whose old content is kept if `append` is set; leaves with a
 * message if it cannot be created. At most MOST_LOGS. */
void log_open(run_log *l, const char *path, bool append);

/* Writes a line into each file, at once. The first failure prints a message. */
void log_write(run_log *l, const log_entry *e);

/* Closes the files. 0, or an exit code if any line could not be written. */
int log_close(run_log *l);

/* The curves of another training, from its .csv; exits with a message if the
 * file is missing or is not such a log. */
void log_read(const char *path, history *h);

#endif
