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

/* Returns from the calling function if `expression` fails. */
#define CNN__TRY(expression)                      \
    do {                                          \
        const cnn_status cnn__try = (expression); \
        if (cnn__try != CNN_OK)                   \
            return cnn__try;                      \
    } while (0)

#endif
