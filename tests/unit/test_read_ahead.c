/* Training and evaluating from a reader, with a thread that reads ahead: what
 * fails, what is bounded, who calls. That the bits are the same:
 * property/test_read_ahead_bits.c. fork(), exit() and calls from the reader:
 * test_read_ahead_process.c. */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/training.h"

static bool no_threads;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *data)
{
    return no_threads ? 11 /* EAGAIN */
                      : __real_pthread_create(thread, attributes, run, data);
}

/* One batch in use and those ahead of it, no more; before the first step there
 * is nothing. */
static void reads_so_far(void **state)
{
    const int32_t ahead[] = {-1, 0, 1, 5};
    const long long want[] = {1, 3, 2, 6}; /* the default is 2 */

    (void)state;
    for (int i = 0; i < 4; i++) {
        training t;

        training_reading(&t, ahead[i]);
        reading_sleep(5);
        assert_int_equal(atomic_load(&t.reading.calls), 0);
        for (int step = 0; step < 3; step++) {
            training_run(&t, 1);
            /* The step is over, so its slot is read into as well. */
            reading_wait(&t.reading, want[i] + step + (ahead[i] >= 0));
            reading_sleep(20);
            assert_int_equal(atomic_load(&t.reading.calls),
                             want[i] + step + (ahead[i] >= 0));
        }
        assert_int_equal(atomic_load(&t.reading.at_once), 1);
        training_close(&t);
    }
}

/* Sample 5 is in the batch of the second step or later. */
static void fails_in_the_middle(void **state)
{
    (void)state;
    for (int32_t ahead = -1; ahead <= 4; ahead++) {
        training t, twin;
        int64_t step = 0;

        training_twin(&twin);
        training_reading(&t, ahead);
        t.reading.code = CNN_EFORMAT;
        t.reading.why = "a bad disk";
        atomic_store(&t.reading.fail_at, 5);
        while (cnn_trainer_step(t.trainer, NULL) == CNN_OK)
            step++;
        assert_true(step < 4);
        for (int again = 0; again < 3; again++) {
            assert_failed(cnn_trainer_step(t.trainer, NULL), CNN_EFORMAT,
                          "dataset: the reader failed at sample 5: a bad disk");
            assert_int_equal(cnn_trainer_steps(t.trainer), step);
        }
        training_run(&twin, step);
        assert_same_training(&t, &twin);
        atomic_store(&t.reading.fail_at, -1);
        training_run(&t, 20);
        training_run(&twin, 20);
        assert_same_training(&t, &twin);
        training_close(&t);
        training_close(&twin);
    }
}

/* A step that fails by itself has moved its images; they are read again. */
static void fails_after_reading(void **state)
{
    const cnn_augment_options moved = {.struct_size = sizeof(moved),
                                       .shift = 2};
    training t = {.reads = true, .augment = &moved};
    training twin = {.augment = &moved};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    training_run(&t, 2);
    training_run(&twin, 2);
    float *w = cnn_net_params(t.net);
    const float kept = w[0];
    for (int i = 0; i < TINY_PARAMS; i++)
        w[i] *= 3e38f;
    assert_int_equal(cnn_trainer_step(t.trainer, NULL), CNN_EDIVERGED);
    memcpy(w, cnn_net_params(twin.net), TINY_PARAMS * sizeof(float));
    assert_true(w[0] == kept);
    training_run(&t, 5);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

static void evaluates(void **state)
{
    int64_t got[TINY_CLASSES * TINY_CLASSES], want[TINY_CLASSES * TINY_CLASSES];
    cnn_metrics m, n;
    training t, twin;

    (void)state;
    training_reading(&t, 0);
    training_twin(&twin);
    assert_int_equal(cnn_net_evaluate(t.net, t.dataset, &m, got), CNN_OK);
    assert_int_equal(cnn_net_evaluate(twin.net, twin.dataset, &n, want),
                     CNN_OK);
    assert_memory_equal(&m, &n, sizeof(m));
    assert_memory_equal(got, want, sizeof(got));
    atomic_store(&t.reading.fail_at, TINY_SAMPLES - 1);
    t.reading.code = CNN_EIO;
    t.reading.why = "gone";
    assert_failed(cnn_net_evaluate(t.net, t.dataset, &m, NULL), CNN_EIO,
                  "sample 12: gone");
    assert_memory_equal(&m, &n, sizeof(m));
    t.labels[0] = TINY_CLASSES;
    assert_failed(cnn_net_evaluate(t.net, t.dataset, &m, NULL), CNN_EINVAL,
                  "the reader gave sample 0 the label 10");
    training_close(&t);
    training_close(&twin);
}

static void works_without_a_thread(void **state)
{
    cnn_metrics m, n;
    training t, twin;

    (void)state;
    training_reading(&t, 3);
    training_twin(&twin);
    no_threads = true;
    training_run(&t, 5);
    assert_int_equal(atomic_load(&t.reading.calls), 5);
    assert_int_equal(cnn_net_evaluate(t.net, t.dataset, &m, NULL), CNN_OK);
    no_threads = false;
    training_run(&t, 5);
    training_run(&twin, 5);
    assert_int_equal(cnn_net_evaluate(twin.net, twin.dataset, &n, NULL),
                     CNN_OK);
    assert_memory_equal(&m, &n, sizeof(m));
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

/* All memory is there when the trainer is. */
static void takes_no_memory(void **state)
{
    training t;

    (void)state;
    faulty_memory_install();
    training_reading(&t, 4);
    faulty_memory_reset();
    training_run(&t, 30);
    assert_int_equal(faulty_memory_count(), 0);
    training_close(&t);
    faulty_memory_remove();
}

static void cancel(row_reader *r)
{
    if (atomic_load(&r->calls) == 9)
        cnn_trainer_cancel(*(cnn_trainer **)(void *)r->weights);
}

/* From the thread that reads; and ends while that is at it. */
static void is_cancelled_and_freed(void **state)
{
    training t, twin;

    (void)state;
    training_reading(&t, 3);
    t.reading.weights = (const float *)(void *)&t.trainer;
    t.reading.first = cancel;
    assert_int_equal(cnn_trainer_run(t.trainer, INT64_MAX, NULL, NULL),
                     CNN_ECANCELED);
    training_twin(&twin);
    training_run(&twin, cnn_trainer_steps(t.trainer));
    assert_same_training(&t, &twin);
    t.reading.wait_us = 20000;
    training_run(&t, 1);
    training_close(&t);
    training_close(&twin);
}

/* Two trainers of one dataset, and a reading thread of the program. */
static void one_at_a_time(void **state)
{
    int32_t labels[TINY_SAMPLES];
    training t, other;

    (void)state;
    training_reading(&t, 2);
    training_twin(&other);
    cnn_trainer_free(other.trainer);
    other.trainer = cnn_trainer_create(other.net, other.optim, t.dataset, NULL);
    t.reading.wait_us = 200;
    for (int i = 0; i < 20; i++) {
        training_run(&t, 1);
        training_run(&other, 1);
        assert_int_equal(
            cnn_dataset_read(t.dataset, TINY_SAMPLES, NULL, NULL, labels),
            CNN_OK);
    }
    assert_int_equal(atomic_load(&t.reading.at_once), 1);
    assert_same_training(&t, &other);
    training_close(&other);
    training_close(&t);
}

static void refused(void **state)
{
    const int32_t ahead[] = {-2, 1025, INT32_MIN, INT32_MAX};
    training t;

    (void)state;
    training_reading(&t, 0);
    for (int i = 0; i < 4; i++) {
        const cnn_trainer_options o = {.struct_size = sizeof(o),
                                       .read_ahead = ahead[i]};
        assert_null(cnn_trainer_create(t.net, t.optim, t.dataset, &o));
        assert_error(CNN_EINVAL, "expected -1 to 1024");
    }
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_so_far),
        cmocka_unit_test(fails_in_the_middle),
        cmocka_unit_test(fails_after_reading),
        cmocka_unit_test(evaluates),
        cmocka_unit_test(works_without_a_thread),
        cmocka_unit_test(takes_no_memory),
        cmocka_unit_test(is_cancelled_and_freed),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests_name("read ahead", tests, NULL, NULL);
}
