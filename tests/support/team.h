/* Ranks that are threads of the test. */
#ifndef TESTS_SUPPORT_TEAM_H
#define TESTS_SUPPORT_TEAM_H

#include <pthread.h>

#include "support/training.h"

#define TEAM_MOST 4

struct team;

/* One of them. */
typedef struct member {
    struct team *team;
    cnn_ranks ranks;
    training t;
    cnn_status status; /* what the function of the test returned, ... */
    char error[512];   /* ... and the last error of its thread */
    cnn_metrics metrics;
} member;

/* What a rank does, in a thread of its own: nothing in there may be asserted.
 */
typedef cnn_status (*team_fn)(member *m);

typedef struct team {
    int32_t size;
    int64_t steps;    /* for the functions below */
    const char *path; /* likewise */
    pthread_barrier_t barrier;
    const void *given[TEAM_MOST];
    team_fn run;
    member members[TEAM_MOST];
} team;

/* Makes what `size` members train: `describe`, which may be NULL, is called for
 * each before training_prepare(), with its ranks and its training as they would
 * be otherwise. */
void team_open(team *t, int32_t size, void (*describe)(member *m));
void team_close(team *t);

/* Runs the function in all members, to the end of all. */
void team_run(team *t, team_fn run);

/* The same, and the test fails unless each returned `want` and, if that is no
 * success, has `part` in its last error. */
void team_expect(team *t, team_fn run, cnn_status want, const char *part);

/* Functions for members: create the trainer; make `steps` steps. */
cnn_status member_create(member *m);
cnn_status member_steps(member *m);

/* team_open(), trainers created, steps made. */
void team_train(team *t, int32_t size, int64_t steps,
                void (*describe)(member *m));

#endif
