/* Recording the last error of the calling thread. */
#ifndef CNN_BASE_STATUS_H
#define CNN_BASE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "cnn/status.h"

/* Records `status` and a text, and returns `status`:
 *     return cnn__fail(CNN_EINVAL, "units %d, expected at least 1", units); */
cnn_status cnn__fail(cnn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "where: " before the text of the last failure. */
void cnn__fail_where(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Records CNN_EIO; the text ends with the system's reason for `error_number`.
 */
cnn_status cnn__fail_errno(int error_number, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Is the number that a function of the program returned that of a failure? */
bool cnn__is_failure(int32_t code);

/* Bytes of the text of an error. */
#define CNN__TEXT 512

/* Bytes of a text with the reason why something is not possible, where that is
 * no error. */
#define CNN__WHY 192

/* Kinds of objects that callers hold. */
typedef enum cnn__object {
    CNN__NET = 1,
    CNN__LAYER = 2,
    CNN__OPTIM = 4,
    CNN__DATASET = 8,
    CNN__TRAINER = 16,
    CNN__SESSION = 32,
} cnn__object;

/* For a function that returns an object, after a failure was recorded: marks
 * this kind as lost to that failure. Returns NULL:
 *     return cnn__lost(CNN__NET); */
void *cnn__lost(cnn__object object);

/* For a function that was given NULL for an object. If the last failure is why
 * the caller has none, it stays recorded and its status is returned. Otherwise
 * records and returns CNN_EINVAL, with the text "caller: object is NULL", or
 * "object is NULL" if `caller` is NULL. */
cnn_status cnn__fail_null(cnn__object object, const char *caller);

/* For a function that returns the `part` of a `whole` that is NULL, and records
 * nothing: if the whole is marked as lost, marks the part too. Returns NULL. */
void *cnn__lost_with(cnn__object whole, cnn__object part);

/* Returns from the calling function if `expression` fails. */
#define CNN__TRY(expression)                      \
    do {                                          \
        const cnn_status cnn__try = (expression); \
        if (cnn__try != CNN_OK)                   \
            return cnn__try;                      \
    } while (0)

#endif
