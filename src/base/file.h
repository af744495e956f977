/* Reading files whole. */
#ifndef CNN_BASE_FILE_H
#define CNN_BASE_FILE_H

#include <stddef.h>

#include "base/status.h"

/* Reads the regular file at `path` into a new block, to be freed with
 * cnn__free(). Folders, pipes and devices are refused: they have no size, and
 * some have no end. CNN_EIO with the system's reason, CNN_EINVAL, CNN_EOVERFLOW
 * or CNN_ENOMEM. `data` and `size` are set only on success. */
cnn_status cnn__file_read(const char *path, void **data, size_t *size);

/* The path, or its end if the whole would leave too little room in an error
 * text. */
const char *cnn__path_end(const char *path);

#endif
