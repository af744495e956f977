/* Structs of older and newer callers, that grow from version to version:
 * options, which are read, and results, which are written. Their first field is
 * struct_size, which the caller sets. */
#ifndef CNN_BASE_OPTIONS_H
#define CNN_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"

/* Copies a caller's options struct (NULL: all zero) into `to`, whose first
 * field is struct_size. A shorter struct, of an older caller, is filled up with
 * zeros. A longer one, of a newer caller, must be zero beyond `size`. `what`
 * names the struct in errors. */
cnn_status cnn__options_read(void *to, size_t size, const void *from,
                             const char *what);

/* Was a field left out? CNN_ZERO was not: so it is the bits that count, in
 * which the sign of a zero shows with any options of the compiler. */
static inline bool cnn__is_unset(float setting)
{
    uint32_t bits;

    memcpy(&bits, &setting, sizeof(bits));
    return bits == 0;
}

static inline float cnn__or_default(float setting, float value)
{
    return cnn__is_unset(setting) ? value : setting;
}

/* Without the sign of CNN_ZERO, for formulas and texts that would show it. */
static inline double cnn__plain_zero(float setting)
{
    return setting == 0.0f ? 0.0 : (double)setting;
}

/* The size of a struct that ends with that field. */
#define CNN__SIZE_UP_TO(type, field) \
    (offsetof(type, field) + sizeof(((const type *)0)->field))

/* CNN_EINVAL if struct_size of a caller's struct for results is less than
 * `least`, the size of the first version, or more than any struct has. `size`
 * is that of this version. */
cnn_status cnn__result_check(const void *to, size_t size, size_t least,
                             const char *what);

/* Copies results of `size` bytes into the struct of the caller, as much as its
 * struct_size has room for, and sets to zero what is beyond. After an error
 * of cnn__result_check() nothing is written. struct_size stays. */
cnn_status cnn__result_write(void *to, const void *from, size_t size,
                             size_t least, const char *what);

#endif
