#include "running/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "support/ranks.h"

static _Atomic(cnn_trainer *) running;
static volatile sig_atomic_t received;
static bool waiting;

static void stop(int signal)
{
    cnn_trainer *trainer = atomic_load(&running);

    received = signal;
    if (trainer != NULL)
        cnn_trainer_cancel(trainer);
}

static void handle(int signal, bool stops)
{
    /* With SA_RESETHAND the second signal has its default action. */
    struct sigaction old,
        action = {.sa_handler = stops ? stop : SIG_DFL,
                  .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};

    sigemptyset(&action.sa_mask);
    sigaction(signal, NULL, &old);
    /* A shell lets a program in the background ignore the signal: keep that. */
    if (old.sa_handler != SIG_IGN)
        sigaction(signal, &action, NULL);
}

void interrupt_stops(cnn_trainer *trainer)
{
    atomic_store(&running, trainer);
    if (waiting && received != 0 && trainer != NULL)
        cnn_trainer_cancel(trainer);
    if (waiting)
        return;
    handle(SIGINT, trainer != NULL);
    handle(SIGTERM, trainer != NULL);
}

void interrupt_waits(bool waits)
{
    waiting = waits;
    handle(SIGINT, waits);
    handle(SIGTERM, waits);
}

int interrupt_signal(void)
{
    return received;
}

int interrupt_agreed(void)
{
    received = (sig_atomic_t)ranks_max((int32_t)received);
    return received;
}
