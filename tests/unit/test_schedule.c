/* Learning rates that change. golden/test_golden_train.c compares them with
 * PyTorch's. */
#include <math.h>

#include "support/training.h"
#include "train/schedule.h"

#define SCHEDULE(...)                                                     \
    (&(cnn_schedule_options){.struct_size = sizeof(cnn_schedule_options), \
                             __VA_ARGS__})

static double rate_of(const cnn_schedule_options *o, float base, int64_t step)
{
    float lr = NAN;

    assert_int_equal(cnn_schedule_lr(o, base, step, &lr), CNN_OK);
    return (double)lr;
}

/* The base rate is 2; a rate is rounded once. */
static void assert_rate(const cnn_schedule_options *o, int64_t step,
                        double want)
{
    const double lr = rate_of(o, 2.0f, step);

    if (!(fabs(lr - 2.0 * want) <= 2.0 * want * 0x1p-23))
        fail_msg("step %lld: rate %.9g, expected %.9g", (long long)step, lr,
                 2.0 * want);
}

/* ------------------------------------------------------------ formulas --- */

static void constant(void **state)
{
    (void)state;
    assert_rate(NULL, 0, 1);
    assert_rate(NULL, INT64_MAX, 1);
    assert_rate(SCHEDULE(.kind = CNN_SCHEDULE_CONSTANT), 12345, 1);
    assert_true(rate_of(NULL, 0.0f, 5) == 0.0);
}

static void step(void **state)
{
    const cnn_schedule_options *o =
        SCHEDULE(.kind = CNN_SCHEDULE_STEP, .steps = 10, .factor = 0.5f);
    const cnn_schedule_options *tenth =
        SCHEDULE(.kind = CNN_SCHEDULE_STEP, .steps = 1);

    (void)state;
    assert_rate(o, 0, 1);
    assert_rate(o, 9, 1);
    assert_rate(o, 10, 0.5);
    assert_rate(o, 19, 0.5);
    assert_rate(o, 20, 0.25);
    assert_rate(o, 105, pow(0.5, 10));
    assert_rate(o, INT64_MAX, 0);
    assert_rate(tenth, 2, (double)0.1f * (double)0.1f);
}

static void exponential(void **state)
{
    const cnn_schedule_options *o =
        SCHEDULE(.kind = CNN_SCHEDULE_EXPONENTIAL, .steps = 10, .factor = 0.5f);

    (void)state;
    assert_rate(o, 0, 1);
    assert_rate(o, 5, sqrt(0.5));
    assert_rate(o, 10, 0.5);
    assert_rate(o, 25, pow(0.5, 2.5));
    assert_rate(
        SCHEDULE(.kind = CNN_SCHEDULE_EXPONENTIAL, .steps = 1, .factor = 1.0f),
        77, 1);
}

static void cosine(void **state)
{
    const cnn_schedule_options *o =
        SCHEDULE(.kind = CNN_SCHEDULE_COSINE, .steps = 100, .factor = 0.25f);
    const cnn_schedule_options *zero =
        SCHEDULE(.kind = CNN_SCHEDULE_COSINE, .steps = 100);

    (void)state;
    assert_rate(o, 0, 1);
    assert_rate(o, 25, 0.25 + 0.75 * (1 + sqrt(0.5)) / 2);
    assert_rate(o, 50, 0.625);
    assert_rate(o, 100, 0.25);
    assert_rate(o, 101, 0.25);
    assert_rate(o, 1000000, 0.25);
    assert_rate(zero, 75, (1 - sqrt(0.5)) / 2);
    assert_rate(zero, 100, 0);
}

/* Every kind begins after the warm-up as it would without. */
static void warm_up(void **state)
{
    (void)state;
    for (int32_t kind = CNN_SCHEDULE_CONSTANT; kind <= CNN_SCHEDULE_PLATEAU;
         kind++) {
        const cnn_schedule_options *warm =
            SCHEDULE(.kind = kind, .steps = 7, .warmup = 4, .factor = 0.5f);
        const cnn_schedule_options *cold =
            SCHEDULE(.kind = kind, .steps = 7, .factor = 0.5f);

        for (int64_t t = 0; t < 4; t++)
            assert_rate(warm, t, (double)(t + 1) / 4.0);
        for (int64_t t = 4; t < 40; t++)
            assert_true(rate_of(warm, 0.3f, t) == rate_of(cold, 0.3f, t - 4));
    }
}

/* ------------------------------------------------------------- plateau --- */

/* An epoch of two batches of three and one sample, with that mean loss. */
static double epoch(cnn__schedule *s, double mean)
{
    cnn__schedule_follow(s, 3 * mean + 1.0, 3, 0);
    cnn__schedule_follow(s, mean - 1.0, 1, 1);
    return (double)cnn__schedule_lr(s, 1000);
}

/* Times 1/2 after 2 epochs in a row that are no better than the best by one in
 * ten thousand; then it waits for 2 more. */
static void plateau(void **state)
{
    const double losses[] = {5, 4,       4.1, 3,   3, 2.9999, 2,  2,
                             2, 2.00001, 1.9, 1.9, 3, 1.8999, 1.7};
    const double rates[] = {1,   1,    1,    1,    1,    0.5,   0.5,  0.5,
                            .25, 0.25, 0.25, 0.25, .125, 0.125, 0.125};
    cnn__schedule s;

    (void)state;
    assert_int_equal(cnn__schedule_start(&s, 1.0f,
                                         SCHEDULE(.kind = CNN_SCHEDULE_PLATEAU,
                                                  .steps = 2, .factor = 0.5f)),
                     CNN_OK);
    for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
        if (epoch(&s, losses[i]) != rates[i])
            fail_msg("epoch %zu: rate %g, expected %g", i,
                     (double)cnn__schedule_lr(&s, 1000), rates[i]);
}

/* The other kinds do not look at losses. */
static void only_plateau_follows(void **state)
{
    (void)state;
    for (int32_t kind = CNN_SCHEDULE_CONSTANT; kind < CNN_SCHEDULE_PLATEAU;
         kind++) {
        cnn__schedule s;

        assert_int_equal(
            cnn__schedule_start(&s, 1.0f, SCHEDULE(.kind = kind, .steps = 5)),
            CNN_OK);
        const double before = (double)cnn__schedule_lr(&s, 1000);
        for (int i = 0; i < 20; i++)
            assert_true(epoch(&s, 1.0) == before);
    }
}

/* ------------------------------------------------------- with a trainer --- */

/* Each step takes the rate of its number, whatever the optimiser had. */
static void trainer_follows(void **state)
{
    const cnn_schedule_options *o =
        SCHEDULE(.kind = CNN_SCHEDULE_COSINE, .steps = 9, .warmup = 3);
    training t = {.schedule = o}, twin = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    for (int64_t step = 0; step < 15; step++) {
        cnn_optim_set_lr(t.optim, 77.0f);
        training_run(&t, 1);
        cnn_optim_set_lr(twin.optim, (float)rate_of(o, 0.05f, step));
        training_run(&twin, 1);
        assert_same_training(&t, &twin);
    }
    training_close(&t);
    training_close(&twin);
}

/* A net that cannot learn is on a plateau from its second epoch on: 4 batches
 * of 4 are more than an epoch of 13. Both reductions measure the same. */
static void trainer_meets_a_plateau(void **state)
{
    (void)state;
    for (int32_t reduction = 0; reduction < 2; reduction++) {
        training t = {.schedule = SCHEDULE(.kind = CNN_SCHEDULE_PLATEAU,
                                           .steps = 1, .factor = 0.5f)};

        training_open(&t, 1);
        cnn_net_set_loss(t.net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, reduction);
        for (int32_t i = 0; i < cnn_net_layer_count(t.net); i++)
            cnn_layer_set_frozen(cnn_net_layer(t.net, i), 1);
        for (int i = 0; i < TINY_SAMPLES * TINY_INPUT; i++)
            t.images[i] = 0.0f; /* and all samples are alike */
        for (int i = 0; i < TINY_SAMPLES; i++)
            t.labels[i] = 3;
        for (int64_t step = 0; step < 30; step++) {
            const int64_t epochs = step * TINY_BATCH / TINY_SAMPLES;
            const double halvings = epochs > 1 ? (double)(epochs - 1) : 0.0;

            training_run(&t, 1);
            assert_true(cnn_optim_lr(t.optim) ==
                        (float)((double)0.05f * pow(0.5, halvings)));
        }
        training_close(&t);
    }
}

/* -------------------------------------------------------------- errors --- */

static void refuse(const cnn_schedule_options *o, const char *part)
{
    float lr = 7.0f;

    assert_failed(cnn_schedule_lr(o, 1.0f, 0, &lr), CNN_EINVAL, part);
    assert_true(lr == 7.0f);
}

static void errors(void **state)
{
    float lr;

    (void)state;
    refuse(SCHEDULE(.kind = -1), "schedule: kind -1, expected 0 to 4");
    refuse(SCHEDULE(.kind = 5), "schedule: kind 5, expected 0 to 4");
    for (int32_t kind = CNN_SCHEDULE_STEP; kind <= CNN_SCHEDULE_PLATEAU; kind++)
        refuse(SCHEDULE(.kind = kind), "steps 0, expected at least 1");
    refuse(SCHEDULE(.kind = 1, .steps = -4), "steps -4, expected at least 1");
    refuse(SCHEDULE(.warmup = -2), "warmup -2, expected at least 0");
    refuse(SCHEDULE(.kind = 1, .steps = 1, .factor = -0.5f),
           "factor -0.5, expected 0 to 1");
    refuse(SCHEDULE(.kind = 1, .steps = 1, .factor = 1.5f),
           "factor 1.5, expected 0 to 1");
    refuse(SCHEDULE(.kind = 1, .steps = 1, .factor = NAN), "factor ");
    refuse(&(cnn_schedule_options){0}, "schedule: struct_size is 0");
    assert_failed(cnn_schedule_lr(NULL, 1.0f, -1, &lr), CNN_EINVAL, "step -1");
    assert_failed(cnn_schedule_lr(NULL, 1.0f, 0, NULL), CNN_EINVAL,
                  "lr is NULL");
    assert_failed(cnn_schedule_lr(NULL, -1.0f, 0, &lr), CNN_EINVAL,
                  "base rate -1, expected a finite number of at least 0");
    assert_failed(cnn_schedule_lr(NULL, INFINITY, 0, &lr), CNN_EINVAL,
                  "base rate inf");
}

/* A schedule that is refused leaves the old one. */
static void trainer_refuses(void **state)
{
    training t = {.schedule = SCHEDULE(.kind = CNN_SCHEDULE_STEP, .steps = 1)};

    (void)state;
    assert_failed(cnn_trainer_set_schedule(NULL, 1.0f, NULL), CNN_EINVAL,
                  "trainer is NULL");
    training_open(&t, 1);
    assert_failed(cnn_trainer_set_schedule(t.trainer, NAN, NULL), CNN_EINVAL,
                  "base rate ");
    assert_failed(
        cnn_trainer_set_schedule(t.trainer, 1.0f, SCHEDULE(.kind = 9)),
        CNN_EINVAL, "kind 9");
    training_run(&t, 2);
    assert_true(fabsf(cnn_optim_lr(t.optim) - 0.005f) < 1e-9f);
    assert_int_equal(cnn_trainer_set_schedule(t.trainer, 0.5f, NULL), CNN_OK);
    training_run(&t, 1);
    assert_true(cnn_optim_lr(t.optim) == 0.5f);
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant),
        cmocka_unit_test(step),
        cmocka_unit_test(exponential),
        cmocka_unit_test(cosine),
        cmocka_unit_test(warm_up),
        cmocka_unit_test(plateau),
        cmocka_unit_test(only_plateau_follows),
        cmocka_unit_test(trainer_follows),
        cmocka_unit_test(trainer_meets_a_plateau),
        cmocka_unit_test(errors),
        cmocka_unit_test(trainer_refuses),
    };

    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
