/* The average of the weights: its formula, who sees it, and what it leaves as
 * it was. golden/test_golden_learning.c compares it with PyTorch's. */
#include <math.h>
#include <string.h>

#include "net/net_impl.h"
#include "support/training.h"

enum { STEPS = 12 };

static void open(training *t, float decay)
{
    *t = (training){.net = rich_net()};
    training_open(t, 1);
    assert_int_equal(cnn_trainer_set_average(t->trainer, decay), CNN_OK);
}

/* The average in a net of its own, to be freed. */
static cnn_net *average_of(const training *t)
{
    cnn_net *net = cnn_net_copy(t->net, TINY_BATCH);

    if (cnn_trainer_copy_average(t->trainer, net) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    return net;
}

/* All floats of a net: the parameters, then what is not trained. */
static size_t floats_of(const cnn_net *net, double *to)
{
    const cnn__params *p = &net->params;

    for (size_t i = 0; i < p->count; i++)
        to[i] = (double)p->value[i];
    for (size_t i = 0; i < p->fixed_count; i++)
        to[p->count + i] = (double)p->fixed[i];
    return p->count + p->fixed_count;
}

/* ------------------------------------------------------------- formula --- */

/* The sum of the definition, in double. */
static void is_the_weighted_mean(void **state)
{
    static double sum[1000], now[1000], got[1000];
    const float decays[] = {0.5f, 0.75f, 0.999f};

    (void)state;
    for (int d = 0; d < 3; d++) {
        double total = 0;
        size_t n = 0;
        training t;

        open(&t, decays[d]);
        memset(sum, 0, sizeof(sum));
        for (int step = 0; step < STEPS; step++) {
            training_run(&t, 1);
            n = floats_of(t.net, now);
            assert_true(n <= 1000);
            total = (double)decays[d] * total + 1;
            for (size_t i = 0; i < n; i++)
                sum[i] = (double)decays[d] * sum[i] + now[i];
        }
        cnn_net *average = average_of(&t);
        floats_of(average, got);
        /* Three roundings a step of numbers below 4. */
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(got[i] - sum[i] / total) <= STEPS * 0x3p-23);
        assert_true(fabs(got[0] - now[0]) > 1e-4);
        cnn_net_free(average);
        training_close(&t);
    }
}

/* So the first average is the parameters, and what is frozen never changes. */
static void what_stays_has_its_own_bits(void **state)
{
    training t;

    (void)state;
    open(&t, 0.9f);
    cnn_layer_set_frozen(cnn_net_layer(t.net, 0), CNN_FROZEN);
    training_run(&t, 1);
    cnn_net *first = average_of(&t);
    assert_same_bits(cnn_net_params(first), cnn_net_params(t.net),
                     cnn_net_param_count(t.net));
    training_run(&t, 30);
    cnn_net *later = average_of(&t);
    assert_same_bits(cnn_layer_params(cnn_net_layer(later, 0)),
                     cnn_layer_params(cnn_net_layer(first, 0)), 40);
    assert_true(memcmp(cnn_net_params(later), cnn_net_params(t.net),
                       cnn_net_param_count(t.net) * sizeof(float)) != 0);
    cnn_net_free(first);
    cnn_net_free(later);
    training_close(&t);
}

/* A training with an average is one without, whatever looks at it. */
static void leaves_the_training_alone(void **state)
{
    cnn_metrics of_average, of_copy, of_net;
    training t, plain = {.net = rich_net()};

    (void)state;
    open(&t, 0.9f);
    training_open(&plain, 1);
    for (int i = 0; i < STEPS; i++) {
        training_run(&t, 1);
        training_run(&plain, 1);
        assert_int_equal(cnn_trainer_validate(t.trainer, t.dataset,
                                              i % 2 ? NULL : &of_average),
                         CNN_OK);
        assert_same_bits(cnn_net_params(t.net), cnn_net_params(plain.net),
                         cnn_net_param_count(t.net));
        assert_same_bits(t.net->params.fixed, plain.net->params.fixed,
                         t.net->params.fixed_count);
    }
    assert_int_equal(cnn_trainer_validate(t.trainer, t.dataset, &of_average),
                     CNN_OK);
    cnn_net *average = average_of(&t);
    cnn_net_evaluate(average, t.dataset, &of_copy, NULL);
    cnn_net_evaluate(t.net, t.dataset, &of_net, NULL);
    assert_true(of_average.loss == of_copy.loss);
    assert_true(of_average.loss != of_net.loss);
    /* The net itself may become the average. */
    assert_int_equal(cnn_trainer_copy_average(t.trainer, t.net), CNN_OK);
    assert_same_bits(cnn_net_params(t.net), cnn_net_params(average),
                     cnn_net_param_count(t.net));
    assert_int_equal(cnn_trainer_set_average(t.trainer, 0.0f), CNN_OK);
    assert_int_equal(cnn_trainer_validate(t.trainer, t.dataset, &of_net),
                     CNN_OK);
    assert_true(of_net.loss == of_average.loss);
    training_run(&t, 1);
    cnn_net_free(average);
    training_close(&t);
    training_close(&plain);
}

/* A layer of many chunks. */
static void same_bits_with_any_threads(void **state)
{
    enum { WIDE = 3000 };
    float *want = NULL;

    (void)state;
    for (int32_t threads = 1; threads <= 4; threads++) {
        training t = {.net = cnn_net_create()};

        cnn_set_num_threads(threads);
        cnn_net_add(t.net, cnn_dense_create(WIDE, NULL));
        cnn_net_add(t.net, cnn_dense_create(TINY_CLASSES, NULL));
        training_open(&t, 1);
        assert_int_equal(cnn_trainer_set_average(t.trainer, 0.9f), CNN_OK);
        training_run(&t, 5);
        cnn_net *average = average_of(&t);
        if (want == NULL)
            want = copy_params(average);
        assert_same_bits(cnn_net_params(average), want,
                         cnn_net_param_count(average));
        cnn_net_free(average);
        training_close(&t);
    }
    cnn_set_num_threads(1);
    test_free(want);
}

/* -------------------------------------------------------------- errors --- */

static void refusals(void **state)
{
    const float wrong[] = {1.0f, -0.5f, 2.0f, NAN, INFINITY};
    cnn_net *other = conv_net(false), *described = rich_net();
    training t = {.net = rich_net()}, twin;

    (void)state;
    build(other, &conv_net_shape, 1, 1);
    training_open(&t, 1);
    assert_failed(cnn_trainer_copy_average(t.trainer, t.net), CNN_ESTATE,
                  "cnn_trainer_set_average() was not called");
    assert_int_equal(cnn_trainer_set_average(t.trainer, 0.5f), CNN_OK);
    assert_failed(cnn_trainer_copy_average(t.trainer, t.net), CNN_ESTATE,
                  "no step has been made since cnn_trainer_set_average()");
    open(&twin, 0.5f);
    training_run(&t, 3);
    training_run(&twin, 3);
    for (int i = 0; i < 5; i++)
        assert_failed(cnn_trainer_set_average(t.trainer, wrong[i]), CNN_EINVAL,
                      "expected 0 to below 1");
    assert_failed(cnn_trainer_set_average(t.trainer, 2.0f), CNN_EINVAL,
                  "trainer_set_average: decay 2, ");
    assert_failed(cnn_trainer_copy_average(t.trainer, other), CNN_ESHAPE,
                  "trainer_copy_average: 9 layers, the other net has 6");
    assert_failed(cnn_trainer_copy_average(t.trainer, described), CNN_ESTATE,
                  "not built");
    assert_failed(cnn_trainer_copy_average(t.trainer, NULL), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_trainer_copy_average(NULL, t.net), CNN_EINVAL,
                  "trainer is NULL");
    assert_failed(cnn_trainer_set_average(NULL, 0.5f), CNN_EINVAL,
                  "trainer is NULL");
    training_run(&t, 3);
    training_run(&twin, 3);
    assert_same_training(&t, &twin);
    /* Begins anew. */
    assert_int_equal(cnn_trainer_set_average(t.trainer, 0.5f), CNN_OK);
    assert_failed(cnn_trainer_copy_average(t.trainer, t.net), CNN_ESTATE,
                  "no step");
    training_close(&t);
    training_close(&twin);
    cnn_net_free(other);
    cnn_net_free(described);
}

/* ------------------------------------------------- while it validates --- */

/* Looks on while the net has the average, and the average the net. */
typedef struct meddler {
    cnn_trainer *trainer;
    cnn_net *copy;
    int32_t calls; /* of the loss by a validation */
} meddler;

static void meddle(const meddler *m)
{
    cnn_trainer *t = m->trainer;
    cnn_best best = {.struct_size = sizeof(best)};
    const cnn_status got[] = {
        cnn_trainer_step(t, NULL),
        cnn_trainer_run(t, 1, NULL, NULL),
        cnn_trainer_validate(t, NULL, NULL),
        cnn_trainer_judge(t, 0.0),
        cnn_trainer_best(t, &best),
        cnn_trainer_copy_best(t, m->copy),
        cnn_trainer_copy_average(t, m->copy),
        cnn_trainer_set_average(t, 0.5f),
        cnn_trainer_set_stopping(t, NULL),
        cnn_trainer_save(t, "meddled"),
        cnn_trainer_resume(t, "meddled"),
    };

    for (size_t i = 0; i < sizeof(got) / sizeof(got[0]); i++)
        assert_int_equal(got[i], CNN_ESTATE);
    assert_error(CNN_ESTATE, "trainer_resume: the trainer is validating the "
                             "average of step 3");
}

static double meddling_loss(void *user, const cnn_loss_sample *s, float *dy)
{
    meddler *m = user;
    double sum = 0.0;

    for (size_t k = 0; k < s->count; k++) {
        const float e = s->y[k] - (k == (size_t)s->label ? 1.0f : 0.0f);

        sum += (double)e * (double)e;
        if (dy != NULL)
            dy[k] = 2.0f * e;
    }
    if (dy == NULL && m->calls++ == TINY_SAMPLES - 1)
        meddle(m);
    return sum;
}

static void nobody_meddles(void **state)
{
    meddler m = {0}, other = {.calls = TINY_SAMPLES};
    training t = {.net = rich_net()}, twin = {.net = rich_net()};

    (void)state;
    cnn_net_set_custom_loss(t.net, meddling_loss, &m);
    cnn_net_set_custom_loss(twin.net, meddling_loss, &other);
    training_open(&t, 1);
    training_open(&twin, 1);
    training_learns(&t);
    training_learns(&twin);
    m.trainer = t.trainer;
    m.copy = cnn_net_copy(t.net, 1);
    training_run(&t, 3);
    training_run(&twin, 3);
    assert_int_equal(cnn_trainer_validate(t.trainer, t.dataset, NULL), CNN_OK);
    assert_int_equal(cnn_trainer_validate(twin.trainer, twin.dataset, NULL),
                     CNN_OK);
    assert_int_equal(m.calls, TINY_SAMPLES);
    training_run(&t, 3);
    training_run(&twin, 3);
    assert_same_training(&t, &twin);
    cnn_net_free(m.copy);
    training_close(&t);
    training_close(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_weighted_mean),
        cmocka_unit_test(what_stays_has_its_own_bits),
        cmocka_unit_test(leaves_the_training_alone),
        cmocka_unit_test(same_bits_with_any_threads),
        cmocka_unit_test(refusals),
        cmocka_unit_test(nobody_meddles),
    };

    return cmocka_run_group_tests_name("average", tests, NULL, NULL);
}
