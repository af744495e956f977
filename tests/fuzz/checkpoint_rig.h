/* The trainings that checkpoints of the corpus are of. */
#ifndef TESTS_FUZZ_CHECKPOINT_RIG_H
#define TESTS_FUZZ_CHECKPOINT_RIG_H

#include "cnn/cnn.h"

/* Of optimisers that remember: SGD with momentum, Adam, RMSprop; and Adam with
 * an average of the weights and validations that are judged. */
#define RIGS     4
#define LEARNING 3

typedef struct rig {
    cnn_net *net;
    cnn_optim *optim;
    cnn_dataset *dataset;
    cnn_trainer *trainer;
} rig;

/* A net with all that a checkpoint has to say, and a plateau. */
void rig_open(rig *r, int kind);
void rig_close(rig *r);

#endif
