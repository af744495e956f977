/* Reads options structs of older and newer callers. */
#ifndef CNN_BASE_OPTIONS_H
#define CNN_BASE_OPTIONS_H

#include <stddef.h>

#include "base/status.h"

/* Copies a caller's options struct (NULL: all zero) into `to`, whose first
 * field is struct_size. A shorter struct, of an older caller, is filled up with
 * zeros. A longer one, of a newer caller, must be zero beyond `size`. `what`
 * names the struct in errors. */
cnn_status cnn__options_read(void *to, size_t size, const void *from,
                             const char *what);

#endif
