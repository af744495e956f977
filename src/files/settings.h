/* The settings of a training, as JSON: what must be equal for it to go on as if
 * it had never stopped. */
#ifndef CNN_FILES_SETTINGS_H
#define CNN_FILES_SETTINGS_H

#include <jansson.h>

#include "train/trainer_impl.h"

/* To be given back with json_decref(); NULL and CNN_ENOMEM if memory is short.
 */
json_t *cnn__settings_describe(const cnn_trainer *t);

/* CNN_EINVAL, with a text that names what differs. `ours` is used up. */
cnn_status cnn__settings_compare(json_t *ours, json_t *saved);

#endif
