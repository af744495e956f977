/* Checks that training steps and evaluation share. */
#ifndef CNN_TRAIN_STEP_H
#define CNN_TRAIN_STEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* CNN_EINVAL unless each label is from 0 to outputs - 1. */
cnn_status cnn__check_labels(const int32_t *labels, int32_t count,
                             size_t outputs);

#endif
