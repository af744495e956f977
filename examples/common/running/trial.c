#include "running/trial.h"

#include <stdio.h>

#include "running/training_run.h"
#include "support/failure.h"

void trial_run(trial *t, const data *d, const run_options *run)
{
    cnn_shape image;
    cnn_metrics m;

    check(cnn_dataset_shape(d->train, &image), NULL);
    check(cnn_net_build(t->net, &image, t->recipe.batch, run->seed), NULL);
    check(cnn_net_set_loss(t->net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
                           t->recipe.reduction),
          NULL);
    t->costs.struct_size = sizeof(t->costs);
    check(cnn_net_costs(t->net, &t->costs), NULL);

    training job = {.net = t->net,
                    .data = d,
                    .recipe = &t->recipe,
                    .run = run,
                    .name = t->name,
                    .watch = true};
    const cnn_status status = training_run(&job);
    t->history = job.history;
    t->steps = job.done;
    t->watched = job.watched;
    t->seconds = job.seconds;
    t->diverged = status == CNN_EDIVERGED;
    if (t->diverged)
        snprintf(t->reason, sizeof(t->reason), "%s", cnn_last_error());
    t->stopped = status == CNN_ECANCELED;
    t->step_ms = 1000 * history_step_quantile(&job.history, 0.5);
    check(cnn_net_evaluate(t->net, d->test, &m, NULL), NULL);
    t->accuracy = (double)m.correct / (double)m.count;
}

void trial_free_net(trial *t)
{
    cnn_net_free(t->net);
    t->net = NULL;
}

void trial_free(trial *t)
{
    trial_free_net(t);
    history_free(&t->history);
}
