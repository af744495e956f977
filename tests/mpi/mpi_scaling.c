/* Compares the model of cnn/scaling.h with steps that are measured:
 *
 *     mpiexec -n 2 mpi_scaling NETWORK MBITS MICROSECONDS STEPS SAMPLES...
 *
 * NETWORK is one of the bench's; MBITS what the link carries, 0 to measure it;
 * SAMPLES those of a rank. MICROSECONDS are waited for each message that a
 * collective call of MPI needs, at MPI's profiling interface: that is a link of
 * more latency. The least of STEPS steps counts, as in the measurement of the
 * machine. Fails if one differs by more than 20 %. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/networks.h"
#include "cnn/mpi.h"

enum {
    IMAGES = 2000,
    SMALL = 50,
    LARGE = 200,
    MOST_BATCHES = 8,
    TRIPS = 200,
    BULK = 1 << 20,
    ROUNDS = 4
};

static double delay; /* of each message, in seconds */

/* ----------------------------------------------- the profiling interface ---
 */

static int log2_of(int n)
{
    int log = 0;

    while (1 << log < n)
        log++;
    return log;
}

static void wait_for_messages(int messages)
{
    const double end = MPI_Wtime() + messages * delay;

    while (MPI_Wtime() < end)
        ;
}

int MPI_Allreduce(const void *from, void *to, int count, MPI_Datatype type,
                  MPI_Op op, MPI_Comm comm)
{
    const int result = PMPI_Allreduce(from, to, count, type, op, comm);
    int size;

    PMPI_Comm_size(comm, &size);
    wait_for_messages(2 * log2_of(size));
    return result;
}

int MPI_Allgather(const void *from, int count, MPI_Datatype type, void *to,
                  int to_count, MPI_Datatype to_type, MPI_Comm comm)
{
    const int result =
        PMPI_Allgather(from, count, type, to, to_count, to_type, comm);
    int size;

    PMPI_Comm_size(comm, &size);
    wait_for_messages(log2_of(size));
    return result;
}

/* ------------------------------------------------------- what is measured ---
 */

static void give_up(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, cnn_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Seconds until a message of so many bytes has arrived while another goes the
 * other way. */
static double message_time(int bytes)
{
    static char out[BULK], in[BULK];
    double least = HUGE_VAL;
    int rank;

    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int i = 0; i < TRIPS && rank < 2; i++) {
        const double start = MPI_Wtime();

        MPI_Sendrecv(out, bytes, MPI_BYTE, 1 - rank, 0, in, bytes, MPI_BYTE,
                     1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        least = fmin(least, MPI_Wtime() - start);
    }
    MPI_Bcast(&least, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    return least;
}

static cnn_scaling_link measure_link(double mbits, int ranks)
{
    cnn_scaling_link link = {.struct_size = sizeof(link),
                             .bandwidth = mbits > 0.0 ? mbits * 1e6 : 1e12,
                             /* tc counts the 14 bytes of the header, and not
                              * the 24 around a frame of a wire */
                             .payload = mbits > 0.0 ? 1448.0 / 1514.0 : 1.0};

    if (ranks < 2)
        return link;
    link.latency = message_time(256);
    if (mbits == 0.0)
        link.bandwidth = 8.0 * BULK / (message_time(BULK) - link.latency);
    if (mbits == 0.0 && link.bandwidth <= 0.0)
        give_up("the bandwidth cannot be measured");
    link.latency += delay;
    return link;
}

/* The least times of the machine in all rounds so far. All ranks are measured
 * at the same time, since they may share the memory; the slowest counts. */
typedef struct part {
    double small, large; /* steps */
    cnn_scaling_machine machine;
} part;

static void measure_machine(part *p, const cnn_net *net, const cnn_optim *optim,
                            const cnn_batch *batch)
{
    const cnn_scaling_options o = {
        .struct_size = sizeof(o), .small = SMALL, .seconds = 0.2};
    cnn_scaling_machine m = {.struct_size = sizeof(m)};

    MPI_Barrier(MPI_COMM_WORLD);
    if (cnn_scaling_measure(net, optim, batch, &o, &m) != CNN_OK)
        give_up("measuring");
    p->small = fmin(p->small, m.fixed + SMALL * m.per_sample);
    p->large = fmin(p->large, m.fixed + LARGE * m.per_sample);
    if (p->machine.struct_size != 0) {
        m.update = fmin(m.update, p->machine.update);
        m.add = fmin(m.add, p->machine.add);
    }
    p->machine = m;
}

static cnn_scaling_machine slowest(const part *p)
{
    double all[2], mine[2] = {p->small, p->large};
    cnn_scaling_machine m = p->machine;

    PMPI_Allreduce(mine, all, 2, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    m.per_sample = (all[1] - all[0]) / (LARGE - SMALL);
    m.fixed = fmax(all[1] - LARGE * m.per_sample, m.update);
    m.per_sample = (all[1] - m.fixed) / LARGE;
    return m;
}

typedef struct clock_of_steps {
    double last, least;
} clock_of_steps;

static int32_t note(void *user, const cnn_progress *progress)
{
    clock_of_steps *c = user;
    const double now = MPI_Wtime();

    if (c->last > 0.0)
        c->least = fmin(c->least, now - c->last);
    c->last = now;
    return progress == NULL;
}

/* What all ranks work on. */
typedef struct job {
    cnn_mpi *mpi;
    cnn_net *net;
    cnn_optim *optim;
    cnn_dataset *data;
    cnn_batch batch; /* for the machine's part */
    int64_t steps;
    int32_t batches[MOST_BATCHES], count;
} job;

/* The least step of a trainer, as long as the slowest rank takes. */
static double measure_steps(const job *j, int32_t batch)
{
    const cnn_trainer_options o = {.struct_size = sizeof(o),
                                   .batch = batch * cnn_mpi_size(j->mpi)};
    clock_of_steps c = {0.0, HUGE_VAL};
    cnn_trainer *t =
        cnn_mpi_trainer_create(j->mpi, j->net, j->optim, j->data, &o);
    double most = 0.0;

    if (t == NULL || cnn_trainer_run(t, j->steps + 1, note, &c) != CNN_OK)
        give_up("training");
    cnn_trainer_free(t);
    PMPI_Allreduce(&c.least, &most, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return most;
}

/* ------------------------------------------------------------ comparison ---
 */

/* Prints it. Is it within 20 %? */
static int compare(const cnn_mpi *mpi, const cnn_scaling_machine *m,
                   const cnn_scaling_link *link, int32_t batch, double step)
{
    cnn_scaling_prediction p = {.struct_size = sizeof(p)};

    if (cnn_scaling_predict(m, link, cnn_mpi_size(mpi), batch, &p) != CNN_OK)
        give_up("predicting");
    const double error = p.step / step - 1.0;
    if (cnn_mpi_rank(mpi) == 0)
        printf("  %4d images: predicted %8.3f ms (%.3f + %.3f + %.3f), "
               "measured %8.3f, %+.0f %%, efficiency %.2f\n",
               batch, p.step * 1e3, p.compute * 1e3, p.exchange * 1e3,
               p.sum * 1e3, step * 1e3, error * 100.0, p.efficiency);
    return fabs(error) <= 0.2;
}

static int measure(const job *j, const char *name, double mbits)
{
    part p = {HUGE_VAL, HUGE_VAL, {0}};
    double steps[MOST_BATCHES];
    int right = 1;

    for (int i = 0; i < j->count; i++)
        steps[i] = HUGE_VAL;
    const cnn_scaling_link link = measure_link(mbits, cnn_mpi_size(j->mpi));
    for (int round = 0; round < ROUNDS; round++) {
        measure_machine(&p, j->net, j->optim, &j->batch);
        for (int i = 0; i < j->count; i++)
            steps[i] = fmin(steps[i], measure_steps(j, j->batches[i]));
    }
    const cnn_scaling_machine m = slowest(&p);
    if (cnn_mpi_rank(j->mpi) == 0)
        printf("%s: %d ranks, %.4g Mb/s, latency %.1f us; fixed %.3f ms, "
               "%.2f us an image, add %.2f ns\n",
               name, cnn_mpi_size(j->mpi), link.bandwidth * 1e-6,
               link.latency * 1e6, m.fixed * 1e3, m.per_sample * 1e6,
               m.add * 1e9);
    for (int i = 0; i < j->count; i++)
        right &= compare(j->mpi, &m, &link, j->batches[i], steps[i]);
    return right;
}

static int work(cnn_mpi *mpi, char **arguments, int count)
{
    const network *n = network_find(arguments[0]);
    job j = {.mpi = mpi, .steps = atoll(arguments[3]), .count = count};
    int32_t largest = LARGE;

    if (n == NULL || count > MOST_BATCHES)
        give_up("no such network, or too many batches");
    for (int i = 0; i < count; i++) {
        j.batches[i] = atoi(arguments[4 + i]);
        if (j.batches[i] > largest)
            largest = j.batches[i];
    }
    j.net = network_build(n, &(network_size){largest, 28, 1});
    float *x = network_images(j.net, IMAGES);
    int32_t *labels = network_labels(j.net, IMAGES);
    j.optim = cnn_sgd_create(n->lr, NULL);
    j.data =
        cnn_dataset_wrap_f32(&(cnn_shape){1, 28, 28}, IMAGES, x, labels, NULL);
    j.batch = (cnn_batch){.struct_size = sizeof(cnn_batch),
                          .count = LARGE,
                          .x = x,
                          .labels = labels};
    const int right = measure(&j, n->name, atof(arguments[1]));
    cnn_dataset_free(j.data);
    cnn_optim_free(j.optim);
    cnn_net_free(j.net);
    free(labels);
    free(x);
    return right;
}

int main(int argc, char **argv)
{
    int level;

    if (argc < 6) {
        fprintf(stderr, "usage: mpi_scaling NETWORK MBITS MICROSECONDS STEPS "
                        "SAMPLES...\n");
        return 64;
    }
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    delay = atof(argv[3]) * 1e-6;
    cnn_mpi *mpi = cnn_mpi_create(MPI_COMM_WORLD, NULL);
    if (mpi == NULL || cnn_set_num_threads(1) != CNN_OK)
        give_up("cnn_mpi_create");
    const int right = work(mpi, argv + 1, argc - 5);
    cnn_mpi_free(mpi);
    MPI_Finalize();
    return right ? 0 : 1;
}
