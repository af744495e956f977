/* The settings of a training as JSON. They must be equal for it to resume as if
 * it had never stopped. */
#ifndef CNN_FILES_SETTINGS_H
#define CNN_FILES_SETTINGS_H

#include <jansson.h>

#include "train/trainer_impl.h"

/* To be freed with json_decref(). NULL and CNN_ENOMEM if memory is short. */
json_t *cnn__settings_describe(const cnn_trainer *t);

/* Compares settings. CNN_EINVAL with a text that names the differences. `ours`
 * is freed. */
cnn_status cnn__settings_compare(json_t *ours, json_t *saved);

#endif
