/* Sessions: many threads predicting from one net. */
#include <pthread.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/nets.h"

enum { THREADS = 4, ROUNDS = 50, MAX_BATCH = 8, COUNT = 21 };
enum { OUTPUTS = COUNT * CONV_NET_CLASSES };

static void same_as_the_net(void **state)
{
    cnn_net *net = conv_net(true);
    float *x = uniform(COUNT * CONV_NET_INPUT, 1);
    float want[OUTPUTS], got[OUTPUTS];

    (void)state;
    build(net, &conv_net_shape, MAX_BATCH, 1);
    cnn_net_predict(net, COUNT, x, want);
    for (int32_t batch = 1; batch <= 2 * COUNT; batch *= 2) {
        cnn_session *session = cnn_session_create(net, batch);

        assert_non_null(session);
        assert_int_equal(cnn_session_predict(session, COUNT, x, got), CNN_OK);
        /* In other batches the BLAS may sum in another order: some roundings
         * of probabilities below 1. */
        assert_near(got, want, OUTPUTS, batch == MAX_BATCH ? 0.0 : 1e-6, 0.0);
        cnn_session_free(session);
    }
    test_free(x);
    cnn_net_free(net);
}

/* The net's own passes and its sessions leave each other alone; a session sees
 * what the net learns. */
static void beside_the_net(void **state)
{
    cnn_net *net = conv_net(true);
    cnn_session *session;
    cnn_optim *optim = cnn_sgd_create(0.5f, NULL);
    float *x = uniform(COUNT * CONV_NET_INPUT, 1);
    float *dy = uniform(MAX_BATCH * CONV_NET_CLASSES, 2);
    float want[OUTPUTS], got[OUTPUTS], grads[CONV_NET_PARAMS];
    int32_t labels[MAX_BATCH];

    (void)state;
    fill_labels(labels, MAX_BATCH, CONV_NET_CLASSES, 1);
    build(net, &conv_net_shape, MAX_BATCH, 1);
    session = cnn_session_create(net, MAX_BATCH);
    cnn_net_forward(net, CNN_TRAIN, MAX_BATCH, x);
    cnn_net_backward(net, MAX_BATCH, x, dy);
    memcpy(grads, cnn_net_grads(net), sizeof(grads));
    cnn_net_zero_grad(net);
    cnn_net_forward(net, CNN_TRAIN, MAX_BATCH, x);
    assert_int_equal(cnn_session_predict(session, COUNT, x, got), CNN_OK);
    assert_same_bits(cnn_net_output(net), got, MAX_BATCH * CONV_NET_CLASSES);
    assert_int_equal(cnn_net_backward(net, MAX_BATCH, x, dy), CNN_OK);
    assert_same_bits(cnn_net_grads(net), grads, CONV_NET_PARAMS);
    memcpy(want, got, sizeof(want));
    cnn_net_train_step(net, optim, MAX_BATCH, x, labels, NULL);
    cnn_session_predict(session, COUNT, x, got);
    assert_memory_not_equal(got, want, sizeof(want));
    cnn_net_predict(net, COUNT, x, want);
    assert_same_bits(got, want, OUTPUTS);
    cnn_session_free(session);
    /* The net is as good as before. */
    cnn_net_predict(net, COUNT, x, got);
    assert_same_bits(got, want, OUTPUTS);
    test_free(x);
    test_free(dy);
    cnn_optim_free(optim);
    cnn_net_free(net);
}

static void errors(void **state)
{
    cnn_net *net = conv_net(true);
    float x[CONV_NET_INPUT] = {0}, y[CONV_NET_CLASSES];

    (void)state;
    assert_null(cnn_session_create(NULL, 1));
    assert_error(CNN_EINVAL, "net is NULL");
    assert_null(cnn_session_create(net, 1));
    assert_error(CNN_ESTATE, "not built");
    build(net, &conv_net_shape, 1, 1);
    assert_null(cnn_session_create(net, 0));
    assert_error(CNN_EINVAL, "max_batch 0");
    assert_null(cnn_session_create(net, -1));
    assert_error(CNN_EINVAL, "max_batch -1");
    cnn_session *session = cnn_session_create(net, 1);
    assert_failed(cnn_session_predict(session, 1, NULL, y), CNN_EINVAL,
                  "x is NULL");
    assert_failed(cnn_session_predict(NULL, 1, x, y), CNN_EINVAL,
                  "session is NULL");
    assert_failed(cnn_session_predict(session, 1, x, NULL), CNN_EINVAL,
                  "y is NULL");
    assert_failed(cnn_session_predict(session, -1, x, y), CNN_EINVAL,
                  "count -1, expected at least 0");
    assert_int_equal(cnn_session_predict(session, 0, NULL, NULL), CNN_OK);
    assert_failed(cnn_session_predict(session, -5, x, y), CNN_EINVAL,
                  "count -5");
    assert_int_equal(cnn_session_predict(session, 1, x, y), CNN_OK);
    cnn_session_free(session);
    cnn_session_free(NULL);
    cnn_net_free(net);
}

/* ------------------------------------------------------------- threads --- */

/* What one thread does; its result is checked by the thread that joins it, as
 * a failing assertion must not leave another thread by longjmp. */
typedef struct worker {
    pthread_t thread;
    const cnn_net *net;
    const float *x, *want;
    int wrong; /* rounds with a status, or bits, other than expected */
} worker;

static void *predict_again_and_again(void *data)
{
    worker *w = data;

    for (int round = 0; round < ROUNDS; round++) {
        cnn_session *session = cnn_session_create(w->net, MAX_BATCH);
        float y[OUTPUTS];

        if (session == NULL ||
            cnn_session_predict(session, COUNT, w->x, y) != CNN_OK ||
            memcmp(y, w->want, sizeof(y)) != 0)
            w->wrong++;
        /* An error of this thread, which no other thread may see. */
        if (cnn_session_predict(session, -1, w->x, y) != CNN_EINVAL)
            w->wrong++;
        cnn_session_free(session);
    }
    return NULL;
}

/* With workers too, which one caller at a time has. */
static void threads_share_a_net(void **state)
{
    cnn_net *net = conv_net(true);
    float *x = uniform(THREADS * COUNT * CONV_NET_INPUT, 1);
    float want[THREADS][OUTPUTS];
    worker workers[THREADS];

    (void)state;
    build(net, &conv_net_shape, MAX_BATCH, 1);
    for (int i = 0; i < THREADS; i++)
        cnn_net_predict(net, COUNT, x + i * COUNT * CONV_NET_INPUT, want[i]);
    assert_failed(cnn_net_predict(net, -9, x, want[0]), CNN_EINVAL, "count -9");
    for (int32_t threads = 1; threads <= 2; threads++) {
        cnn_set_num_threads(threads);
        for (int i = 0; i < THREADS; i++) {
            workers[i] = (worker){.net = net,
                                  .x = x + i * COUNT * CONV_NET_INPUT,
                                  .want = want[i]};
            assert_int_equal(pthread_create(&workers[i].thread, NULL,
                                            predict_again_and_again,
                                            &workers[i]),
                             0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(workers[i].thread, NULL);
            assert_int_equal(workers[i].wrong, 0);
        }
    }
    cnn_set_num_threads(1);
    assert_error(CNN_EINVAL, "count -9");
    test_free(x);
    cnn_net_free(net);
}

static size_t bytes_of_session(const cnn_net *net, int32_t threads)
{
    cnn_set_num_threads(threads);
    const size_t before = faulty_memory_bytes();
    cnn_session *session = cnn_session_create(net, MAX_BATCH);
    const size_t bytes = faulty_memory_bytes() - before;
    assert_non_null(session);
    cnn_session_free(session);
    cnn_set_num_threads(1);
    return bytes;
}

/* Working memory is for the threads that are set, not for all cores. */
static void memory_is_for_the_threads_set(void **state)
{
    (void)state;
    faulty_memory_install();
    cnn_net *net = conv_net(true);
    build(net, &conv_net_shape, MAX_BATCH, 1);
    const size_t one = bytes_of_session(net, 1);
    const size_t each = bytes_of_session(net, 2) - one;
    assert_true(each > 1000 && each < one);
    assert_int_equal(bytes_of_session(net, 5), one + 4 * each);
    cnn_net_free(net);
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_the_net),
        cmocka_unit_test(beside_the_net),
        cmocka_unit_test(errors),
        cmocka_unit_test(threads_share_a_net),
        cmocka_unit_test(memory_is_for_the_threads_set),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
