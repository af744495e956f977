/*
 * Many threads predict with one net, each through its own session. The program
 * prints how many images a second they predict:
 *
 *     cc predict_threads.c -o predict_threads -pthread \
 *         $(pkg-config --cflags --libs libcnn)
 *     ./predict_threads MODEL 4
 *
 * Any model will do (train_digits.c makes one); the images are noise.
 */
#define _POSIX_C_SOURCE 200809L
#include <cnn/cnn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IMAGES = 64, ROUNDS = 400, MOST = 64 };

static cnn_net *net;
static float *x; /* IMAGES inputs, which all threads read */
static size_t pixels, classes;
static atomic_int next; /* the number of the next round */

/* Takes rounds until none is left. A real program would use y after each round.
 * Returns NULL if nothing failed. */
static void *work(void *unused)
{
    (void)unused;
    cnn_session *session = cnn_session_create(net, IMAGES);
    float *y = malloc(IMAGES * classes * sizeof(float));
    cnn_status status = session != NULL ? CNN_OK : cnn_last_status();

    if (y == NULL)
        status = CNN_ENOMEM;
    while (status == CNN_OK && atomic_fetch_add(&next, 1) < ROUNDS)
        status = cnn_session_predict(session, IMAGES, x, y);
    /* Each thread has its own last error, so this thread prints it. */
    if (status != CNN_OK)
        fprintf(stderr, "predict_threads: %s\n",
                y != NULL ? cnn_last_error() : "out of memory");
    free(y);
    cnn_session_free(session);
    return status == CNN_OK ? NULL : &next;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    const int count = argc == 3 ? atoi(argv[2]) : 0;
    pthread_t threads[MOST];
    cnn_shape in, out;
    int started = 0, failed = 0;

    if (count < 1 || count > MOST) {
        fprintf(stderr, "usage: predict_threads MODEL THREADS, 1 to %d\n",
                MOST);
        return 64;
    }
    net = cnn_net_load(argv[1], 1); /* sessions have a size of their own */
    if (net == NULL || cnn_net_in_shape(net, &in) != CNN_OK ||
        cnn_net_out_shape(net, &out) != CNN_OK) {
        fprintf(stderr, "predict_threads: %s\n", cnn_last_error());
        return EXIT_FAILURE;
    }
    pixels = (size_t)in.c * (size_t)in.h * (size_t)in.w;
    classes = (size_t)out.c * (size_t)out.h * (size_t)out.w;
    x = malloc(IMAGES * pixels * sizeof(float));
    for (size_t i = 0; x != NULL && i < IMAGES * pixels; i++)
        x[i] = (float)rand() / (float)RAND_MAX;

    /* The threads are the program's own: libcnn's number of threads stays 1. */
    const double begin = seconds();
    while (x != NULL && started < count &&
           pthread_create(&threads[started], NULL, work, NULL) == 0)
        started++;
    for (int i = 0; i < started; i++) {
        void *trouble;
        pthread_join(threads[i], &trouble);
        failed += trouble != NULL;
    }
    const double taken = seconds() - begin;
    if (started < count)
        fprintf(stderr, "predict_threads: no memory or no more threads\n");
    else if (failed == 0)
        printf("%d threads: %d images in %.2f s, %.0f a second\n", count,
               IMAGES * ROUNDS, taken, IMAGES * ROUNDS / taken);
    free(x);
    cnn_net_free(net); /* after its sessions */
    return started < count || failed > 0 ? EXIT_FAILURE : 0;
}
