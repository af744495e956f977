/*
 * Ctrl-C stops this training, and the next start of the program goes on from
 * there. The result is, bit for bit, that of a training that never stopped:
 *
 *     cc stop_resume.c -o stop_resume $(pkg-config --cflags --libs libcnn)
 *     ./stop_resume checkpoint.safetensors 4000
 *
 * The number is the sum of the steps of all runs. A checkpoint is a model file
 * too: predict_digits.c and predict_threads.c take it.
 */
#define _POSIX_C_SOURCE 200809L
#include <cnn/cnn.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIDE = 28, COUNT = 2000, BATCH = 50, ONCE = (int)SA_RESETHAND };

static uint8_t images[COUNT][SIDE][SIDE];
static int32_t labels[COUNT];
static cnn_trainer *trainer;

static void check(int fine)
{
    if (fine)
        return;
    fprintf(stderr, "stop_resume: %s\n", cnn_last_error());
    exit(EXIT_FAILURE);
}

/* Allowed in a handler. The current step is finished first. */
static void stop(int number)
{
    (void)number;
    cnn_trainer_cancel(trainer);
}

/* As in train_digits.c. The dataset must be the same in each run. */
static void draw(int i)
{
    const int label = i % 10, left = rand() % 12;

    labels[i] = label;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const int bar = y / 2 == label + 1 && x >= left && x < left + 16;
            images[i][y][x] = (uint8_t)(rand() % 100 + 150 * bar);
        }
}

int main(int argc, char **argv)
{
    const cnn_shape in = {1, SIDE, SIDE};
    const int64_t steps = argc == 3 ? atoll(argv[2]) : 0;

    if (steps < 1) {
        fprintf(stderr, "usage: stop_resume CHECKPOINT STEPS\n");
        return 64;
    }
    for (int i = 0; i < COUNT; i++)
        draw(i);
    cnn_net *net = cnn_net_create();
    cnn_net_add(net, cnn_conv2d_create(8, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dropout_create(0.3f));
    cnn_net_add(net, cnn_dense_create(10, NULL));
    cnn_net_add(net, cnn_softmax_create());
    check(cnn_net_build(net, &in, BATCH, 1) == CNN_OK);
    cnn_dataset *data = cnn_dataset_wrap_u8(&in, COUNT, **images, labels, NULL);
    check(data != NULL);
    cnn_optim *adam = cnn_adam_create(1e-3f, NULL);
    check(adam != NULL);
    check((trainer = cnn_trainer_create(net, adam, data, NULL)) != NULL);

    /* Each run makes the objects above; the rest comes from the checkpoint. */
    if (access(argv[1], F_OK) == 0)
        check(cnn_trainer_resume(trainer, argv[1]) == CNN_OK);
    printf("begins after step %" PRId64 "\n", cnn_trainer_steps(trainer));
    fflush(stdout);
    /* From here on Ctrl-C stops the training; a second one ends the program. */
    sigaction(SIGINT, &(struct sigaction){.sa_handler = stop, .sa_flags = ONCE},
              NULL);
    const int64_t left = steps - cnn_trainer_steps(trainer);
    const cnn_status status =
        cnn_trainer_run(trainer, left > 0 ? left : 0, NULL, NULL);
    check(status == CNN_OK || status == CNN_ECANCELED);
    check(cnn_trainer_save(trainer, argv[1]) == CNN_OK);
    printf("%s after step %" PRId64 "\n", status == CNN_OK ? "done" : "stopped",
           cnn_trainer_steps(trainer));

    signal(SIGINT, SIG_DFL); /* no handler may use what is freed */
    cnn_trainer_free(trainer);
    cnn_optim_free(adam);
    cnn_dataset_free(data);
    cnn_net_free(net);
    return status == CNN_OK ? 0 : 128 + SIGINT;
}
