#include "base/options.h"

#include <stdint.h>
#include <string.h>

/* No struct is longer. Catches a struct_size that was not set, before the
 * struct is read or written to that length. */
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

cnn_status cnn__result_check(const void *to, size_t size, size_t least,
                             const char *what)
{
    uint32_t given;

    memcpy(&given, to, sizeof(given));
    if (given < least || given > LARGEST)
        return cnn__fail(CNN_EINVAL,
                         "%s: struct_size is %u, expected %zu, at least %zu",
                         what, given, size, least);
    return CNN_OK;
}

cnn_status cnn__result_write(void *to, const void *from, size_t size,
                             size_t least, const char *what)
{
    const size_t head = sizeof(uint32_t);
    uint32_t given;

    CNN__TRY(cnn__result_check(to, size, least, what));
    memcpy(&given, to, head);
    const size_t known = given < size ? given : size;
    memcpy((char *)to + head, (const char *)from + head, known - head);
    memset((char *)to + known, 0, given - known);
    return CNN_OK;
}
