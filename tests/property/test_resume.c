/* A training that was stopped and resumed equals one that never was, bit for
 * bit: after any number of steps, and after many stops. */
#include "support/temp_file.h"
#include "support/training.h"

enum { STEPS = 50, SEEDS = 5 };

typedef struct plan {
    int optim;
    uint32_t seed;
    const cnn_schedule_options *schedule; /* with all else that is remembered:
                                             NULL: nothing of it */
} plan;

static const cnn_augment_options augment = {
    .struct_size = sizeof(augment), .shift = 1, .rotation = 10, .elastic = 1};

static void open(training *t, const plan *p, uint64_t seed)
{
    *t = (training){.optim = create_optim(p->optim), .options.seed = p->seed};
    if (p->schedule != NULL) {
        t->net = rich_net();
        t->options.clip_norm = 0.75f;
        t->schedule = p->schedule;
        t->augment = &augment;
    }
    training_open(t, seed);
}

static void start(training *t, const plan *p)
{
    open(t, p, p->seed);
}

/* As another process would: with nothing but the file. The seed of the
 * parameters does not matter any more. */
static void resume(training *t, const plan *p, const char *path)
{
    open(t, p, p->seed + 99);
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

static void check(plan p, void (*with)(const plan *p))
{
    for (int32_t threads = 1; threads <= 2; threads++) {
        cnn_set_num_threads(threads);
        for (p.seed = 0; p.seed < SEEDS; p.seed++)
            with(&p);
    }
    cnn_set_num_threads(1);
}

static void sgd_with_momentum(void **state)
{
    (void)state;
    check((plan){.optim = SGD_MOMENTUM}, check_every_step);
}

static void adam(void **state)
{
    (void)state;
    check((plan){.optim = ADAM}, check_every_step);
}

static void rmsprop(void **state)
{
    (void)state;
    check((plan){.optim = RMSPROP}, check_every_step);
}

static void ten_in_a_row(void **state)
{
    (void)state;
    for (int optim = 0; optim < OPTIMIZERS; optim++)
        check((plan){.optim = optim}, check_ten_stops);
}

/* Dropout, running statistics, a net that is clipped, images that move, and a
 * schedule that counts steps. */
static const cnn_schedule_options cosine = {.struct_size = sizeof(cosine),
                                            .kind = CNN_SCHEDULE_COSINE,
                                            .steps = 40,
                                            .warmup = 5};

/* One that remembers losses; in 15 epochs it comes down several times. */
static const cnn_schedule_options plateau = {.struct_size = sizeof(plateau),
                                             .kind = CNN_SCHEDULE_PLATEAU,
                                             .steps = 1,
                                             .factor = 0.5f};

static void everything(void **state)
{
    const cnn_schedule_options *const each[] = {&cosine, &plateau};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const plan p = {.optim = SGD_MOMENTUM, .schedule = each[i]};
        training t;

        check(p, check_ten_stops);
        check_every_step(&p);
        start(&t, &p);
        training_run(&t, STEPS);
        assert_true(cnn_optim_lr(t.optim) < 0.05f / 2);
        training_close(&t);
    }
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
    const plan p = {ADAM, 3, NULL};
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
    start(&a, &(plan){.optim = ADAM});
    resume(&b, &(plan){.optim = ADAM}, save(&a));
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
        cmocka_unit_test(everything),
    };

    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
