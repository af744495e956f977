/* What each rank of the tests of libcnn_mpi runs:
 *
 *     mpiexec -n 2 mpi_ranks together|refused|killed
 *
 * An assertion that fails ends all ranks, which would wait otherwise. What does
 * not depend on MPI is tested by threads (test_ranks.c). */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cnn/mpi.h"
#include "mpi_must.h"
#include "support/training.h"

#define BATCH    12
#define SAMPLES  50
#define STEPS    100
#define PORTIONS 12

static cnn_mpi *start_with(const cnn_mpi_options *o)
{
    cnn_mpi *mpi = cnn_mpi_create(MPI_COMM_WORLD, o);

    MUST(mpi != NULL);
    return mpi;
}

static cnn_mpi *start(MPI_Comm comm, int32_t portions)
{
    const cnn_mpi_options o = {.struct_size = sizeof(o), .portions = portions};
    cnn_mpi *mpi = cnn_mpi_create(comm, &o);

    MUST(mpi != NULL);
    return mpi;
}

/* A training whose trainer is not created. */
static training prepare_net(cnn_net *net, uint64_t seed)
{
    training t = {.net = net, .samples = SAMPLES};

    t.options.batch = BATCH;
    t.options.seed = 5;
    build(t.net, &tiny_shape, BATCH, seed);
    training_prepare(&t, seed);
    return t;
}

static training prepare(uint64_t seed)
{
    return prepare_net(tiny_net(), seed);
}

static void create(training *t, cnn_mpi *mpi)
{
    t->trainer =
        cnn_mpi_trainer_create(mpi, t->net, t->optim, t->dataset, &t->options);
    MUST(t->trainer != NULL);
}

static training train(cnn_mpi *mpi, int64_t steps)
{
    training t = prepare(1);

    create(&t, mpi);
    MUST(cnn_trainer_run(t.trainer, steps, NULL, NULL) == CNN_OK);
    return t;
}

static double largest_difference(const training *a, const training *b)
{
    const float *x = cnn_net_params(a->net), *y = cnn_net_params(b->net);
    double most = 0.0;

    for (size_t i = 0; i < cnn_net_param_count(a->net); i++)
        most = fmax(most, fabs((double)x[i] - (double)y[i]));
    return most;
}

static bool same_bits(const training *a, const training *b)
{
    return memcmp(cnn_net_params(a->net), cnn_net_params(b->net),
                  TINY_PARAMS * sizeof(float)) == 0;
}

/* ------------------------------------------------------------- together --- */

static void as_one_process(void)
{
    cnn_mpi *mpi = start(MPI_COMM_WORLD, 0), *self = start(MPI_COMM_SELF, 0);
    training alone = prepare(1), one = train(self, STEPS);
    training all = train(mpi, STEPS), again = train(mpi, STEPS);

    MUST(cnn_mpi_rank(mpi) == world_rank && cnn_mpi_size(mpi) == world_size);
    alone.trainer = cnn_trainer_create(alone.net, alone.optim, alone.dataset,
                                       &alone.options);
    MUST(cnn_trainer_run(alone.trainer, STEPS, NULL, NULL) == CNN_OK);
    MUST(same_bits(&one, &alone));
    MUST(same_bits(&again, &all));
    MUST(largest_difference(&all, &alone) <= 1e-5);
    if (world_rank == 0)
        printf("%d ranks against one process: %g\n", world_size,
               largest_difference(&all, &alone));
    training_close(&again);
    training_close(&all);
    training_close(&one);
    training_close(&alone);
    cnn_mpi_free(self);
    cnn_mpi_free(mpi);
}

/* Has this rank the parameters of rank 0? */
static bool as_rank_0(const training *t)
{
    float first[TINY_PARAMS];

    memcpy(first, cnn_net_params(t->net), sizeof(first));
    MPI_Bcast(first, TINY_PARAMS, MPI_FLOAT, 0, MPI_COMM_WORLD);
    return memcmp(first, cnn_net_params(t->net), sizeof(first)) == 0;
}

/* Averages of parameters instead of sums of gradients. */
static void local(void)
{
    const cnn_mpi_options every = {.struct_size = sizeof(every),
                                   .average_every = 1};
    const cnn_mpi_options every_4 = {.struct_size = sizeof(every_4),
                                     .average_every = 4};
    cnn_mpi *mpi = start(MPI_COMM_WORLD, 0), *one = start_with(&every);
    cnn_mpi *four = start_with(&every_4);
    training sums = train(mpi, STEPS), averages = train(one, STEPS);
    training t = train(four, 9), again = train(four, 9);

    MUST(largest_difference(&averages, &sums) <= 1e-5);
    MUST(as_rank_0(&averages));
    MUST(as_rank_0(&t));
    MUST(same_bits(&t, &again));
    MUST(cnn_trainer_step(t.trainer, NULL) == CNN_OK);
    MUST(as_rank_0(&t) == (world_rank == 0));
    training_close(&again);
    training_close(&t);
    training_close(&averages);
    training_close(&sums);
    cnn_mpi_free(four);
    cnn_mpi_free(one);
    cnn_mpi_free(mpi);
}

/* Statistics of the whole batch, whatever part of it a rank has. */
static void over_ranks(void)
{
    const cnn_mpi_options o = {.struct_size = sizeof(o),
                               .flags = CNN_BATCHNORM_OVER_RANKS};
    cnn_mpi *mpi = start_with(&o);
    training all = prepare_net(rich_net(), 1),
             alone = prepare_net(rich_net(), 1);

    create(&all, mpi);
    MUST(cnn_trainer_run(all.trainer, STEPS, NULL, NULL) == CNN_OK);
    alone.trainer = cnn_trainer_create(alone.net, alone.optim, alone.dataset,
                                       &alone.options);
    MUST(cnn_trainer_run(alone.trainer, STEPS, NULL, NULL) == CNN_OK);
    MUST(largest_difference(&all, &alone) <= 1e-5);
    training_close(&alone);
    training_close(&all);
    cnn_mpi_free(mpi);
}

static void portions(void)
{
    cnn_mpi *mpi = start(MPI_COMM_WORLD, PORTIONS);
    cnn_mpi *self = start(MPI_COMM_SELF, PORTIONS);
    training one = train(self, STEPS), all = train(mpi, STEPS);

    MUST(same_bits(&one, &all));
    training_close(&all);
    training_close(&one);
    cnn_mpi_free(self);
    cnn_mpi_free(mpi);
}

static void checkpoints(void)
{
    char path[32]; /* in the folder that all ranks are started in */

    snprintf(path, sizeof(path), "mpi_ranks_%d.cnn", world_size);
    cnn_mpi *mpi = start(MPI_COMM_WORLD, PORTIONS);
    cnn_mpi *self = start(MPI_COMM_SELF, PORTIONS);
    training all = train(mpi, 10), one = prepare(1);
    cnn_metrics shared, whole;

    MUST(cnn_trainer_save(all.trainer, path) == CNN_OK);
    MUST(cnn_trainer_run(all.trainer, 10, NULL, NULL) == CNN_OK);
    create(&one, self); /* on one rank each */
    MUST(cnn_trainer_resume(one.trainer, path) == CNN_OK);
    MUST(cnn_trainer_run(one.trainer, 10, NULL, NULL) == CNN_OK);
    MUST(same_bits(&one, &all));
    MUST(cnn_trainer_resume(all.trainer, path) == CNN_OK);
    MUST(cnn_trainer_steps(all.trainer) == 10);
    MUST(cnn_trainer_run(all.trainer, 10, NULL, NULL) == CNN_OK);
    MUST(same_bits(&one, &all));
    MUST(cnn_trainer_validate(all.trainer, all.dataset, &shared) == CNN_OK);
    MUST(cnn_net_evaluate(one.net, one.dataset, &whole, NULL) == CNN_OK);
    MUST(shared.correct == whole.correct && shared.count == whole.count);
    MUST(fabs(shared.loss - whole.loss) <= 1e-6);
    MPI_Barrier(MPI_COMM_WORLD); /* all have read it */
    if (world_rank == 0)
        unlink(path);
    training_close(&one);
    training_close(&all);
    cnn_mpi_free(self);
    cnn_mpi_free(mpi);
}

/* A loop of the program's own: a mean over ranks of means over samples. */
static void by_hand(void)
{
    cnn_mpi *mpi = start(MPI_COMM_WORLD, 0);
    training mine = prepare(1 + (uint64_t)world_rank), first = prepare(1);
    float *grads = cnn_net_grads(mine.net);

    MUST(cnn_mpi_broadcast(mpi, mine.net) == CNN_OK);
    MUST(same_bits(&mine, &first));
    for (size_t i = 0; i < TINY_PARAMS; i++)
        grads[i] = (float)(world_rank + 1);
    MUST(cnn_mpi_sum_grads(mpi, mine.net) == CNN_OK);
    for (size_t i = 0; i < TINY_PARAMS; i++)
        MUST(grads[i] == (float)(world_size * (world_size + 1)) / 2.0f);
    training_close(&first);
    training_close(&mine);
    cnn_mpi_free(mpi);
}

/* -------------------------------------------------------------- refused --- */

static void bad_arguments(void)
{
    cnn_mpi_options o = {.struct_size = sizeof(o)};
    cnn_mpi *mpi = start(MPI_COMM_WORLD, 0);
    training t = prepare(1);

    MUST(cnn_mpi_create(MPI_COMM_NULL, NULL) == NULL);
    MUST_FAIL(CNN_EINVAL, CNN_EINVAL, "the communicator is MPI_COMM_NULL");
    o.struct_size = is_last() ? 2 : sizeof(o);
    MUST(cnn_mpi_create(MPI_COMM_WORLD, &o) == NULL);
    MUST_FAIL(CNN_EINVAL, CNN_EINVAL, "rank 1: mpi: struct_size is 2");
    o.struct_size = sizeof(o);
    o.portions = is_last() ? 6 : 8;
    MUST(cnn_mpi_create(MPI_COMM_WORLD, &o) == NULL);
    MUST_FAIL(CNN_EINVAL, CNN_EINVAL,
              "rank 1: portions 6 and check_every 0, rank 0 has 8 and 0");
    o.portions = 0;
    o.average_every = is_last() ? 4 : 0;
    MUST(cnn_mpi_create(MPI_COMM_WORLD, &o) == NULL);
    MUST_FAIL(CNN_EINVAL, CNN_EINVAL,
              "rank 1: average_every 4 and flags 0x0, rank 0 has 0 and 0x0");
    o.average_every = -1;
    MUST(cnn_mpi_create(MPI_COMM_WORLD, &o) == NULL);
    MUST_FAIL(CNN_EINVAL, CNN_EINVAL, "mpi: average_every -1");
    MUST(cnn_mpi_trainer_create(NULL, t.net, t.optim, t.dataset, NULL) == NULL);
    MUST_FAIL(CNN_EINVAL, CNN_EINVAL, "mpi is NULL");
    MUST_FAIL(cnn_mpi_broadcast(NULL, t.net), CNN_EINVAL, "mpi is NULL");
    MUST_FAIL(cnn_mpi_broadcast(mpi, is_last() ? NULL : t.net), CNN_ESTATE,
              "rank 1: mpi: the net is NULL or not built");
    MUST(cnn_mpi_rank(NULL) == 0 && cnn_mpi_size(NULL) == 0);
    cnn_mpi_free(NULL);
    training_close(&t);
    cnn_mpi_free(mpi);
}

/* Of a program with the struct before it grew, and of one from after. */
static void other_lengths(void)
{
    struct {
        cnn_mpi_options o;
        uint32_t later;
    } longer = {.o = {.struct_size = sizeof(longer)}};
    cnn_mpi_options o = {.struct_size =
                             offsetof(cnn_mpi_options, average_every),
                         .average_every = -1};
    cnn_mpi *mpi = cnn_mpi_create(MPI_COMM_WORLD, &o);

    MUST(mpi != NULL); /* what is not its own was not read */
    cnn_mpi_free(mpi);
    mpi = cnn_mpi_create(MPI_COMM_WORLD, &longer.o);
    MUST(mpi != NULL);
    cnn_mpi_free(mpi);
    longer.later = 1;
    MUST(cnn_mpi_create(MPI_COMM_WORLD, &longer.o) == NULL);
    MUST_FAIL(CNN_EUNSUPPORTED, CNN_EUNSUPPORTED,
              "the field at byte 24 is set, but this version of libcnn_mpi "
              "knows only 24 bytes");
}

static void other_nets(void)
{
    cnn_mpi *mpi = start(MPI_COMM_WORLD, 0);
    cnn_net *net = dense_net(3, is_last() ? 4 : 5, 1);
    training t = prepare(is_last() ? 7 : 1);

    MUST_FAIL(cnn_mpi_broadcast(mpi, net), CNN_ESHAPE,
              "rank 1: a net of 2 arrays with 16 elements, rank 0 has 2 with "
              "20");
    cnn_net_free(net);
    net = is_last() ? dense_net(4, 4, 1) : dense_net(3, 5, 1);
    cnn_net_params(net)[0] = 2.0f;
    MUST_FAIL(cnn_mpi_broadcast(mpi, net), CNN_ESHAPE,
              "rank 1: a net of 2 arrays with 20 elements, rank 0 has 2 with "
              "20, of other shapes");
    MUST(cnn_net_params(net)[0] == 2.0f);
    MUST(cnn_mpi_trainer_create(mpi, t.net, t.optim, t.dataset, &t.options) ==
         NULL);
    MUST_FAIL(CNN_EINVAL, CNN_EINVAL,
              "rank 1 differs from rank 0: seed of the net 7, not 1");
    training_close(&t);
    cnn_net_free(net);
    cnn_mpi_free(mpi);
}

/* A reader that fails on one rank, and two ranks that go apart. */
static void in_the_middle(void)
{
    cnn_mpi *mpi = start(MPI_COMM_WORLD, 0);
    training t = {.reads = true, .samples = SAMPLES};
    cnn_status status = CNN_OK;

    training_prepare(&t, 1);
    create(&t, mpi);
    if (is_last()) {
        t.reading.code = CNN_EIO;
        t.reading.why = "the disk is gone";
        atomic_store(&t.reading.fail_at, 17);
    }
    while (status == CNN_OK && cnn_trainer_epoch(t.trainer) < 9)
        status = cnn_trainer_step(t.trainer, NULL);
    MUST_FAIL(status, CNN_EIO,
              "rank 1: dataset: the reader failed at sample "
              "17: the disk is gone");
    atomic_store(&t.reading.fail_at, -1);
    MUST(cnn_trainer_step(t.trainer, NULL) == CNN_OK);
    status = is_last() ? cnn_trainer_step(t.trainer, NULL)
                       : cnn_trainer_run(t.trainer, 1, NULL, NULL);
    MUST_FAIL(status, CNN_EINVAL, "rank 1 is at step, and rank 0 at run");
    training_close(&t);
    cnn_mpi_free(mpi);
}

/* ----------------------------------------------------------------- faults ---
 */

/* The other rank would wait for ever, but for mpiexec. */
static void killed(void)
{
    cnn_mpi *mpi = start(MPI_COMM_WORLD, 0);
    training t = train(mpi, 5);

    if (is_last())
        raise(SIGKILL);
    cnn_trainer_run(t.trainer, INT64_C(1) << 40, NULL, NULL);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int level = 0;

    must_start(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    if (strcmp(what, "together") == 0) {
        as_one_process();
        local();
        over_ranks();
        portions();
        checkpoints();
        by_hand();
    } else if (strcmp(what, "refused") == 0) {
        bad_arguments();
        other_lengths();
        other_nets();
        in_the_middle();
    } else {
        MUST(strcmp(what, "killed") == 0);
        killed();
    }
    MPI_Finalize();
    return 0;
}
