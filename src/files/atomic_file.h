/* Replaces a file so that at any time it is the whole old or the whole new one.
 */
#ifndef CNN_FILES_ATOMIC_FILE_H
#define CNN_FILES_ATOMIC_FILE_H

#include <stddef.h>

#include "base/status.h"

/* Writes `size` bytes to a temporary file in the folder of `path`, syncs it and
 * renames it to `path`. Symbolic links are followed, also to a file that does
 * not exist yet. An existing file must be regular and writable. Mode, and as
 * far as permitted owner and group, are those of the old file before the first
 * byte is written. CNN_EIO with the system's reason, CNN_ENOMEM. After a
 * failure the old file is unchanged and the temporary file removed. Exception:
 * if syncing the folder failed, the new file is in place, but may be lost in a
 * crash. */
cnn_status cnn__file_replace(const char *path, const void *data, size_t size);

#endif
