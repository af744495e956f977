/**
 * @file status.h
 * How libcnn says that something went wrong.
 *
 * Calls named `_create` and `_load` return a pointer, or NULL on failure; every
 * other call that can fail returns a #cnn_status. The library never prints,
 * exits or aborts. Each thread has its own last error.
 */
#ifndef CNN_STATUS_H
#define CNN_STATUS_H

#include "cnn/export.h"

CNN_BEGIN_DECLS

/* clang-format off */
/** Every status: name, value, text. Values never change; new ones are added
 *  at the end. */
#define CNN_STATUS_MAP(X)                                       \
    X(OK,             0, "success")                             \
    X(EINVAL,        -1, "invalid argument")                    \
    X(ESHAPE,        -2, "shapes do not fit together")          \
    X(ESTATE,        -3, "call not allowed in this state")      \
    X(ENOMEM,        -4, "out of memory")                       \
    X(EOVERFLOW,     -5, "size too large")                      \
    X(EIO,           -6, "file could not be read or written")   \
    X(EFORMAT,       -7, "file is damaged or of another kind")  \
    X(ECANCELED,     -8, "cancelled")                           \
    X(EUNSUPPORTED,  -9, "not supported by this version")       \
    X(EDIVERGED,    -10, "a number became infinite or NaN")
/* clang-format on */

/** The statuses of #CNN_STATUS_MAP with CNN_ before their names. CNN_OK is
 *  zero, every failure is negative. */
typedef enum cnn_status {
/** A value of #cnn_status. */
#define CNN_STATUS_ENUM(name, value, text) CNN_##name = value,
    CNN_STATUS_MAP(CNN_STATUS_ENUM)
#undef CNN_STATUS_ENUM
        CNN_STATUS_FORCE_INT = 0x7fffffff /**< no status: makes it an int */
} cnn_status;

/** The text of a status, "unknown status" for any other value. Never NULL. */
CNN_API const char *cnn_status_string(cnn_status status);

/**
 * What the last failing call of this thread found, with the numbers in it:
 * "layer 3 (conv2d): kernel 7x7 does not fit input 4x4 with VALID padding".
 *
 * Never NULL; empty if nothing has failed in this thread. A call that succeeds
 * leaves it alone. The text holds until the next call of this thread fails.
 *
 * When a call fails because it got NULL for an object, there are two cases. If
 * a `_create`, `_load`, `_wrap` or `_slice` of the same thread failed to make
 * an object of that kind, and no call of the thread failed for another reason
 * since, then status and text stay as they are. So a program may check once,
 * after several calls, and still gets the first error. In all other cases the
 * status is CNN_EINVAL, and the text names the object.
 */
CNN_API const char *cnn_last_error(void);

/** The status that goes with cnn_last_error(): why a `_create` gave NULL. */
CNN_API cnn_status cnn_last_status(void);

/**
 * Records a failure of this thread, as calls of libcnn do: for libraries upon
 * libcnn, and for functions that libcnn calls. Control characters of the text
 * become question marks, and it is cut to what there is room for (511 bytes).
 *
 * @param status  a failure; anything else is taken for CNN_EINVAL
 * @param text    copied; NULL for the text of the status
 * @return the status that was recorded
 */
CNN_API cnn_status cnn_set_last_error(cnn_status status, const char *text);

CNN_END_DECLS

#endif
