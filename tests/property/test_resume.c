/* A training that was stopped and resumed equals one that never was, bit for
 * bit: after any number of steps, and after many stops. */
#include "support/temp_file.h"
#include "support/training.h"

enum { STEPS = 50, SEEDS = 5 };

typedef struct plan {
    int optim;
    uint32_t seed;
} plan;

static void start(training *t, const plan *p)
{
    *t = (training){.optim = create_optim(p->optim), .options.seed = p->seed};
    training_open(t, p->seed);
}

/* As another process would: with nothing but the file. The seed of the
 * parameters does not matter any more. */
static void resume(training *t, const plan *p, const char *path)
{
    *t = (training){.optim = create_optim(p->optim), .options.seed = p->seed};
    training_open(t, p->seed + 99);
    if (cnn_trainer_resume(t->trainer, path) != CNN_OK)
        fail_msg("%s", cnn_last_error());
}

static const char *save(const training *t)
{
    const char *path = temp_path("checkpoint");

    if (cnn_trainer_save(t->trainer, path) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    return path;
}

static void check_every_step(const plan *p)
{
    training whole, stopped;

    start(&whole, p);
    start(&stopped, p);
    training_run(&whole, STEPS);
    for (int k = 1; k <= STEPS; k++) {
        training resumed;

        training_run(&stopped, 1);
        resume(&resumed, p, save(&stopped));
        assert_int_equal(cnn_trainer_steps(resumed.trainer), k);
        training_run(&resumed, STEPS - k);
        assert_same_training(&resumed, &whole);
        training_close(&resumed);
    }
    assert_same_training(&stopped, &whole);
    training_close(&whole);
    training_close(&stopped);
}

/* Ten stops, the distances growing. */
static void check_ten_stops(const plan *p)
{
    training whole, t;

    start(&whole, p);
    start(&t, p);
    training_run(&whole, STEPS + 10);
    for (int stop = 1; stop <= 10; stop++) {
        training next;

        training_run(&t, stop);
        resume(&next, p, save(&t));
        training_close(&t);
        t = next;
    }
    training_run(&t, 5);
    assert_same_training(&t, &whole);
    training_close(&whole);
    training_close(&t);
}

static void check(int optim, void (*with)(const plan *p))
{
    for (int32_t threads = 1; threads <= 2; threads++) {
        cnn_set_num_threads(threads);
        for (uint32_t seed = 0; seed < SEEDS; seed++)
            with(&(plan){optim, seed});
    }
    cnn_set_num_threads(1);
}

static void sgd_with_momentum(void **state)
{
    (void)state;
    check(SGD_MOMENTUM, check_every_step);
}

static void adam(void **state)
{
    (void)state;
    check(ADAM, check_every_step);
}

static void rmsprop(void **state)
{
    (void)state;
    check(RMSPROP, check_every_step);
}

static void ten_in_a_row(void **state)
{
    (void)state;
    for (int optim = 0; optim < OPTIMIZERS; optim++)
        check(optim, check_ten_stops);
}

static int32_t save_each_time(void *trainer, const cnn_progress *progress)
{
    (void)progress;
    return cnn_trainer_save(trainer, temp_path("checkpoint")) != CNN_OK;
}

/* Saving from the callback of a run, as programs do, and being stopped there.
 */
static void from_the_callback(void **state)
{
    const plan p = {ADAM, 3};
    training whole, t, resumed;

    (void)state;
    start(&whole, &p);
    start(&t, &p);
    training_run(&whole, STEPS);
    assert_int_equal(cnn_trainer_run(t.trainer, 17, save_each_time, t.trainer),
                     CNN_OK);
    resume(&resumed, &p, temp_path("checkpoint"));
    assert_same_training(&resumed, &t);
    training_run(&resumed, STEPS - 17);
    assert_same_training(&resumed, &whole);
    training_close(&whole);
    training_close(&t);
    training_close(&resumed);
}

/* The comparison would see a training that differs. */
static void seeds_differ(void **state)
{
    training a, b;
    int same = 1;

    (void)state;
    start(&a, &(plan){ADAM, 0});
    resume(&b, &(plan){ADAM, 0}, save(&a));
    cnn_trainer_free(b.trainer);
    b.options.seed = 1; /* of the shuffling */
    b.trainer = cnn_trainer_create(b.net, b.optim, b.dataset, &b.options);
    training_run(&a, STEPS);
    training_run(&b, STEPS);
    for (int i = 0; i < TINY_PARAMS; i++)
        same &= cnn_net_params(a.net)[i] == cnn_net_params(b.net)[i];
    assert_false(same);
    training_close(&a);
    training_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_differ), cmocka_unit_test(sgd_with_momentum),
        cmocka_unit_test(adam),         cmocka_unit_test(rmsprop),
        cmocka_unit_test(ten_in_a_row), cmocka_unit_test(from_the_callback),
    };

    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
