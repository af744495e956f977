/* Which samples a trainer takes when: shuffled epochs, straddled by batches. */
#include <math.h>
#include <string.h>

#include "support/nets.h"

enum { MOST = 64 };

/* Trains on one-hot images, so that the gradient tells which samples a batch
 * had: two outputs of 0, the sum of cross-entropies and label 0 make -1/2 for
 * weight (0, i) each time that sample i is seen. Nothing is learnt. */
typedef struct probe {
    cnn_net *net;
    cnn_optim *still;
    cnn_dataset *dataset;
    cnn_trainer *trainer;
    int32_t samples, batch;
    float x[MOST * MOST];
    int32_t labels[MOST];
} probe;

static probe *probe_open(int32_t samples, int32_t batch, uint64_t seed,
                         uint32_t flags)
{
    probe *p = test_calloc(1, sizeof(*p));
    const cnn_trainer_options o = {
        .struct_size = sizeof(o), .flags = flags, .batch = batch, .seed = seed};

    for (int32_t i = 0; i < samples; i++)
        p->x[i * samples + i] = 1.0f;
    p->samples = samples;
    p->batch = batch;
    p->net = dense_net(samples, 2, MOST);
    memset(cnn_net_params(p->net), 0,
           cnn_net_param_count(p->net) * sizeof(float));
    cnn_net_set_loss(p->net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, CNN_REDUCE_SUM);
    p->still = cnn_sgd_create(0.0f, NULL);
    p->dataset = cnn_dataset_wrap_f32(&(cnn_shape){samples, 1, 1}, samples,
                                      p->x, p->labels, NULL);
    p->trainer = cnn_trainer_create(p->net, p->still, p->dataset, &o);
    assert_non_null(p->trainer);
    return p;
}

static void probe_close(probe *p)
{
    cnn_trainer_free(p->trainer);
    cnn_dataset_free(p->dataset);
    cnn_optim_free(p->still);
    cnn_net_free(p->net);
    test_free(p);
}

/* One step; adds to `seen` how often it saw each sample. */
static void probe_step(probe *p, int32_t *seen)
{
    int32_t all = 0;

    assert_int_equal(cnn_trainer_step(p->trainer, NULL), CNN_OK);
    for (int32_t i = 0; i < p->samples; i++) {
        const float times = -2.0f * cnn_net_grads(p->net)[i];

        assert_true(times == floorf(times));
        seen[i] += (int32_t)times;
        all += (int32_t)times;
    }
    assert_int_equal(all, p->batch);
}

/* After as many batches as make whole epochs, every sample has been seen that
 * often; in between none is two epochs ahead of another. */
static void every_sample_once_an_epoch(void **state)
{
    const int32_t sizes[][2] = {{12, 4}, {13, 4}, {7, 3}, {5, 5},
                                {1, 1},  {10, 1}, {3, 8}, {2, 64}};

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
        for (uint32_t flags = 0; flags < 2; flags++) {
            const int32_t samples = sizes[k][0], batch = sizes[k][1];
            probe *p = probe_open(samples, batch, 5, flags);
            int32_t seen[MOST] = {0};

            for (int64_t step = 1; step <= 3 * samples; step++) {
                const int64_t epoch = step * batch / samples;

                probe_step(p, seen);
                assert_int_equal(cnn_trainer_steps(p->trainer), step);
                assert_int_equal(cnn_trainer_epoch(p->trainer), epoch);
                for (int32_t i = 0; i < samples; i++)
                    assert_in_range(seen[i], epoch, epoch + 1);
            }
            for (int32_t i = 0; i < samples; i++)
                assert_int_equal(seen[i], 3 * batch);
            probe_close(p);
        }
}

/* The samples of so many steps with a batch of one. */
static void order_of(uint64_t seed, uint32_t flags, int32_t steps,
                     int32_t *order)
{
    probe *p = probe_open(20, 1, seed, flags);

    for (int32_t step = 0; step < steps; step++) {
        int32_t seen[MOST] = {0};

        probe_step(p, seen);
        for (order[step] = 0; seen[order[step]] == 0;)
            order[step]++;
    }
    probe_close(p);
}

static void without_shuffling(void **state)
{
    int32_t order[50];

    (void)state;
    order_of(7, CNN_NO_SHUFFLE, 50, order);
    for (int32_t i = 0; i < 50; i++)
        assert_int_equal(order[i], i % 20);
}

/* By chance two orders of 20 would agree once in 2e18. */
static void orders_differ(void **state)
{
    int32_t first[40], again[40], other[40], plain[20];
    const size_t epoch = 20 * sizeof(int32_t);

    (void)state;
    for (int32_t i = 0; i < 20; i++)
        plain[i] = i;
    order_of(1, 0, 40, first);
    order_of(1, 0, 40, again);
    assert_memory_equal(first, again, 2 * epoch);
    assert_memory_not_equal(first, plain, epoch);
    assert_memory_not_equal(first, first + 20, epoch);
    /* The upper half of a seed matters as the lower does. */
    for (int32_t i = 0; i < 18; i++) {
        order_of(i < 9 ? (uint64_t)i + 2 : 1 + ((uint64_t)1 << (i + 23)), 0, 40,
                 other);
        assert_memory_not_equal(first, other, epoch);
        assert_memory_not_equal(first + 20, other + 20, epoch);
    }
}

/* Of three samples there are six orders, each as likely as the others: 100 in
 * 600 epochs, give or take 5 times the deviation of 9.1. */
static void orders_are_even(void **state)
{
    probe *p = probe_open(3, 1, 3, 0);
    int32_t times[9] = {0};

    (void)state;
    for (int32_t epoch = 0; epoch < 600; epoch++) {
        int32_t first[MOST] = {0}, second[MOST] = {0}, third[MOST] = {0};

        probe_step(p, first);
        probe_step(p, second);
        probe_step(p, third);
        times[3 * (first[1] + 2 * first[2]) + second[1] + 2 * second[2]]++;
    }
    for (int32_t i = 0; i < 9; i++)
        if (i % 4 == 0) /* the same sample twice */
            assert_int_equal(times[i], 0);
        else
            assert_in_range(times[i], 100 - 46, 100 + 46);
    probe_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_once_an_epoch),
        cmocka_unit_test(without_shuffling),
        cmocka_unit_test(orders_differ),
        cmocka_unit_test(orders_are_even),
    };

    return cmocka_run_group_tests_name("trainer order", tests, NULL, NULL);
}
