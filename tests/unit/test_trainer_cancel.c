/* Cancelling a training: from its callback, another thread, a signal. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>

#include "support/training.h"

#define FOR_EVER ((int64_t)1 << 40)

/* The trainer to cancel, for signal handlers. */
static cnn_trainer *victim;
static atomic_int steps_seen;

static int set_up(void **state)
{
    training *t = test_calloc(1, sizeof(*t));

    cnn_set_num_threads(2); /* what it is built for */
    training_open(t, 1);
    cnn_set_num_threads(1);
    victim = t->trainer;
    atomic_store(&steps_seen, 0);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    training_close(*state);
    test_free(*state);
    return 0;
}

static int32_t count(void *user, const cnn_progress *p)
{
    (void)user;
    (void)p;
    atomic_fetch_add(&steps_seen, 1);
    return 0;
}

static int32_t cancel_at(void *step, const cnn_progress *p)
{
    if (p->step == *(const int64_t *)step)
        cnn_trainer_cancel(victim);
    return 0;
}

/* Whatever stopped it, it stands as one that took as many steps by itself. */
static void assert_steps_are_whole(training *t)
{
    training twin = {0};

    training_open(&twin, 1);
    training_run(&twin, cnn_trainer_steps(t->trainer));
    assert_same_training(t, &twin);
    training_run(t, 5);
    training_run(&twin, 5);
    assert_same_training(t, &twin);
    training_close(&twin);
}

static void before_the_run(void **state)
{
    training *t = *state;

    training_run(t, 2);
    cnn_trainer_cancel(t->trainer);
    cnn_trainer_cancel(t->trainer);
    training_run(t, 0); /* takes no step, so it has none to end after */
    assert_failed(cnn_trainer_run(t->trainer, 5, count, NULL), CNN_ECANCELED,
                  "cancelled after step 2");
    assert_int_equal(atomic_load(&steps_seen), 0);
    /* Once is enough. */
    training_run(t, 1);
    assert_int_equal(cnn_trainer_steps(t->trainer), 3);
    assert_steps_are_whole(t);
}

static void from_the_callback(void **state)
{
    training *t = *state;
    int64_t step = 4;

    assert_failed(cnn_trainer_run(t->trainer, 9, cancel_at, &step),
                  CNN_ECANCELED, "cancelled after step 4");
    assert_int_equal(cnn_trainer_steps(t->trainer), 4);
    /* In the last step there is nothing left to end, now or later. */
    step = 7;
    assert_int_equal(cnn_trainer_run(t->trainer, 3, cancel_at, &step), CNN_OK);
    training_run(t, 2);
    assert_steps_are_whole(t);
}

static void *cancel_soon(void *trainer)
{
    while (atomic_load(&steps_seen) < 3)
        ;
    cnn_trainer_cancel(trainer);
    return NULL;
}

static void from_another_thread(void **state)
{
    training *t = *state;
    pthread_t thread;

    pthread_create(&thread, NULL, cancel_soon, t->trainer);
    assert_failed(cnn_trainer_run(t->trainer, FOR_EVER, count, NULL),
                  CNN_ECANCELED, "cancelled after step ");
    pthread_join(thread, NULL);
    assert_true(cnn_trainer_steps(t->trainer) >= 3);
    assert_int_equal(cnn_trainer_steps(t->trainer), atomic_load(&steps_seen));
    assert_steps_are_whole(t);
}

static void on_signal(int number)
{
    (void)number;
    cnn_trainer_cancel(victim);
}

static void handle_alarms(struct sigaction *old)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    assert_int_equal(sigaction(SIGALRM, &action, old), 0);
}

static int32_t raise_at_3(void *user, const cnn_progress *p)
{
    (void)user;
    if (p->step == 3)
        raise(SIGALRM);
    return 0;
}

static void from_a_signal_handler(void **state)
{
    training *t = *state;
    struct sigaction old;

    handle_alarms(&old);
    assert_failed(cnn_trainer_run(t->trainer, 9, raise_at_3, NULL),
                  CNN_ECANCELED, "cancelled after step 3");
    sigaction(SIGALRM, &old, NULL);
    assert_int_equal(cnn_trainer_steps(t->trainer), 3);
    assert_steps_are_whole(t);
}

/* Signals that come whenever they come, with and without worker threads. */
static void from_a_timer(void **state)
{
    training *t = *state;
    struct sigaction old;

    handle_alarms(&old);
    for (int round = 0; round < 20; round++) {
        const struct itimerval soon = {.it_value.tv_usec = 500 + 370 * round};

        cnn_set_num_threads(1 + round % 2);
        assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
        assert_failed(cnn_trainer_run(t->trainer, FOR_EVER, count, NULL),
                      CNN_ECANCELED, "cancelled after step ");
    }
    cnn_set_num_threads(1);
    sigaction(SIGALRM, &old, NULL);
    assert_int_equal(cnn_trainer_steps(t->trainer), atomic_load(&steps_seen));
    assert_steps_are_whole(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_the_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(from_the_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(from_another_thread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(from_a_signal_handler, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(from_a_timer, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("trainer cancel", tests, NULL, NULL);
}
