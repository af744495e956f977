/* What a trainer does beside the optimiser, against PyTorch: learning rates,
 * and gradients that are shortened. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/golden.h"
#include "support/nets.h"
#include "train/schedule.h"

/* ---------------------------------------------------------- schedules --- */

#define SCHEDULES 6
#define PLATEAUS  2

/* Reads "config": kind, steps, factor, base rate. */
static cnn_schedule_options read_options(golden *g, const char *item,
                                         float *base)
{
    const float *c = golden_floats(g, item, "config", 4);

    *base = c[3];
    return (cnn_schedule_options){.struct_size = sizeof(cnn_schedule_options),
                                  .kind = (int32_t)c[0],
                                  .steps = (int32_t)c[1],
                                  .factor = c[2]};
}

/* Both are computed in double and rounded once; PyTorch multiplies step by
 * step, 60 times at most. */
#define RATE 0x1p-23

static void schedules(void **state)
{
    golden *g = golden_open("train.bin");
    char item[32];

    (void)state;
    for (int i = 0; i < SCHEDULES; i++) {
        snprintf(item, sizeof(item), "schedule.%d", i);
        print_message("    %s\n", item);
        const size_t steps = golden_count(g, item, "rates");
        const float *want = golden_floats(g, item, "rates", steps);
        float base;
        const cnn_schedule_options o = read_options(g, item, &base);

        for (size_t t = 0; t < steps; t++) {
            float lr;

            assert_int_equal(cnn_schedule_lr(&o, base, (int64_t)t, &lr),
                             CNN_OK);
            assert_near(&lr, &want[t], 1, 1e-9 * (double)base, RATE);
        }
    }
    snprintf(item, sizeof(item), "schedule.%d", SCHEDULES);
    assert_int_equal(golden_count(g, item, "config"), 0);
    golden_close(g);
}

static void plateaus(void **state)
{
    golden *g = golden_open("train.bin");
    char item[32];

    (void)state;
    for (int i = 0; i < PLATEAUS; i++) {
        snprintf(item, sizeof(item), "plateau.%d", i);
        print_message("    %s\n", item);
        const size_t epochs = golden_count(g, item, "rates");
        const float *want = golden_floats(g, item, "rates", epochs);
        const float *losses = golden_floats(g, item, "losses", epochs);
        float base;
        const cnn_schedule_options o = read_options(g, item, &base);
        cnn__schedule s;

        assert_int_equal(cnn__schedule_start(&s, base, &o), CNN_OK);
        for (size_t t = 0; t < epochs; t++) {
            cnn__schedule_follow(&s, (double)losses[t], 1.0, 1);
            const float lr = cnn__schedule_lr(&s, 0);
            /* A float scale is rounded each time it comes down. */
            assert_near(&lr, &want[t], 1, 0, 8 * RATE);
        }
    }
    golden_close(g);
}

/* ----------------------------------------------------------- clipping --- */

static void clip(void **state)
{
    golden *g = golden_open("train.bin");
    cnn_net *net = conv_net(true);
    const float *grads = golden_floats(g, "clip", "grads", CONV_NET_PARAMS);

    (void)state;
    build(net, &conv_net_shape, 1, 1);
    for (int i = 0; i < 3; i++) {
        char item[32];
        double norm;

        snprintf(item, sizeof(item), "clip.%d", i);
        const float *c = golden_floats(g, item, "norms", 2);
        memcpy(cnn_net_grads(net), grads, CONV_NET_PARAMS * sizeof(float));
        assert_int_equal(cnn_net_clip_grads(net, c[0], &norm), CNN_OK);
        assert_near(&(float){(float)norm}, &c[1], 1, 0, 0x1p-23);
        /* The factor and the product are rounded. */
        assert_near(cnn_net_grads(net),
                    golden_floats(g, item, "grads", CONV_NET_PARAMS),
                    CONV_NET_PARAMS, 0, 0x1p-22);
    }
    cnn_net_free(net);
    golden_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules),
        cmocka_unit_test(plateaus),
        cmocka_unit_test(clip),
    };

    return cmocka_run_group_tests_name("golden train", tests, NULL, NULL);
}
