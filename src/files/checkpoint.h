/* Saving and resuming a training, by one process and by several ranks. */
#ifndef CNN_FILES_CHECKPOINT_H
#define CNN_FILES_CHECKPOINT_H

#include "train/trainer_impl.h"

/* By this process. */
cnn_status cnn__checkpoint_save(const cnn_trainer *t, const char *path);

/* From what was read, of a file that the text of an error names; `path` may be
 * NULL. Ranks wait for each other before they change anything: all do or none.
 */
cnn_status cnn__checkpoint_resume(cnn_trainer *t, const char *path,
                                  const void *data, size_t size);

/* By rank 0, for all. */
cnn_status cnn__checkpoint_save_all(const cnn_trainer *t, const char *path);
cnn_status cnn__checkpoint_resume_all(cnn_trainer *t, const char *path);

#endif
