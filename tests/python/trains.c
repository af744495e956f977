/* What test_same_bits.py does in Python, in C:
 *
 *     trains IMAGES LABELS THREADS MODEL */
#include <cnn/cnn.h>
#include <stdio.h>
#include <stdlib.h>

static cnn_net *network(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net,
                cnn_conv2d_create(4, 3, 3,
                                  &(cnn_conv2d_options){
                                      .struct_size = sizeof(cnn_conv2d_options),
                                      .padding = CNN_PAD_SAME}));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dropout_create(0.25f));
    cnn_net_add(net, cnn_dense_create(10, NULL));
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

static cnn_status train(cnn_net *net, cnn_trainer *trainer, const char *model)
{
    cnn_status status = cnn_trainer_set_schedule(
        trainer, 0.01f,
        &(cnn_schedule_options){.struct_size = sizeof(cnn_schedule_options),
                                .kind = CNN_SCHEDULE_COSINE,
                                .steps = 40});

    if (status == CNN_OK)
        status = cnn_trainer_set_augmentation(
            trainer,
            &(cnn_augment_options){.struct_size = sizeof(cnn_augment_options),
                                   .shift = 1.0f,
                                   .rotation = 5.0f});
    if (status == CNN_OK)
        status = cnn_trainer_run(trainer, 40, NULL, NULL);
    return status == CNN_OK ? cnn_net_save(net, model) : status;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 64;
    cnn_set_num_threads(atoi(argv[3]));
    cnn_net *net = network();
    cnn_dataset *data = cnn_dataset_load(argv[1], argv[2], NULL);
    cnn_optim *adam = cnn_adam_create(
        0.01f, &(cnn_adam_options){.struct_size = sizeof(cnn_adam_options),
                                   .weight_decay = 0.01f,
                                   .decoupled = 1});
    cnn_status status = cnn_net_build(net, &(cnn_shape){1, 16, 16}, 30, 7);
    cnn_trainer *trainer = cnn_trainer_create(
        net, adam, data,
        &(cnn_trainer_options){.struct_size = sizeof(cnn_trainer_options),
                               .seed = 7,
                               .clip_norm = 1.0f});

    if (status == CNN_OK)
        status =
            trainer != NULL ? train(net, trainer, argv[4]) : cnn_last_status();
    if (status != CNN_OK)
        fprintf(stderr, "%s\n", cnn_last_error());
    cnn_trainer_free(trainer);
    cnn_optim_free(adam);
    cnn_dataset_free(data);
    cnn_net_free(net);
    return status == CNN_OK ? 0 : 1;
}
