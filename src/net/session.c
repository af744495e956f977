/* A read-only runner over a net's parameters. */
#include "cnn/session.h"

#include "base/threads.h"
#include "cnn/runtime.h"
#include "net/net_impl.h"

struct cnn_session {
    cnn__pass pass;
    int32_t max_batch;
    void *memory; /* of the pass */
};

cnn_session *cnn_session_create(const cnn_net *net, int32_t max_batch)
{
    cnn__arena arena = {0};
    const int32_t workers = cnn_num_threads();

    if (cnn__net_check_built(net) != CNN_OK ||
        cnn__check_input(&net->in, max_batch) != CNN_OK)
        return cnn__lost(CNN__SESSION);
    cnn_session *s = cnn__alloc_zero(sizeof(*s));
    if (s == NULL)
        return cnn__lost(CNN__SESSION);
    s->max_batch = max_batch;
    if (cnn__pass_start(&s->pass, net->layers, net->count, max_batch, false) ==
        CNN_OK) {
        cnn__pass_plan(&s->pass, max_batch, false, workers, &arena);
        s->memory = cnn__alloc(arena.used);
    }
    if (s->memory == NULL) {
        cnn_session_free(s);
        return cnn__lost(CNN__SESSION);
    }
    arena = (cnn__arena){.base = s->memory};
    cnn__pass_plan(&s->pass, max_batch, false, workers, &arena);
    return s;
}

cnn_status cnn_session_predict(cnn_session *s, int64_t count, const float *x,
                               float *y)
{
    if (s == NULL)
        return cnn__fail_null(CNN__SESSION, "session_predict");
    CNN__TRY(cnn__check_predict(count, x, y));
    cnn__pass_predict(&s->pass, s->max_batch, count, x, y);
    return CNN_OK;
}

void cnn_session_free(cnn_session *s)
{
    if (s == NULL)
        return;
    cnn__pass_free(&s->pass);
    cnn__free(s->memory);
    cnn__free(s);
}
