/* A program that forks, and that ends, while its threads are inside libcnn;
 * test_fork_and_exit.py runs it.
 *
 *     forker calls COUNT      forks while others train, predict and set the
 *                             number of threads
 *     forker alone COUNT      the same with that number at one
 *     forker products COUNT   forks while others compute small products
 *     forker first WAIT       forks while another thread makes the first call
 *     forker child WAIT       fork() while another thread starts and ends the
 *                             workers, exit() in the child
 *     forker handler WAIT     exit() by a handler while two threads train
 *     forker thread WAIT      exit() while another thread trains
 *     forker both WAIT        exit() while another thread forks
 *     forker late WAIT        exit() as under "thread", with a destructor of
 *                             the program that forks and trains once more
 *
 * COUNT forks one after the other; or one, WAIT microseconds after the threads
 * began. Every child makes a net, trains it, and must come to what its parent
 * came to. Public headers only: it is linked with either library. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cnn/cnn.h"

enum { SIDE = 20, SAMPLES = 32, CLASSES = 10, PATIENCE_MS = 20000 };

static float images[SAMPLES * SIDE * SIDE];
static int32_t labels[SAMPLES];
static atomic_bool enough;
static atomic_int ready; /* threads that are about to begin */

static void sleep_us(long us)
{
    nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

/* Nothing that is tested here may go wrong in another way. */
static void need(bool right)
{
    if (right)
        return;
    fprintf(stderr, "%s\n", cnn_last_error());
    _exit(3);
}

/* --------------------------------------------------------------- work --- */

static cnn_net *create_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(200, NULL));
    cnn_net_add(net, cnn_dense_create(CLASSES, NULL));
    need(cnn_net_build(net, &(cnn_shape){1, SIDE, SIDE}, SAMPLES, 1) == CNN_OK);
    return net;
}

/* exit() in a handler that interrupts malloc() would wait for its lock; but
 * nothing takes memory while it runs. */
static void allow_alarm(bool allow)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(allow ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

static int32_t read_rows(void *unused, cnn_read *rows)
{
    const size_t size = SIDE * SIDE;

    (void)unused;
    for (int32_t i = 0; i < rows->count; i++) {
        if (rows->x != NULL)
            memcpy(rows->x + (size_t)i * size,
                   images + (size_t)rows->index[i] * size,
                   size * sizeof(float));
        if (rows->labels != NULL)
            rows->labels[i] = labels[rows->index[i]];
    }
    return 0;
}

/* The arrays; every second time by a reader, and read ahead. */
static cnn_dataset *create_data(void)
{
    static atomic_uint times;
    const cnn_dataset_reader reader = {.struct_size = sizeof(reader),
                                       .count = SAMPLES,
                                       .shape = {1, SIDE, SIDE},
                                       .class_count = CLASSES,
                                       .read = read_rows};

    return atomic_fetch_add(&times, 1) % 2 == 0
               ? cnn_dataset_create_callback(&reader, NULL)
               : cnn_dataset_wrap_f32(&reader.shape, SAMPLES, images, labels,
                                      NULL);
}

/* A few steps of a new net; what its parameters have become. */
static uint64_t train(int64_t steps)
{
    const cnn_trainer_options options = {.struct_size = sizeof(options),
                                         .batch = SAMPLES / 2};
    cnn_net *net = create_net();
    cnn_optim *optim = cnn_sgd_create(0.01f, NULL);
    cnn_dataset *data = create_data();
    cnn_trainer *trainer = cnn_trainer_create(net, optim, data, &options);
    uint64_t hash = 0;

    need(trainer != NULL);
    allow_alarm(true);
    for (int64_t i = 0; i < steps && !atomic_load(&enough); i++)
        need(cnn_trainer_step(trainer, NULL) == CNN_OK);
    for (size_t i = 0; i < cnn_net_param_count(net); i++) {
        uint32_t bits;

        memcpy(&bits, cnn_net_params(net) + i, sizeof(bits));
        hash = (hash ^ bits) * 1099511628211u;
    }
    cnn_trainer_free(trainer);
    cnn_dataset_free(data);
    cnn_optim_free(optim);
    cnn_net_free(net);
    return hash;
}

static void *keep_training(void *unused)
{
    atomic_fetch_add(&ready, 1);
    while (!atomic_load(&enough))
        train(20);
    return unused;
}

/* One dense layer and two samples (for a single one, OpenBLAS takes none of its
 * buffers): nothing but products, and short ones. */
static cnn_net *dense;

static uint64_t predict(cnn_session *session)
{
    float y[2 * CLASSES];

    need(cnn_session_predict(session, 2, images, y) == CNN_OK);
    return y[0] == y[0];
}

static void *keep_predicting(void *unused)
{
    cnn_session *session = cnn_session_create(dense, 2);

    need(session != NULL);
    atomic_fetch_add(&ready, 1);
    while (!atomic_load(&enough))
        predict(session);
    cnn_session_free(session);
    return unused;
}

static uint64_t predict_once(void)
{
    cnn_session *session = cnn_session_create(dense, 2);

    need(session != NULL);
    return predict(session);
}

static uint64_t train_twice(void)
{
    return train(2);
}

static uint64_t is_trained(void)
{
    return train(2) != 0;
}

static void *keep_setting(void *unused)
{
    atomic_fetch_add(&ready, 1);
    for (int32_t i = 0; !atomic_load(&enough); i++) {
        need(cnn_set_num_threads(1 + i % 3) == CNN_OK);
        sleep_us(200);
    }
    return unused;
}

/* Starts the workers and ends them. */
static void *keep_dismissing(void *unused)
{
    atomic_fetch_add(&ready, 1);
    while (!atomic_load(&enough)) {
        need(cnn_set_num_threads(2) == CNN_OK);
        train(1);
        need(cnn_set_num_threads(1) == CNN_OK);
    }
    return unused;
}

/* ------------------------------------------------------------ children --- */

/* Status of a child, or -1 if it is stuck. */
static int reap(pid_t child)
{
    int status;

    for (int i = 0; i < 10 * PATIENCE_MS; i++) {
        const pid_t ended = waitpid(child, &status, WNOHANG);

        if (ended == child)
            return WIFEXITED(status) ? WEXITSTATUS(status)
                                     : 128 + WTERMSIG(status);
        sleep_us(100);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return -1;
}

/* A child that comes to what its parent came to by `work`. */
static int fork_child(uint64_t (*work)(void), uint64_t want, void (*end)(int))
{
    const pid_t child = fork();

    if (child == 0) {
        alarm(60); /* its parent may be gone */
        atomic_store(&enough, false);
        end(work() == want ? 0 : 4);
    }
    need(child > 0);
    const int status = reap(child);
    if (status < 0)
        puts("a child hangs");
    else if (status != 0)
        printf("a child ended with %d\n", status);
    return status;
}

static void wait_for(int threads)
{
    while (atomic_load(&ready) < threads)
        sleep_us(10);
}

typedef void *(*thread_fn)(void *);

/* Forks so many times while these threads are at it; what went wrong. */
static int fork_among(int64_t count, const thread_fn *threads, int n,
                      uint64_t (*work)(void))
{
    const uint64_t want = work();
    pthread_t id[8];
    int bad = 0;

    for (int i = 0; i < n; i++)
        need(pthread_create(&id[i], NULL, threads[i], NULL) == 0);
    wait_for(n);
    for (int64_t i = 0; i < count && bad == 0; i++)
        bad += fork_child(work, want, _exit) != 0;
    atomic_store(&enough, true);
    for (int i = 0; i < n; i++)
        pthread_join(id[i], NULL);
    /* The parent is none the worse for it. */
    atomic_store(&enough, false);
    return bad > 0 || work() != want;
}

static pthread_t trainer; /* the thread that the handler is for */

/* OpenBLAS blocks no signals in its own threads, and exit() there waits for
 * itself: a program passes the signal on. */
static void exit_in_handler(int number)
{
    if (pthread_equal(pthread_self(), trainer))
        exit(0);
    pthread_kill(trainer, number);
}

static void *keep_forking(void *want)
{
    atomic_fetch_add(&ready, 1);
    for (;;)
        if (fork_child(train_twice, *(uint64_t *)want, _exit) != 0)
            _exit(5);
}

/* Returns so long after the thread has begun. */
static int start(thread_fn work, void *data, long wait)
{
    pthread_t thread;

    need(pthread_create(&thread, NULL, work, data) == 0);
    wait_for(1);
    sleep_us(wait);
    return 0;
}

static int train_until_alarm(long wait)
{
    const struct itimerval soon = {
        .it_value = {wait / 1000000, wait % 1000000 + 1}};

    struct sigaction action = {.sa_handler = exit_in_handler};

    allow_alarm(false);
    trainer = pthread_self();
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    train(INT64_MAX);
    return 64;
}

/* Of a program that is linked with the static library, this comes after the
 * destructors of libcnn. */
static bool trains_at_the_end;
static uint64_t want; /* what two steps come to */

__attribute__((destructor)) static void train_at_the_end(void)
{
    if (!trains_at_the_end)
        return;
    if (fork_child(train_twice, want, _exit) != 0 || train_twice() != want)
        _exit(6);
}

static int run(const char *mode, long number)
{
    static const thread_fn calls[] = {keep_training, keep_training,
                                      keep_predicting, keep_setting},
                           products[] = {keep_predicting, keep_predicting,
                                         keep_predicting};

    if (strcmp(mode, "first") == 0) /* so nothing was called before */
        return start(keep_training, NULL, number) ||
               fork_child(is_trained, true, _exit) != 0;
    dense = cnn_net_create();
    cnn_net_add(dense, cnn_dense_create(CLASSES, NULL));
    need(cnn_net_build(dense, &(cnn_shape){1, 4, 4}, 2, 1) == CNN_OK);
    if (strcmp(mode, "calls") == 0)
        return fork_among(number, calls, 4, train_twice);
    if (strcmp(mode, "alone") == 0)
        return fork_among(number, calls, 3, train_twice);
    if (strcmp(mode, "products") == 0)
        return fork_among(number, products, 3, predict_once);
    want = train_twice();
    if (strcmp(mode, "child") == 0)
        return start(keep_dismissing, NULL, number) ||
               fork_child(train_twice, want, exit) != 0;
    if (strcmp(mode, "both") == 0)
        return start(keep_forking, &want, number);
    need(cnn_set_num_threads(2) == CNN_OK);
    trains_at_the_end = strcmp(mode, "late") == 0;
    if (strcmp(mode, "thread") == 0 || trains_at_the_end)
        return start(keep_training, NULL, number);
    return strcmp(mode, "handler") == 0 ? train_until_alarm(number) : 64;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
        images[i] = (float)(i * 7 % 11) / 11.0f;
    for (int i = 0; i < SAMPLES; i++)
        labels[i] = i % CLASSES;
    return argc == 3 ? run(argv[1], strtol(argv[2], NULL, 10)) : 64;
}
