/* How an optimiser updates parameters. */
#ifndef CNN_TRAIN_OPTIM_IMPL_H
#define CNN_TRAIN_OPTIM_IMPL_H

#include "cnn/optim.h"
#include "layers/layer_impl.h"
#include "math/update.h"

#define CNN__MAX_SETTINGS 5

/* The largest count of steps, epochs and updates, also in files. Sums of counts
 * then never overflow, and what was saved can be resumed. */
#define CNN__MOST_COUNT ((int64_t)1 << 62)

/* A kind of optimiser. `names` are its settings, as in files. */
typedef struct cnn__rule {
    const char *name;
    int update;   /* index into math/update.h */
    int slots;    /* number of slots */
    int momentum; /* slot of the momentum */
    const char *names[CNN__MAX_SETTINGS];
    /* Sets the numbers of step t = 1, 2, ... from the settings and from u->lr,
     * the rate of the layer, which the caller has set. */
    void (*prepare)(const cnn_optim *optim, int64_t t, cnn__update *u);
} cnn__rule;

struct cnn_optim {
    const cnn__rule *rule;
    float lr;
    float settings[CNN__MAX_SETTINGS]; /* in the order of rule->names */
};

/* Makes one step on the parameters of a layer, unless it has none or is frozen.
 * CNN_EDIVERGED if a parameter is not finite afterwards; all were updated then.
 */
cnn_status cnn__optim_update(const cnn_optim *optim, cnn_layer *layer);

#endif
