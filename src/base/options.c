#include "base/options.h"

#include <stdint.h>
#include <string.h>

/* No options struct is longer. Catches a struct_size that was not set, before
 * the struct is read to that length. */
#define LARGEST 1024

cnn_status cnn__options_read(void *to, size_t size, const void *from,
                             const char *what)
{
    uint32_t given;

    memset(to, 0, size);
    if (from == NULL)
        return CNN_OK;
    memcpy(&given, from, sizeof(given));
    if (given < sizeof(given) || given > LARGEST || given % 4 != 0)
        return cnn__fail(CNN_EINVAL, "%s: struct_size is %u, expected %zu",
                         what, given, size);
    for (size_t i = size; i < given; i++)
        if (((const char *)from)[i] != 0)
            return cnn__fail(CNN_EUNSUPPORTED,
                             "%s: the field at byte %zu is set, but this "
                             "version of libcnn knows only %zu bytes",
                             what, i & ~(size_t)3, size);
    memcpy(to, from, given < size ? given : size);
    return CNN_OK;
}
