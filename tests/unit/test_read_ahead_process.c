/* What happens while a thread reads ahead: calls by the reader itself, fork(),
 * exit(). */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cnn/scores.h"
#include "support/training.h"

/* All that would wait for the turn that its own reader has. */
static void use_itself(row_reader *r)
{
    training *both = *(training **)(void *)r->weights;
    cnn_metrics m;
    cnn_scores s = {.struct_size = sizeof(s)};
    const cnn_status got[] = {
        cnn_net_evaluate(both[1].net, both->dataset, &m, NULL),
        cnn_net_score(both[1].net, both->dataset, NULL, &s, NULL),
        cnn_trainer_step(both[1].trainer, NULL),
        cnn_trainer_step(both[0].trainer, NULL),
    };

    for (int i = 0; i < 4; i++)
        if (got[i] != CNN_ESTATE ||
            strstr(cnn_last_error(), "dataset: its reader reads from it") ==
                NULL)
            atomic_store(&r->fail_at, INT64_MAX);
}

/* It is refused, and does not wait for itself, whichever thread calls it. */
static void not_from_its_reader(void **state)
{
    (void)state;
    for (int32_t ahead = -1; ahead < 3; ahead++) {
        training both[2], twin, *here = both;

        training_reading(&both[0], ahead);
        training_twin(&both[1]);
        training_twin(&twin);
        cnn_trainer_free(both[1].trainer);
        both[1].trainer = cnn_trainer_create(both[1].net, both[1].optim,
                                             both[0].dataset, NULL);
        both[0].reading.weights = (const float *)(void *)&here;
        both[0].reading.first = use_itself;
        training_run(&both[0], 6);
        both[0].reading.first = NULL;
        assert_int_equal(atomic_load(&both[0].reading.fail_at), -1);
        training_run(&twin, 6);
        assert_same_training(&both[0], &twin);
        assert_int_equal(cnn_trainer_steps(both[1].trainer), 0);
        training_close(&both[1]);
        training_close(&both[0]);
        training_close(&twin);
    }
}

#ifndef __SANITIZE_THREAD__ /* it knows no threads in a child */

/* ---------------------------------------------------------------- fork --- */

/* How a child ended that goes on with the training of its parent. */
static int child_of(training *t, training *twin, cnn_status want)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        alarm(30);
        int right = cnn_trainer_step(t->trainer, NULL) == want;
        if (want == CNN_OK) {
            training_run(t, 9);
            training_run(twin, 10);
            right &= memcmp(cnn_net_params(t->net), cnn_net_params(twin->net),
                            TINY_PARAMS * sizeof(float)) == 0;
        } else {
            right &= strstr(cnn_last_error(), "forked while") != NULL;
            right &= cnn_dataset_read(t->dataset, 1, NULL, NULL,
                                      &(int32_t){0}) == CNN_ESTATE;
            right &= strstr(cnn_last_error(), "forked while") != NULL;
        }
        cnn_trainer_free(t->trainer);
        _exit(right ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void goes_on_in_a_child(void **state)
{
    training t, twin;

    (void)state;
    training_reading(&t, 3);
    training_twin(&twin);
    t.reading.wait_us = 300;
    for (int i = 0; i < 40; i++) {
        training_run(&t, 1);
        training_run(&twin, 1);
        assert_int_equal(child_of(&t, &twin, CNN_OK), 0);
    }
    training_run(&t, 5);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

/* A net that the reader predicts with. */
static cnn_net *teacher;

static void predict(row_reader *r)
{
    float y[TINY_BATCH * TINY_CLASSES];

    for (int i = 0; i < 1000; i++)
        if (cnn_net_predict(teacher, TINY_BATCH, r->images, y) != CNN_OK)
            atomic_store(&r->fail_at, INT64_MAX);
}

static void open_computing(training *t)
{
    training_reading(t, 3);
    teacher = tiny_net();
    build(teacher, &tiny_shape, TINY_BATCH, 3);
    t->reading.first = predict;
}

/* fork() lets no new products of matrices begin, but not before the reader,
 * which may want some, is done. */
static void computes_during_a_fork(void **state)
{
    training t, twin;

    (void)state;
    open_computing(&t);
    training_twin(&twin);
    for (int i = 0; i < 5; i++) {
        training_run(&t, 1);
        training_run(&twin, 1);
        assert_int_equal(child_of(&t, &twin, CNN_OK), 0);
    }
    assert_int_equal(atomic_load(&t.reading.fail_at), -1);
    training_close(&t);
    training_close(&twin);
    cnn_net_free(teacher);
}

/* Seconds until a process has ended that was reading. */
static double end_of_reading(void)
{
    struct timespec start, end;
    const pid_t child = fork();
    int status;

    if (child == 0) {
        training t;

        alarm(30);
        open_computing(&t);
        training_run(&t, 1);
        exit(0);
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_int_equal(waitpid(child, &status, 0), child);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_int_equal(status, 0);
    return (double)(end.tv_sec - start.tv_sec) +
           1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

/* Likewise exit(), which would wait the second that it waits at most. */
static void computes_during_exit(void **state)
{
    double least = 60.0;

    (void)state;
    for (int i = 0; i < 3 && least > 0.9; i++) {
        const double seconds = end_of_reading();

        least = seconds < least ? seconds : least;
    }
    assert_true(least < 0.9);
}

/* fork() waits a second for a read, no longer. */
static void is_refused_in_the_middle(void **state)
{
    training t, twin;

    (void)state;
    training_reading(&t, 1);
    training_twin(&twin);
    training_run(&t, 1);
    reading_wait(&t.reading, 3);
    t.reading.wait_us = 2500000;
    training_run(&t, 1); /* what is read by now */
    while (atomic_load(&t.reading.inside) == 0)
        reading_sleep(1);
    assert_int_equal(child_of(&t, &twin, CNN_ESTATE), 0);
    t.reading.wait_us = 0;
    training_run(&t, 8);
    training_run(&twin, 10);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_from_its_reader),
#ifndef __SANITIZE_THREAD__
        cmocka_unit_test(goes_on_in_a_child),
        cmocka_unit_test(computes_during_a_fork),
        cmocka_unit_test(computes_during_exit),
        cmocka_unit_test(is_refused_in_the_middle),
#endif
    };

    return cmocka_run_group_tests_name("read ahead, process", tests, NULL,
                                       NULL);
}
