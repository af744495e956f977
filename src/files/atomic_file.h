/* Replacing a file so that it is the old or the new one, whole, at any moment.
 */
#ifndef CNN_FILES_ATOMIC_FILE_H
#define CNN_FILES_ATOMIC_FILE_H

#include <stddef.h>

#include "base/status.h"

/* Writes `size` bytes to `path`: into a temporary file in the same folder,
 * which is synced and renamed over it. Symbolic links are followed, also to a
 * file that is not there yet; what is there and not a regular file, or may not
 * be written to, is refused. Mode, and owner and group where that is allowed,
 * are those of the old file, before the first byte is written. CNN_EIO with
 * the system's reason, CNN_ENOMEM; after a failure the old file is untouched
 * and the temporary one gone, unless it was the folder that could not be
 * synced: then the new file is in place, but might not outlast a crash. */
cnn_status cnn__file_replace(const char *path, const void *data, size_t size);

#endif
