/**
 * @file session.h
 * Predicting from one net in many threads.
 *
 * A session borrows the parameters of a built net, read-only, and owns what a
 * prediction writes. N threads with a session each may predict from one net at
 * the same time, as long as no thread trains it or writes its parameters.
 */
#ifndef CNN_SESSION_H
#define CNN_SESSION_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/**
 * @param net        built; must outlive the session
 * @param max_batch  how many samples are computed at a time, at least 1
 * @return the session, to be freed with cnn_session_free(), or NULL
 *         (CNN_EINVAL, CNN_ESTATE, CNN_EOVERFLOW, CNN_ENOMEM)
 */
CNN_API cnn_session *cnn_session_create(const cnn_net *net, int32_t max_batch);

/** As cnn_net_predict(). One thread at a time may use a session. */
CNN_API cnn_status cnn_session_predict(cnn_session *session, int64_t count,
                                       const float *x, float *y);

/** Frees a session; NULL is fine. The net stays. */
CNN_API void cnn_session_free(cnn_session *session);

CNN_END_DECLS

#endif
