/* What several ranks would take: the formulas by hand, their laws, and the
 * measurement. */
#include <math.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/training.h"

/* Round numbers: 1 ms and 10 us a sample; 250,000 gradients are a megabyte. */
static const cnn_scaling_machine machine = {.struct_size = sizeof(machine),
                                            .exchanges = 2,
                                            .params = 250000,
                                            .record = 500,
                                            .fixed = 1e-3,
                                            .per_sample = 1e-5,
                                            .update = 5e-4,
                                            .add = 4e-9};

/* A hundred megabytes a second, 50 us. */
static const cnn_scaling_link fast = {.struct_size = sizeof(fast),
                                      .bandwidth = 1e9,
                                      .latency = 5e-5,
                                      .payload = 0.8};

static cnn_scaling_prediction predict(const cnn_scaling_link *link,
                                      int32_t ranks, int32_t batch)
{
    cnn_scaling_prediction p = {.struct_size = sizeof(p)};

    if (cnn_scaling_predict(&machine, link, ranks, batch, &p) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    return p;
}

/* Sums of a few terms, each rounded. */
static void assert_is(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * fabs(want)))
        fail_msg("%.17g, expected %.17g", got, want);
}

/* ------------------------------------------------------------- formulas --- */

static void one_rank(void **state)
{
    const cnn_scaling_prediction p = predict(&fast, 1, 100);

    (void)state;
    assert_is(p.compute, 2e-3);
    assert_true(p.exchange == 0.0 && p.sum == 0.0 && p.efficiency == 1.0);
    assert_is(p.step, 2e-3);
    assert_is(p.samples, 50000.0);
    assert_int_equal(p.batch_90, 1);
}

/* Of n = 4: 2 messages and 3 records in each of 2 exchanges; 4 messages, 3/2 of
 * a megabyte there and back, 3/4 of the additions. */
static void by_halving(void **state)
{
    const cnn_scaling_prediction p = predict(&fast, 4, 100);

    (void)state;
    assert_is(p.exchange, 2.0 * (2.0 * 5e-5 + 3.0 * 500.0 / 1e8));
    assert_is(p.sum, 4.0 * 5e-5 + 1.5e6 / 1e8 + 0.75 * 1e-3);
    assert_is(p.step, 2e-3 + p.exchange + p.sum);
    assert_is(p.samples, 400.0 / p.step);
    assert_is(p.efficiency, 2e-3 / p.step);
}

static void in_a_ring(void **state)
{
    cnn_scaling_link ring = fast;

    (void)state;
    ring.sum = CNN_SUM_RING;
    assert_is(predict(&ring, 4, 100).sum,
              6.0 * 5e-5 + 1.5e6 / 1e8 + 0.75 * 1e-3);
    assert_is(predict(&ring, 5, 100).sum,
              8.0 * 5e-5 + 1.6e6 / 1e8 + 0.8 * 1e-3);
    /* With two ranks there is one way only. */
    assert_is(predict(&ring, 2, 100).sum, predict(&fast, 2, 100).sum);
}

/* Of n = 6 two hand over a megabyte to two of the four, and get one. */
static void no_power_of_two(void **state)
{
    const cnn_scaling_prediction p = predict(&fast, 6, 100);

    (void)state;
    assert_is(p.exchange, 2.0 * (3.0 * 5e-5 + 5.0 * 500.0 / 1e8));
    assert_is(p.sum, 6.0 * 5e-5 + 3.5e6 / 1e8 + 1.75 * 1e-3);
}

static void payload(void **state)
{
    cnn_scaling_link link = fast;

    (void)state;
    link.payload = 0.0;
    link.bandwidth = 8e8 / 0.94;
    assert_is(predict(&link, 8, 7).step, predict(&fast, 8, 7).step);
}

/* ----------------------------------------------------------------- laws --- */

/* The batch from which efficiency is 0.9 is the least such batch. */
static void batch_90(void **state)
{
    cnn_scaling_link link = fast;

    (void)state;
    for (int32_t ranks = 2; ranks <= 1024; ranks = ranks * 3 / 2 + 1)
        for (link.bandwidth = 1e8; link.bandwidth < 1e12;
             link.bandwidth *= 10.0) {
            const cnn_scaling_prediction p = predict(&link, ranks, 1);

            assert_in_range(p.batch_90, 1, INT32_MAX);
            const int32_t batch = (int32_t)p.batch_90;
            assert_true(predict(&link, ranks, batch).efficiency >= 0.9 - 1e-12);
            if (batch > 1)
                assert_true(predict(&link, ranks, batch - 1).efficiency <
                            0.9 + 1e-12);
        }
}

static void without_end(void **state)
{
    cnn_scaling_machine quick = machine;
    cnn_scaling_prediction p = {.struct_size = sizeof(p)};

    (void)state;
    quick.per_sample = 1e-300;
    assert_int_equal(cnn_scaling_predict(&quick, &fast, 2, 1, &p), CNN_OK);
    assert_true(p.batch_90 == INT64_MAX);
}

/* More ranks, less bandwidth or more latency never make a step shorter. */
static void worse_is_slower(void **state)
{
    cnn_scaling_link slow = fast, far = fast;
    double before = 0.0;

    (void)state;
    slow.bandwidth /= 2.0;
    far.latency *= 2.0;
    for (int32_t ranks = 1; ranks <= 65536; ranks *= 2) {
        const double step = predict(&fast, ranks, 50).step;

        assert_true(step > before);
        before = step;
        if (ranks > 1) {
            assert_true(predict(&slow, ranks, 50).step > step);
            assert_true(predict(&far, ranks, 50).step > step);
        }
    }
}

/* --------------------------------------------------------------- errors --- */

static void refuse(cnn_scaling_machine m, cnn_scaling_link l, int32_t ranks,
                   int32_t batch, const char *part)
{
    cnn_scaling_prediction p = {.struct_size = sizeof(p)}, same = p;

    assert_failed(cnn_scaling_predict(&m, &l, ranks, batch, &p), CNN_EINVAL,
                  part);
    assert_memory_equal(&p, &same, sizeof(p));
}

static void refused_machines(void **state)
{
    cnn_scaling_machine m = machine;

    (void)state;
    m.params = 0;
    refuse(m, fast, 2, 1, "params 0, record 500, exchanges 2, expected");
    m = machine;
    m.record = -1;
    refuse(m, fast, 2, 1, "record -1");
    m = machine;
    m.exchanges = -1;
    refuse(m, fast, 2, 1, "exchanges -1");
    m = machine;
    m.per_sample = 0.0;
    refuse(m, fast, 2, 1, "per_sample 0, ");
    m = machine;
    m.fixed = -1.0;
    refuse(m, fast, 2, 1, "fixed -1, ");
    m = machine;
    m.add = (double)NAN;
    refuse(m, fast, 2, 1, "expected finite times");
    m = machine;
    m.update = (double)INFINITY;
    refuse(m, fast, 2, 1, "update inf");
    m.struct_size = 0;
    refuse(m, fast, 2, 1, "scaling_machine: struct_size is 0");
}

static void refused_links(void **state)
{
    cnn_scaling_link l = fast;

    (void)state;
    l.sum = 2;
    refuse(machine, l, 2, 1, "sum 2, expected 0 or 1");
    l = fast;
    l.bandwidth = 0.0;
    refuse(machine, l, 2, 1, "bandwidth 0, expected bits a second");
    l = fast;
    l.latency = -1e-6;
    refuse(machine, l, 2, 1, "latency -1e-06, expected seconds");
    l = fast;
    l.payload = 1.5;
    refuse(machine, l, 2, 1, "payload 1.5, expected up to 1");
    l.struct_size = 4096;
    refuse(machine, l, 2, 1, "scaling_link: struct_size is 4096");
}

static void refused_calls(void **state)
{
    cnn_scaling_prediction p = {.struct_size = sizeof(p)};

    (void)state;
    refuse(machine, fast, 0, 1, "0 ranks of 1 samples, expected 1 to 65536");
    refuse(machine, fast, 65537, 1, "65537 ranks");
    refuse(machine, fast, 2, 0, "2 ranks of 0 samples");
    assert_failed(cnn_scaling_predict(NULL, &fast, 2, 1, &p), CNN_EINVAL,
                  "machine is NULL");
    assert_failed(cnn_scaling_predict(&machine, NULL, 2, 1, &p), CNN_EINVAL,
                  "link is NULL");
    assert_failed(cnn_scaling_predict(&machine, &fast, 2, 1, NULL), CNN_EINVAL,
                  "out is NULL");
    p.struct_size = 8;
    assert_failed(cnn_scaling_predict(&machine, &fast, 2, 1, &p), CNN_EINVAL,
                  "scaling_predict: struct_size is 8");
}

/* ---------------------------------------------------------- measurement --- */

enum { SAMPLES = 12 };

static cnn_batch batch_of(const training *t)
{
    return (cnn_batch){.struct_size = sizeof(cnn_batch),
                       .count = SAMPLES,
                       .x = t->images,
                       .labels = t->labels};
}

/* Of a net that is built for less than the batch; it stays as it is. */
static void measures(void **state)
{
    const cnn_scaling_options o = {.struct_size = sizeof(o), .seconds = 1e-3};
    cnn_scaling_machine m = {.struct_size = sizeof(m)};
    training t = {.net = rich_net()};

    (void)state;
    training_prepare(&t, 1);
    const cnn_batch batch = batch_of(&t);
    float *before = copy_params(t.net);
    if (cnn_scaling_measure(t.net, t.optim, &batch, &o, &m) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    assert_true(m.per_sample > 0.0 && m.update > 0.0 && m.add > 0.0);
    assert_int_equal(m.params, cnn_net_param_count(t.net));
    assert_int_equal(m.exchanges, 2);
    assert_int_equal(m.threads, cnn_num_threads());
    /* Some 230 bytes, and running statistics. */
    assert_in_range(m.record, 200, 400);
    assert_same_bits(cnn_net_params(t.net), before, (size_t)m.params);
    cnn_scaling_prediction p = {.struct_size = sizeof(p)};
    assert_int_equal(cnn_scaling_predict(&m, &fast, 4, 4, &p), CNN_OK);
    test_free(before);
    training_close(&t);
}

/* A rate that no training survives: each step begins anew. */
static void does_not_diverge(void **state)
{
    const cnn_scaling_options o = {.struct_size = sizeof(o), .seconds = 1e-3};
    cnn_scaling_machine m = {.struct_size = sizeof(m)};
    training t = {.optim = cnn_sgd_create(1e30f, NULL)};

    (void)state;
    training_prepare(&t, 1);
    const cnn_batch batch = batch_of(&t);
    assert_int_equal(cnn_scaling_measure(t.net, t.optim, &batch, &o, &m),
                     CNN_OK);
    training_close(&t);
}

static void refused_measurements(void **state)
{
    cnn_scaling_options o = {.struct_size = sizeof(o), .small = SAMPLES};
    cnn_scaling_machine m = {.struct_size = sizeof(m)};
    cnn_net *none = echo_net(4, 2);
    training t = {0};

    (void)state;
    training_prepare(&t, 1);
    cnn_batch batch = batch_of(&t);
    assert_failed(cnn_scaling_measure(NULL, t.optim, &batch, NULL, &m),
                  CNN_EINVAL, "net is NULL");
    assert_failed(cnn_scaling_measure(t.net, NULL, &batch, NULL, &m),
                  CNN_EINVAL, "optim is NULL");
    assert_failed(cnn_scaling_measure(t.net, t.optim, NULL, NULL, &m),
                  CNN_EINVAL, "batch is NULL");
    assert_failed(cnn_scaling_measure(t.net, t.optim, &batch, NULL, NULL),
                  CNN_EINVAL, "out is NULL");
    assert_failed(cnn_scaling_measure(t.net, t.optim, &batch, &o, &m),
                  CNN_EINVAL, "batches of 12 and 12 samples");
    o.small = 3;
    o.seconds = -1.0;
    assert_failed(cnn_scaling_measure(t.net, t.optim, &batch, &o, &m),
                  CNN_EINVAL, "seconds -1, expected");
    assert_failed(cnn_scaling_measure(none, t.optim, &batch, NULL, &m),
                  CNN_EINVAL, "the net has no parameters");
    batch.labels = NULL;
    assert_int_equal(cnn_scaling_measure(t.net, t.optim, &batch, NULL, &m),
                     CNN_EINVAL);
    batch.count = 1;
    assert_failed(cnn_scaling_measure(t.net, t.optim, &batch, NULL, &m),
                  CNN_EINVAL, "batches of 1 and 1 samples");
    m.struct_size = 8;
    batch = batch_of(&t);
    assert_failed(cnn_scaling_measure(t.net, t.optim, &batch, NULL, &m),
                  CNN_EINVAL, "scaling_measure: struct_size is 8");
    assert_true(m.params == 0 && m.fixed == 0.0);
    cnn_net_free(none);
    training_close(&t);
}

/* ---------------------------------------------------------- no memory --- */

static cnn_status measure_some(void *data)
{
    const cnn_scaling_options o = {.struct_size = sizeof(o), .seconds = 1e-6};
    const training *t = data;
    const cnn_batch batch = batch_of(t);
    cnn_scaling_machine m = {.struct_size = sizeof(m)};

    return cnn_scaling_measure(t->net, t->optim, &batch, &o, &m);
}

static void without_memory(void **state)
{
    training t = {0};

    (void)state;
    faulty_memory_install();
    training_prepare(&t, 1);
    assert_true(assert_survives_faults(measure_some, &t) > 3);
    training_close(&t);
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rank),
        cmocka_unit_test(by_halving),
        cmocka_unit_test(in_a_ring),
        cmocka_unit_test(no_power_of_two),
        cmocka_unit_test(payload),
        cmocka_unit_test(batch_90),
        cmocka_unit_test(without_end),
        cmocka_unit_test(worse_is_slower),
        cmocka_unit_test(refused_machines),
        cmocka_unit_test(refused_links),
        cmocka_unit_test(refused_calls),
        cmocka_unit_test(measures),
        cmocka_unit_test(does_not_diverge),
        cmocka_unit_test(refused_measurements),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests_name("scaling", tests, NULL, NULL);
}
