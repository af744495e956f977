#include "fuzz/checkpoint_rig.h"

#include "fuzz/fuzz_support.h"

#define SAMPLES 5
#define BATCH   2
#define CLASSES 3

static const cnn_shape shape = {1, 4, 4};

static cnn_optim *make_optim(int kind)
{
    const cnn_sgd_options sgd = {.struct_size = sizeof(sgd), .momentum = 0.9f};
    const cnn_rmsprop_options rmsprop = {.struct_size = sizeof(rmsprop),
                                         .momentum = 0.5f};

    return kind == 0   ? cnn_sgd_create(0.05f, &sgd)
           : kind == 2 ? cnn_rmsprop_create(0.001f, &rmsprop)
                       : cnn_adam_create(0.01f, NULL);
}

static cnn_net *make_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(2, 3, 3, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_dropout_create(0.25f));
    cnn_net_add(net, cnn_dense_create(CLASSES, NULL));
    must(cnn_net_build(net, &shape, BATCH, 1) == CNN_OK, "build: %s",
         cnn_last_error());
    return net;
}

static void learn(rig *r)
{
    const cnn_stopping_options o = {.struct_size = sizeof(o), .patience = 3};

    must(cnn_trainer_set_average(r->trainer, 0.75f) == CNN_OK &&
             cnn_trainer_set_stopping(r->trainer, &o) == CNN_OK,
         "learning: %s", cnn_last_error());
    cnn_layer_set_frozen(cnn_net_layer(r->net, 0), CNN_FROZEN);
    cnn_layer_set_lr_factor(cnn_net_layer(r->net, 1), 0.5f);
}

void rig_open(rig *r, int kind)
{
    static const int32_t labels[SAMPLES] = {0, 1, 2, 1, 0};
    static uint8_t images[SAMPLES * 16];
    const cnn_trainer_options options = {.struct_size = sizeof(options),
                                         .clip_norm = 1.0f};
    const cnn_schedule_options plateau = {.struct_size = sizeof(plateau),
                                          .kind = CNN_SCHEDULE_PLATEAU,
                                          .steps = 1};

    for (int i = 0; i < SAMPLES * 16; i++)
        images[i] = (uint8_t)(i * 37);
    r->net = make_net();
    r->optim = make_optim(kind);
    r->dataset = cnn_dataset_wrap_u8(&shape, SAMPLES, images, labels, NULL);
    r->trainer = cnn_trainer_create(r->net, r->optim, r->dataset, &options);
    must(r->trainer != NULL &&
             cnn_trainer_set_schedule(r->trainer, 0.05f, &plateau) == CNN_OK,
         "trainer: %s", cnn_last_error());
    if (kind == LEARNING)
        learn(r);
}

void rig_close(rig *r)
{
    cnn_trainer_free(r->trainer);
    cnn_dataset_free(r->dataset);
    cnn_optim_free(r->optim);
    cnn_net_free(r->net);
}
