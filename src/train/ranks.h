/* Several ranks that train one net (cnn/ranks.h). */
#ifndef CNN_TRAIN_RANKS_H
#define CNN_TRAIN_RANKS_H

#include <stdbool.h>

#include "cnn/ranks.h"
#include "train/step.h"

/* What all ranks must have alike, as numbers: settings as they are or by their
 * bits, what is longer by a hash. */
typedef struct cnn__items {
    uint64_t version, net, loss, dataset, optimizer, lr, batch, accumulate,
        average_every, portions, seed, flags, joins, clip_norm, schedule,
        augmentation, average, stopping, net_seed, passes, step, epoch,
        position, params;
} cnn__items;

/* What a rank is at when it meets the others. */
typedef enum cnn__call {
    CNN__CALL_CREATE,
    CNN__CALL_STEP,
    CNN__CALL_RUN,
    CNN__CALL_VALIDATE,
    CNN__CALL_SAVE,
    CNN__CALL_READ,   /* of a file to resume from: settings may differ yet */
    CNN__CALL_RESUME, /* from what was read */
} cnn__call;

/* The beginning of what each rank gives to all others whenever they meet. */
typedef struct cnn__head {
    int32_t status;
    int32_t call;     /* cnn__call */
    int32_t end;      /* CNN_STOPPED_*: why this rank wants a run to end */
    int32_t reserved; /* 0, so that what follows is at a multiple of 8 bytes */
    int64_t amount;   /* bytes that rank 0 has read, samples to validate */
    cnn__items items;
} cnn__head;

typedef struct cnn__ranks {
    cnn_ranks o;
    int32_t portions;     /* of a batch, or pieces, over all ranks */
    int32_t first, count; /* portions of this rank */
    int32_t most;         /* of any rank */
    bool follows;         /* the net has running statistics */
    bool apart;           /* parameters may differ from rank to rank */
    bool strayed;         /* ranks have met at different calls */
    uint32_t dataset;     /* fingerprint */
    bool joins;           /* batch normalisation is over all ranks */
    cnn_status lost;      /* what an exchange in a pass failed with */
    char *heads;          /* (size): room for heads, and for texts */
    /* Records are what ranks give to each other: a head, what each portion
     * found, running statistics. */
    size_t record; /* bytes of one */
    char *mine, *all;
    int64_t *updates; /* (layers): of each layer when all were alike */
    float *before;    /* the running statistics before a step */
    float *grads;     /* (count, parameters): of each portion; or NULL ... */
    float *chunk;     /* ... and (most, floats of a chunk) of them, ... */
    float *chunks;    /* ... and of all ranks */
    double **rooms;   /* (layers): cnn__over_ranks.rooms, ... */
    double *gathered; /* ... and (size, floats of a sum), of all ranks */
    void *memory;     /* the block of the arrays from `mine` on */
} cnn__ranks;

/* Reads and checks `ranks`. It waits until all ranks are there, and fails if
 * one of them has no memory to say more. */
cnn__ranks *cnn__ranks_new(const cnn_ranks *ranks);
void cnn__ranks_free(cnn__ranks *r);

/* The portions of a batch; 1 without ranks, NULL. */
int32_t cnn__ranks_portions(const cnn__ranks *r);

/* The portions of the ranks before one. */
int32_t cnn__portions_before(const cnn__ranks *r, int32_t rank);

/* Where portion p of a batch of B begins; p may be one too many. */
int32_t cnn__portion_begin(const cnn__ranks *r, int32_t B, int32_t p);

/* How many samples of a batch of B a rank takes. */
int32_t cnn__rank_samples(const cnn__ranks *r, int32_t B, int32_t rank);

/* The samples of this rank in a batch of B; all without ranks. */
int32_t cnn__ranks_begin(const cnn__ranks *r, int32_t B);
int32_t cnn__ranks_end(const cnn__ranks *r, int32_t B);

/* Does the net have running statistics? */
bool cnn__ranks_follows(const cnn_net *net);

/* The bytes of a record, if no rank has more than `portions`. */
size_t cnn__ranks_record(const cnn_net *net, size_t portions);

/* Takes memory for a net and notes what its trainer trains from. Without
 * portions that were asked for, the pieces of the ranks are those. */
cnn_status cnn__ranks_prepare(cnn__ranks *r, const cnn_net *net,
                              const cnn_dataset *dataset, int32_t accumulate);

/* Ends the creation of a trainer on all ranks; NULL: this one failed, which is
 * recorded. */
cnn_status cnn__ranks_start(cnn__ranks *r, cnn_trainer *t);

/* Waits for all ranks at a call. If one of them has a `head.status` that is a
 * failure, if they are at different calls, or have different items, all get
 * that failure. Otherwise r->all has the records of all: each has put into
 * r->mine what it has to give, but for the head. `t` may be NULL after a
 * failure. */
cnn_status cnn__ranks_meet(cnn__ranks *r, const cnn_trainer *t, cnn__head head);
const cnn__head *cnn__ranks_head(const cnn__ranks *r, int32_t rank);

/* What the passes of a step are handed, in which ranks join what batch
 * normalisation finds. */
cnn__over_ranks cnn__ranks_over(cnn_trainer *t);

/* The functions of the program. */
cnn_status cnn__ranks_sum(cnn__ranks *r, size_t count, float *x);
cnn_status cnn__ranks_spread(cnn__ranks *r, size_t bytes, void *data);
cnn_status cnn__ranks_exchange(cnn__ranks *r, size_t bytes, const void *mine,
                               void *all);

/* A step on this rank's samples of the next batch. `status` says whether they
 * could be read. */
cnn_status cnn__ranks_learn(cnn_trainer *t, cnn_status status,
                            const cnn_batch *batch, cnn_metrics *out);

/* cnn_net_evaluate(), each rank a part of the dataset. */
cnn_status cnn__ranks_evaluate(cnn_trainer *t, const cnn_dataset *dataset,
                               cnn_metrics *out);

/* The running statistics of this rank, for the others when they meet next; and
 * the average of what they have, by the samples of each. What is the same on
 * all ranks stays so. */
void cnn__ranks_give_fixed(const cnn_trainer *t);
void cnn__ranks_average_fixed(const cnn_trainer *t);

/* Do ranks take steps by themselves? */
bool cnn__ranks_steps_alone(const cnn__ranks *r);

/* Notes that all ranks have the same parameters now. */
void cnn__ranks_alike(const cnn_trainer *t);

/* Waits for all ranks and, unless one has a status that is a failure, averages
 * parameters, the optimiser's memory and running statistics. */
cnn_status cnn__ranks_average(const cnn_trainer *t, int32_t call,
                              cnn_status status);

/* The same if they may differ. Nothing without ranks. */
cnn_status cnn__ranks_together(const cnn_trainer *t, int32_t call);

/* After an update of this rank alone, which gave `status`: the average, if it
 * is due. A parameter that is not finite is told by the next pass otherwise. */
cnn_status cnn__ranks_moved(const cnn_trainer *t, cnn_status status);

/* Does a rank want the run to end? *end becomes why the first of them does, and
 * *rank which it is. */
cnn_status cnn__ranks_agree(const cnn_trainer *t, int32_t *end, int32_t *rank);

/* For the heads of a trainer at a step; what does not belong to a head that
 * failed is 0. */
void cnn__items_of(const cnn_trainer *t, cnn__items *items);

/* CNN_EINVAL, with what differs, unless both are alike. */
cnn_status cnn__items_compare(const cnn__items *first, const cnn__items *other,
                              int32_t rank);

#endif
