/* Samples that come from a function of the program. */
#ifndef CNN_DATA_CALLBACK_H
#define CNN_DATA_CALLBACK_H

#include "base/gate.h"
#include "data/dataset_impl.h"

/* What a dataset with a reader shares with its slices. */
struct cnn__callback {
    cnn_dataset_reader reader;
    cnn__turn turn; /* to call it */
};

/* Reads those arrays that are wanted; all indices are possible ones. */
cnn_status cnn__callback_read(const cnn_dataset *dataset, int64_t count,
                              const int64_t *index, const cnn__wanted *to);

/* CNN_ESTATE if the dataset's reader is what calls. Any dataset will do. */
cnn_status cnn__callback_check(const cnn_dataset *dataset);

#endif
