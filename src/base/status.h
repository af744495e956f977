/* Setting the per-thread last error. */
#ifndef CNN_BASE_STATUS_H
#define CNN_BASE_STATUS_H

#include "cnn/status.h"

/* Records `status` and a text, and returns `status`:
 *     return cnn__fail(CNN_EINVAL, "units %d, expected at least 1", units); */
cnn_status cnn__fail(cnn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "where: " before the text of the failure just recorded. */
void cnn__fail_where(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Records a failure of the system: the text ends with the reason that
 * `error_number` stands for. */
cnn_status cnn__fail_errno(int error_number, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Objects that a caller holds. */
typedef enum cnn__object {
    CNN__NET = 1,
    CNN__LAYER = 2,
    CNN__OPTIM = 4,
    CNN__DATASET = 8,
    CNN__TRAINER = 16,
    CNN__SESSION = 32,
} cnn__object;

/* For a function that returns an object and has failed: what was recorded is
 * why the caller has none of that kind. Returns NULL:
 *     return cnn__lost(CNN__NET); */
void *cnn__lost(cnn__object object);

/* For a function that is handed NULL for an object: if that is what was
 * recorded, it stays, and its status is returned; otherwise CNN_EINVAL, and
 * "who: object is NULL", or "object is NULL" if `who` is NULL. */
cnn_status cnn__fail_null(cnn__object object, const char *who);

/* For a function that gets `part` out of `whole`, is handed NULL, and records
 * nothing: who lost the whole lost the part, too. Returns NULL. */
void *cnn__lost_with(cnn__object whole, cnn__object part);

/* Returns from the calling function if `expression` fails. */
#define CNN__TRY(expression)                      \
    do {                                          \
        const cnn_status cnn__try = (expression); \
        if (cnn__try != CNN_OK)                   \
            return cnn__try;                      \
    } while (0)

#endif
