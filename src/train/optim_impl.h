/* How an optimiser updates parameters. */
#ifndef CNN_TRAIN_OPTIM_IMPL_H
#define CNN_TRAIN_OPTIM_IMPL_H

#include "cnn/optim.h"
#include "layers/layer_impl.h"

#define CNN__MAX_SETTINGS 5

/* The arrays of one update, n floats each. */
typedef struct cnn__step {
    size_t n;
    float *p;
    const float *g;
    float *slot[CNN__MAX_SLOTS];
    int64_t t; /* the number of this step, from 1 */
} cnn__step;

/* A kind of optimiser. `names` are its settings, as files spell them. */
typedef struct cnn__rule {
    const char *name;
    int slots; /* how many arrays it keeps */
    const char *names[CNN__MAX_SETTINGS];
    void (*update)(const cnn_optim *optim, const cnn__step *step);
} cnn__rule;

struct cnn_optim {
    const cnn__rule *rule;
    float lr;
    float settings[CNN__MAX_SETTINGS]; /* as rule->names */
};

/* One step on the parameters of a layer, if it has any and is not frozen. */
void cnn__optim_update(const cnn_optim *optim, cnn_layer *layer);

#endif
