/* The batches of a dataset, one after the other, as a trainer or an evaluation
 * wants them, read ahead by a thread. */
#ifndef CNN_TRAIN_FEED_H
#define CNN_TRAIN_FEED_H

#include "base/ahead.h"
#include "train/rows.h"

/* Lists the samples of the next batch, and returns their number. `more` becomes
 * false if it is the last. By one thread at a time, not always the same. */
typedef int32_t (*cnn__list_fn)(void *owner, int64_t *index, bool *more);

/* A batch that was read, or why it could not be. */
typedef struct cnn__fed {
    cnn__rows rows;
    cnn_batch batch;
    cnn_status status;
    char why[CNN__TEXT];
} cnn__fed;

typedef struct cnn__feed {
    const cnn_dataset *dataset;
    cnn__list_fn list;
    void *owner;
    cnn__fed *slots;
    cnn__ahead ahead;
} cnn__feed;

/* How many batches to read ahead if nothing is said. */
int32_t cnn__feed_default(const cnn_dataset *dataset);

/* Takes memory for batches of at most N samples, one in use and `ahead` more.
 * The feed must not move once that is there. */
void cnn__feed_lay_out(cnn__feed *feed, size_t N, int32_t ahead,
                       cnn__arena *arena);

/* The next batch, the caller's to change until cnn__feed_done(). After a
 * failure, cnn__feed_rewind() is due. */
cnn_status cnn__feed_next(cnn__feed *feed, cnn__fed **batch);
void cnn__feed_done(cnn__feed *feed);

/* Forgets all that was read; nothing is listed or read until the next call of
 * cnn__feed_next(). */
void cnn__feed_rewind(cnn__feed *feed);

/* Ends the thread, if there is one. */
void cnn__feed_end(cnn__feed *feed);

#endif
