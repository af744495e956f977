/* What local SGD and accumulation do to accuracy, on MNIST (a folder with its
 * four files, as examples/run.sh has them):
 *
 *     mpiexec -n 2 mpi_accuracy FOLDER EPOCHS AVERAGE_EVERY ACCUMULATE SEED
 *
 * LeNet-5 with ReLU, 97,982 parameters, batches of 100 over all ranks, AdamW
 * and a rate that rises and falls, as lenet5_relu --tuned has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnn/mpi.h"
#include "support/nets.h"

#define BATCH 100

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", what, cnn_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static cnn_dataset *load(const char *folder, const char *part)
{
    char images[512], labels[512];

    snprintf(images, sizeof(images), "%s/%s-images-idx3-ubyte", folder, part);
    snprintf(labels, sizeof(labels), "%s/%s-labels-idx1-ubyte", folder, part);
    cnn_dataset *d = cnn_dataset_load(images, labels, NULL);
    must(d != NULL, folder);
    return d;
}

static cnn_optim *adamw(void)
{
    const cnn_adam_options o = {
        .struct_size = sizeof(o), .weight_decay = 0.1f, .decoupled = 1};
    cnn_optim *optim = cnn_adam_create(4e-3f, &o);

    must(optim != NULL, "adamw");
    return optim;
}

int main(int argc, char **argv)
{
    int level;

    if (argc < 6) {
        fprintf(stderr, "usage: mpi_accuracy FOLDER EPOCHS AVERAGE_EVERY "
                        "ACCUMULATE SEED\n");
        return 64;
    }
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const cnn_mpi_options ranks = {.struct_size = sizeof(ranks),
                                   .average_every = atoi(argv[3])};
    const cnn_trainer_options options = {.struct_size = sizeof(options),
                                         .batch = BATCH,
                                         .accumulate = atoi(argv[4]),
                                         .seed = (uint64_t)atoi(argv[5])};
    cnn_mpi *mpi = cnn_mpi_create(MPI_COMM_WORLD, &ranks);
    must(mpi != NULL, "cnn_mpi_create");
    cnn_dataset *train = load(argv[1], "train"), *test = load(argv[1], "t10k");
    const int64_t steps = atoi(argv[2]) * cnn_dataset_count(train) / BATCH;
    const cnn_schedule_options schedule = {.struct_size = sizeof(schedule),
                                           .kind = CNN_SCHEDULE_COSINE,
                                           .steps = (int32_t)(steps * 7 / 10),
                                           .warmup = (int32_t)(steps * 3 / 10)};
    cnn_net *net = lenet5_relu();
    cnn_optim *optim = adamw();
    cnn_metrics found;

    must(cnn_set_num_threads(1) == CNN_OK, "threads");
    must(cnn_net_build(net, &lenet5_shape, BATCH, options.seed) == CNN_OK,
         "build");
    cnn_trainer *t = cnn_mpi_trainer_create(mpi, net, optim, train, &options);
    must(t != NULL, "trainer");
    must(cnn_trainer_set_schedule(t, 4e-3f, &schedule) == CNN_OK, "schedule");
    const double start = MPI_Wtime();
    must(cnn_trainer_run(t, steps, NULL, NULL) == CNN_OK, "training");
    must(cnn_trainer_validate(t, test, &found) == CNN_OK, "validation");
    if (cnn_mpi_rank(mpi) == 0)
        printf("%d ranks, average_every %s, accumulate %s, seed %s: %.4f of "
               "%lld, %.0f s\n",
               (int)cnn_mpi_size(mpi), argv[3], argv[4], argv[5],
               (double)found.correct / (double)found.count,
               (long long)found.count, MPI_Wtime() - start);
    cnn_trainer_free(t);
    cnn_optim_free(optim);
    cnn_net_free(net);
    cnn_dataset_free(test);
    cnn_dataset_free(train);
    cnn_mpi_free(mpi);
    MPI_Finalize();
    return 0;
}
