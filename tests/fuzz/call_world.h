/* What a sequence of calls works on: some objects of each kind, who depends on
 * whom, and how much work is left. */
#ifndef TESTS_FUZZ_CALL_WORLD_H
#define TESTS_FUZZ_CALL_WORLD_H

#include "fuzz/call_bytes.h"
#include "fuzz/fuzz_support.h"

#define LAYERS   3
#define NETS     2
#define OPTIMS   2
#define DATASETS 3
#define TRAINERS 2
#define SESSIONS 2
#define GARBAGE  64

/* A layer that no net owns. */
typedef struct layer_slot {
    cnn_layer *layer;
    bool wild;  /* its sizes are not bounded */
    bool codes; /* it reads CODES floats a unit when it is built */
    int32_t max_batch;
} layer_slot;

typedef struct net_slot {
    cnn_net *net;
    bool wild, codes; /* of any of its layers */
    float *x;         /* of the last forward pass */
    int32_t batch;
} net_slot;

typedef struct dataset_slot {
    cnn_dataset *dataset;
    int32_t parent; /* the one that it is a slice of; -1: none */
    void *images;
    int32_t *labels;
} dataset_slot;

typedef struct trainer_slot {
    cnn_trainer *trainer;
    int32_t net, optim, dataset;
} trainer_slot;

typedef struct session_slot {
    cnn_session *session;
    int32_t net;
} session_slot;

typedef struct world {
    bytes b;
    int64_t work; /* left, in multiplications */
    int files;    /* that may still be written */
    layer_slot layers[LAYERS];
    net_slot nets[NETS];
    cnn_optim *optims[OPTIMS];
    dataset_slot datasets[DATASETS];
    trainer_slot trainers[TRAINERS];
    session_slot sessions[SESSIONS];
    void *garbage[GARBAGE]; /* codes, which must stay until a build */
    int32_t garbage_count;
} world;

/* Each ends what depends on it first. */
void drop_layer(world *w, int32_t i);
void drop_net(world *w, int32_t i);
void drop_optim(world *w, int32_t i);
void drop_dataset(world *w, int32_t i);
void drop_trainer(world *w, int32_t i);
void drop_session(world *w, int32_t i);
void drop_all(world *w);

/* Is that much work left? It is gone then. */
bool afford(world *w, int64_t work);

/* The same for `batch` samples through a net, going forward. Nothing is
 * computed in one that is not built: that is free. */
bool afford_net(world *w, const cnn_net *net, int64_t batch);

/* Floats of a sample, 1 if the net or layer is not built. */
size_t net_inputs(const cnn_net *net);
size_t net_outputs(const cnn_net *net);

/* A batch, mostly one that a net of `most` takes; and the samples that arrays
 * for it must have: 1 if it will be refused. */
int32_t take_batch(world *w, int32_t most);
size_t samples_of(int64_t batch);

/* Would a batch be taken that no array is made for? */
bool is_too_large(int64_t batch, int32_t max_batch);

/* A block of n floats, drawn; free() takes it. */
float *take_floats(world *w, size_t n);

/* n labels, mostly below `classes`. */
int32_t *take_labels(world *w, size_t n, size_t classes);

/* A layer of any kind, NULL if it is refused. Sets `wild` and `codes`. */
cnn_layer *make_layer(world *w, layer_slot *slot);

net_slot *take_net(world *w);

/* Gives a layer up to a net, which owns it whatever the result; NULL to a net
 * that is NULL. False if the net must not have it. */
bool give_layer(world *w, net_slot *slot, cnn_layer **given);

/* All calls: one of them, by a byte. */
typedef void call(world *w);
call append_layer, join_outputs, make_graph; /* among net_calls */
extern call *const layer_calls[], *const net_calls[], *const trainer_calls[],
                                                          *const data_calls[];
extern const int32_t layer_call_count, net_call_count, trainer_call_count,
    data_call_count;

#endif
