/* A training that ranks share in the tests of them. */
#ifndef SUPPORT_RANKS_CASE_H
#define SUPPORT_RANKS_CASE_H

#include "support/team.h"

/* Divided by 1, 2, 3 and 4. */
#define BATCH    12
#define SAMPLES  50
#define STEPS    100
#define PORTIONS 12

/* What draws random numbers for each sample, and has no running statistics. */
static inline cnn_net *drawing_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dropout_create(0.25f));
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

static const cnn_augment_options moved = {
    .struct_size = sizeof(moved), .shift = 1.0f, .rotation = 10.0f};

/* Gradients of `pieces` pieces are added up, in a net that has no room for
 * more at once. */
static inline void settings_in(training *t, int32_t pieces)
{
    if (t->net == NULL)
        t->net = drawing_net();
    build(t->net, &tiny_shape, (BATCH + pieces - 1) / pieces, 1);
    t->options.accumulate = pieces;
    t->options.batch = BATCH;
    t->options.seed = 5;
    t->options.clip_norm = 2.0f;
    t->samples = SAMPLES;
    t->augment = &moved;
}

static inline void settings(training *t)
{
    settings_in(t, 1);
}

static inline void plain(member *m)
{
    settings(&m->t);
}

static inline void cut(member *m)
{
    settings(&m->t);
    m->ranks.portions = PORTIONS;
}

/* A training of one process, with the same settings. */
static inline void train_alone(training *t, int64_t steps)
{
    *t = (training){0};
    settings(t);
    training_open(t, 1);
    training_run(t, steps);
}

/* Samples with weights, some of them 0. */
static inline void weigh(training *t, int32_t reduction)
{
    static float weights[SAMPLES];
    const cnn_dataset_source source = {.struct_size = sizeof(source),
                                       .count = SAMPLES,
                                       .shape = tiny_shape,
                                       .floats = t->images,
                                       .labels = t->labels,
                                       .weights = weights};

    for (int32_t i = 0; i < SAMPLES; i++)
        weights[i] = (float)(i % 5) * 0.25f;
    cnn_dataset_free(t->dataset);
    t->dataset = cnn_dataset_create(&source, NULL);
    assert_int_equal(
        cnn_net_set_loss(t->net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, reduction),
        CNN_OK);
}

static inline const float *params_of(const team *t, int32_t rank)
{
    return cnn_net_const_params(t->members[rank].t.net);
}

static inline void assert_all_same(const team *t)
{
    for (int32_t i = 1; i < t->size; i++)
        assert_same_training(&t->members[i].t, &t->members[0].t);
}

/* Running statistics are those of one rank each, averaged. */
static inline void normalised(member *m)
{
    m->t.net = rich_net();
    settings(&m->t);
}

/* Ranks that step by themselves. What a clipped gradient comes to differs
 * between a part and a whole. */
static inline void local(member *m, int32_t every)
{
    m->ranks.average_every = every;
    settings(&m->t);
    m->t.options.clip_norm = 0.0f;
}

static inline void every_4(member *m)
{
    local(m, 4);
}

/* No order, no random numbers: a rank's samples are those of its half. */
static inline void simple(member *m)
{
    m->ranks.average_every = 4;
    m->t.net = tiny_net();
    m->t.samples = SAMPLES;
    m->t.options.batch = 8;
    m->t.options.flags = CNN_NO_SHUFFLE;
    build(m->t.net, &tiny_shape, 4, 1);
}

#endif
