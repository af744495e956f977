/* Reading option structs of older and newer callers. */
#ifndef CNN_BASE_OPTIONS_H
#define CNN_BASE_OPTIONS_H

#include <stddef.h>

#include "base/status.h"

/* Copies an options struct of the caller (NULL: all zero) into `to`, whose
 * first field is struct_size. A shorter struct, of an older caller, is filled
 * up with zeros; a longer one, of a newer caller, is fine as long as nothing is
 * set in what this version does not know. `what` names the struct in errors. */
cnn_status cnn__options_read(void *to, size_t size, const void *from,
                             const char *what);

#endif
