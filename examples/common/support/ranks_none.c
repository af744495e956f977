/* ranks.h without MPI. */
#include "support/failure.h"
#include "support/ranks.h"
#include "support/ranks_impl.h"

void ranks_join(int *argc, char ***argv, int32_t wanted)
{
    (void)argc;
    (void)argv;
    if (wanted > 1)
        fail(EX_UNAVAILABLE,
             "started as one of %d ranks, but built without MPI "
             "(CNN_WITH_MPI)",
             (int)wanted);
}

void ranks_leave(void)
{
}

void ranks_abort(int code)
{
    (void)code;
}

int32_t ranks_size(void)
{
    return 1;
}

int32_t ranks_max(int32_t x)
{
    return x;
}

int32_t ranks_threads(void)
{
    return 0;
}

cnn_trainer *ranks_trainer(cnn_net *net, cnn_optim *optim,
                           const cnn_dataset *dataset,
                           const cnn_trainer_options *options)
{
    return cnn_trainer_create(net, optim, dataset, options);
}
