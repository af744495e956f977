#include "common/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic(cnn_trainer *) running;
static volatile sig_atomic_t received;

static void stop(int signal)
{
    received = signal;
    cnn_trainer_cancel(atomic_load(&running));
}

static void handle(int signal, cnn_trainer *trainer)
{
    /* SA_RESETHAND makes the second signal do what it does by itself. */
    struct sigaction old,
        action = {.sa_handler = trainer != NULL ? stop : SIG_DFL,
                  .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};

    sigemptyset(&action.sa_mask);
    sigaction(signal, NULL, &old);
    /* What is started to go on in the background is not to be stopped. */
    if (old.sa_handler != SIG_IGN)
        sigaction(signal, &action, NULL);
}

void interrupt_stops(cnn_trainer *trainer)
{
    atomic_store(&running, trainer);
    handle(SIGINT, trainer);
    handle(SIGTERM, trainer);
}

int interrupt_signal(void)
{
    return received;
}
