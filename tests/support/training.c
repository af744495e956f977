#include "support/training.h"

#include "train/trainer_impl.h"

const cnn_shape tiny_shape = {1, 6, 6};

cnn_net *tiny_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

cnn_net *rich_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(4, 3, 3, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_dropout_create(0.25f));
    cnn_net_add(net, cnn_subsample2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

cnn_optim *create_optim(int kind)
{
    const cnn_sgd_options sgd = {.struct_size = sizeof(sgd), .momentum = 0.9f};
    const cnn_rmsprop_options rmsprop = {.struct_size = sizeof(rmsprop),
                                         .momentum = 0.5f};

    return kind == SGD_MOMENTUM ? cnn_sgd_create(0.05f, &sgd)
           : kind == ADAM       ? cnn_adam_create(0.01f, NULL)
                                : cnn_rmsprop_create(0.001f, &rmsprop);
}

static cnn_dataset *create_dataset(training *t)
{
    if (!t->reads)
        return cnn_dataset_wrap_f32(&tiny_shape, t->samples, t->images,
                                    t->labels, NULL);
    t->reading.images = t->images;
    t->reading.labels = t->labels;
    const cnn_dataset_reader reader =
        reader_over(&t->reading, &tiny_shape, t->samples, TINY_CLASSES);
    return dataset_over(&reader);
}

void training_prepare(training *t, uint64_t seed)
{
    if (t->net == NULL)
        t->net = tiny_net();
    if (cnn_net_max_batch(t->net) == 0)
        build(t->net, &tiny_shape, TINY_BATCH, seed);
    if (t->optim == NULL)
        t->optim = create_optim(SGD_MOMENTUM);
    if (t->samples == 0)
        t->samples = TINY_SAMPLES;
    t->options.struct_size = sizeof(t->options);
    t->images = uniform((size_t)t->samples * TINY_INPUT, 1);
    t->labels = test_malloc((size_t)t->samples * sizeof(*t->labels));
    fill_labels(t->labels, (size_t)t->samples, TINY_CLASSES, 2);
    t->dataset = create_dataset(t);
}

void training_open(training *t, uint64_t seed)
{
    training_prepare(t, seed);
    t->trainer = cnn_trainer_create(t->net, t->optim, t->dataset, &t->options);
    if (t->trainer == NULL)
        fail_msg("trainer: %s", cnn_last_error());
    if (t->schedule != NULL)
        assert_int_equal(
            cnn_trainer_set_schedule(t->trainer, 0.05f, t->schedule), CNN_OK);
    if (t->augment != NULL)
        assert_int_equal(cnn_trainer_set_augmentation(t->trainer, t->augment),
                         CNN_OK);
}

void training_reading(training *t, int32_t read_ahead)
{
    *t = (training){.reads = true, .options.read_ahead = read_ahead};
    training_open(t, 1);
}

void training_twin(training *t)
{
    *t = (training){0};
    training_open(t, 1);
}

void training_close(training *t)
{
    cnn_trainer_free(t->trainer);
    cnn_dataset_free(t->dataset);
    cnn_optim_free(t->optim);
    cnn_net_free(t->net);
    test_free(t->images);
    test_free(t->labels);
}

void training_learns(training *t)
{
    const cnn_stopping_options o = {.struct_size = sizeof(o),
                                    .patience = TINY_PATIENCE};
    const int32_t top = cnn_net_layer_count(t->net) - 1;

    assert_int_equal(cnn_trainer_set_average(t->trainer, TINY_DECAY), CNN_OK);
    assert_int_equal(cnn_trainer_set_stopping(t->trainer, &o), CNN_OK);
    cnn_layer_set_lr_factor(cnn_net_layer(t->net, top), 0.5f);
    cnn_layer_set_lr_factor(cnn_net_layer(t->net, 1), 0.0f);
    cnn_layer_set_frozen(cnn_net_layer(t->net, 0), CNN_FROZEN_PARAMS);
}

void training_run(training *t, int64_t steps)
{
    if (cnn_trainer_run(t->trainer, steps, NULL, NULL) != CNN_OK)
        fail_msg("run: %s", cnn_last_error());
}

static void assert_same_shadow(const cnn__shadow *got, const cnn__shadow *want,
                               const cnn__params *params)
{
    assert_same_bits(got->value, want->value, params->count);
    assert_same_bits(got->fixed, want->fixed, params->fixed_count);
}

static void assert_same_learning(const cnn_trainer *got,
                                 const cnn_trainer *want)
{
    const cnn__stopping *best = &got->stopping, *other = &want->stopping;

    assert_memory_equal(&got->sums, &want->sums, sizeof(got->sums));
    assert_int_equal(got->average.count, want->average.count);
    if (got->average.count > 0)
        assert_same_shadow(&got->average.shadow, &want->average.shadow,
                           &got->net->params);
    assert_int_equal(best->on, other->on);
    assert_int_equal(best->waited, other->waited);
    assert_true(best->value == other->value);
    assert_int_equal(best->step, other->step);
    if (best->on && best->step >= 0)
        assert_same_shadow(&best->best, &other->best, &got->net->params);
}

void assert_same_training(const training *got, const training *want)
{
    assert_int_equal(cnn_trainer_steps(got->trainer),
                     cnn_trainer_steps(want->trainer));
    assert_int_equal(cnn_trainer_epoch(got->trainer),
                     cnn_trainer_epoch(want->trainer));
    assert_true(cnn_optim_lr(got->optim) == cnn_optim_lr(want->optim));
    assert_int_equal(cnn_net_param_count(got->net),
                     cnn_net_param_count(want->net));
    assert_same_bits(cnn_net_params(got->net), cnn_net_params(want->net),
                     cnn_net_param_count(want->net));
    assert_int_equal(got->net->params.fixed_count,
                     want->net->params.fixed_count);
    assert_same_bits(got->net->params.fixed, want->net->params.fixed,
                     want->net->params.fixed_count);
    assert_same_learning(got->trainer, want->trainer);
}
