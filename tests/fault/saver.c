/* A program to be killed while it saves, to meet with system calls that fail,
 * and to run beside itself; test_atomic_save.py and others do it.
 *
 *     saver write PATH VALUE [KEY TEXT]...
 *                               saves a net all of whose parameters are VALUE,
 *                               with these metadata
 *     saver often PATH VALUE TIMES
 *                               saves such a net again and again
 *     saver train PATH STEPS    goes on from PATH, if it is there, up to STEPS
 *                               steps, and saves after each of them
 *     saver copy FROM TO        loads the net of a file and saves it
 *     saver again FROM TO       loads such a training and saves it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/training.h"

static int complain(void)
{
    fprintf(stderr, "%s\n", cnn_last_error());
    return 1;
}

static cnn_net *net_of(float value)
{
    cnn_net *net = tiny_net();

    build(net, &tiny_shape, 1, 1);
    for (int i = 0; i < TINY_PARAMS; i++)
        cnn_net_params(net)[i] = value;
    return net;
}

/* `metadata` are keys and values in turn, and a NULL. */
static int write_model(const char *path, float value, char **metadata)
{
    cnn_net *net = net_of(value);

    for (; *metadata != NULL; metadata += 2)
        if (cnn_net_set_metadata(net, metadata[0], metadata[1]) != CNN_OK)
            return complain();
    return cnn_net_save(net, path) != CNN_OK ? complain() : 0;
}

static int write_often(const char *path, float value, long times)
{
    const cnn_net *net = net_of(value);

    for (; times > 0; times--)
        if (cnn_net_save(net, path) != CNN_OK)
            return complain();
    return 0;
}

static int train(const char *path, int64_t steps)
{
    training t = {.optim = create_optim(ADAM)};

    training_open(&t, 1);
    if (access(path, F_OK) == 0 &&
        cnn_trainer_resume(t.trainer, path) != CNN_OK)
        return complain();
    puts("ready");
    fflush(stdout);
    while (cnn_trainer_steps(t.trainer) < steps)
        if (cnn_trainer_step(t.trainer, NULL) != CNN_OK ||
            cnn_trainer_save(t.trainer, path) != CNN_OK)
            return complain();
    return 0;
}

static int copy(const char *from, const char *to)
{
    cnn_net *net = cnn_net_load(from, 1);

    return net == NULL || cnn_net_save(net, to) != CNN_OK ? complain() : 0;
}

static int again(const char *from, const char *to)
{
    training t = {.optim = create_optim(ADAM)};

    training_open(&t, 1);
    return cnn_trainer_resume(t.trainer, from) != CNN_OK ||
                   cnn_trainer_save(t.trainer, to) != CNN_OK
               ? complain()
               : 0;
}

int main(int argc, char **argv)
{
    if (argc >= 4 && argc % 2 == 0 && strcmp(argv[1], "write") == 0)
        return write_model(argv[2], strtof(argv[3], NULL), argv + 4);
    if (argc == 5 && strcmp(argv[1], "often") == 0)
        return write_often(argv[2], strtof(argv[3], NULL),
                           strtol(argv[4], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "train") == 0)
        return train(argv[2], strtoll(argv[3], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "copy") == 0)
        return copy(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "again") == 0)
        return again(argv[2], argv[3]);
    return 64;
}
