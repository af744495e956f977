/* What a checkpoint says of learning, besides the optimiser: which layers are
 * frozen, and the factors of their rates; what the epoch gave so far; the
 * average of the weights, and the best. These are members of "position", and
 * tensors "N.average.NAME" and "N.best.NAME" beside "N.NAME". Files of older
 * versions have none of them. */
#ifndef CNN_FILES_LEARNING_H
#define CNN_FILES_LEARNING_H

#include "files/safetensors.h"
#include "train/trainer_impl.h"

/* Adds the members to `position`; false if memory is short. */
bool cnn__learning_describe(const cnn_trainer *t, json_t *position);

/* The number of tensors, and writing them: CNN_EDIVERGED. */
int32_t cnn__learning_tensors(const cnn_trainer *t);
cnn_status cnn__learning_write(const cnn_trainer *t, cnn__writer *w);

/* Checks all that is there: CNN_EFORMAT, CNN_EDIVERGED. The settings of the
 * trainer are those of the file, and step and epoch of `position` were
 * checked. */
cnn_status cnn__learning_check(const cnn__reader *r, const json_t *position,
                               const cnn_trainer *t);

/* Sets what it says, which was checked, once step and epoch are set. */
void cnn__learning_restore(const cnn__reader *r, const json_t *position,
                           cnn_trainer *t);

/* Is that the name of such a tensor? */
bool cnn__learning_names(const char *name);

#endif
