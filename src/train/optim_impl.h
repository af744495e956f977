/* How an optimiser updates parameters. */
#ifndef CNN_TRAIN_OPTIM_IMPL_H
#define CNN_TRAIN_OPTIM_IMPL_H

#include "cnn/optim.h"
#include "layers/layer_impl.h"
#include "math/update.h"

#define CNN__MAX_SETTINGS 5

/* Steps, epochs and updates are counted up to here, and files may claim no
 * more: so nothing overflows, and what was saved can be resumed. */
#define CNN__MOST_COUNT ((int64_t)1 << 62)

/* A kind of optimiser. `names` are its settings, as files spell them. */
typedef struct cnn__rule {
    const char *name;
    int update;   /* in math/update.h */
    int slots;    /* how many arrays it keeps */
    int momentum; /* which of them is the momentum */
    const char *names[CNN__MAX_SETTINGS];
    /* Sets the numbers of step t = 1, 2, ...; lr is the optimiser's before. */
    void (*prepare)(const cnn_optim *optim, int64_t t, cnn__update *update);
} cnn__rule;

struct cnn_optim {
    const cnn__rule *rule;
    float lr;
    float settings[CNN__MAX_SETTINGS]; /* as rule->names */
};

/* One step on the parameters of a layer, if it has any and is not frozen.
 * CNN_EDIVERGED if one of them is not finite any more; the others have moved
 * all the same. */
cnn_status cnn__optim_update(const cnn_optim *optim, cnn_layer *layer);

#endif
