/* Images a second that ranks of one thread each learn from together:
 *
 *     mpiexec -n 2 mpi_speed SAMPLES_OF_A_RANK STEPS [PORTIONS]
 *
 * of LeNet-5 in two forms, with 97,982 and 521,982 parameters. Where others use
 * the machine, the fastest of many steps says more than their mean. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cnn/mpi.h"
#include "support/nets.h"

#define SAMPLES 2000

static void give_up(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, cnn_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static void measure(cnn_mpi *mpi, const char *name, cnn_net *net,
                    const char *const *arguments)
{
    const int32_t share = atoi(arguments[0]), steps = atoi(arguments[1]);
    const int32_t size = cnn_mpi_size(mpi);
    const cnn_trainer_options o = {.struct_size = sizeof(o),
                                   .batch = share * size};
    float *x = uniform((size_t)SAMPLES * 784, 1);
    int32_t labels[SAMPLES];

    fill_labels(labels, SAMPLES, 10, 2);
    build(net, &lenet5_shape, share, 1);
    cnn_optim *optim = cnn_sgd_create(0.01f, NULL);
    cnn_dataset *d =
        cnn_dataset_wrap_f32(&lenet5_shape, SAMPLES, x, labels, NULL);
    cnn_trainer *t = cnn_mpi_trainer_create(mpi, net, optim, d, &o);

    if (t == NULL || cnn_trainer_run(t, 3, NULL, NULL) != CNN_OK)
        give_up("warming up");
    const double begin = MPI_Wtime();
    double fastest = HUGE_VAL;
    for (int32_t i = 0; i < steps; i++) {
        const double start = MPI_Wtime();

        if (cnn_trainer_step(t, NULL) != CNN_OK)
            give_up("training");
        fastest = fmin(fastest, MPI_Wtime() - start);
    }
    const double mean = (MPI_Wtime() - begin) / steps;
    if (cnn_mpi_rank(mpi) == 0)
        printf("%s: %d ranks of %d images: %.0f images/s, the fastest step "
               "%.0f\n",
               name, size, share, (double)o.batch / mean,
               (double)o.batch / fastest);
    fastest = HUGE_VAL;
    for (int32_t i = 0; i < steps; i++) {
        const double start = MPI_Wtime();

        if (cnn_mpi_sum_grads(mpi, net) != CNN_OK)
            give_up("sum of the gradients");
        fastest = fmin(fastest, MPI_Wtime() - start);
    }
    if (cnn_mpi_rank(mpi) == 0)
        printf("  the fastest sum of %zu gradients: %.3f ms\n",
               cnn_net_param_count(net), fastest * 1e3);
    cnn_trainer_free(t);
    cnn_dataset_free(d);
    cnn_optim_free(optim);
    cnn_net_free(net);
    test_free(x);
}

int main(int argc, char **argv)
{
    int level;

    if (argc < 3) {
        fprintf(stderr,
                "usage: mpi_speed SAMPLES_OF_A_RANK STEPS [PORTIONS]\n");
        return 64;
    }
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const cnn_mpi_options o = {.struct_size = sizeof(o),
                               .portions = argc > 3 ? atoi(argv[3]) : 0};
    cnn_mpi *mpi = cnn_mpi_create(MPI_COMM_WORLD, &o);

    if (mpi == NULL)
        give_up("cnn_mpi_create");
    measure(mpi, "lenet5, ReLU", lenet5_relu(), (const char *const *)argv + 1);
    measure(mpi, "lenet5, sigmoid", lenet5_sigmoid(),
            (const char *const *)argv + 1);
    cnn_mpi_free(mpi);
    MPI_Finalize();
    return 0;
}
