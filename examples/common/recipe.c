#include "common/recipe.h"

#include <string.h>

const char optimizer_names[] = "sgd, momentum, adam, adamw or rmsprop";

static cnn_optim *momentum(float lr)
{
    return cnn_sgd_create(lr, &(cnn_sgd_options){
                                  .struct_size = sizeof(cnn_sgd_options),
                                  .momentum = 0.9f,
                                  .nesterov = 1,
                              });
}

static cnn_optim *adamw(float lr)
{
    return cnn_adam_create(lr, &(cnn_adam_options){
                                   .struct_size = sizeof(cnn_adam_options),
                                   .weight_decay = 0.1f,
                                   .decoupled = 1,
                               });
}

static cnn_optim *sgd(float lr)
{
    return cnn_sgd_create(lr, NULL);
}

static cnn_optim *adam(float lr)
{
    return cnn_adam_create(lr, NULL);
}

static cnn_optim *rmsprop(float lr)
{
    return cnn_rmsprop_create(lr, NULL);
}

static const struct {
    const char *name;
    cnn_optim *(*create)(float lr);
} optimizers[] = {
    {"sgd", sgd},     {"momentum", momentum}, {"adam", adam},
    {"adamw", adamw}, {"rmsprop", rmsprop},
};

enum { OPTIMIZERS = sizeof(optimizers) / sizeof(optimizers[0]) };

static int find(const char *name)
{
    int i = 0;

    while (i < OPTIMIZERS && strcmp(optimizers[i].name, name) != 0)
        i++;
    return i;
}

bool recipe_knows_optimizer(const char *name)
{
    return find(name) < OPTIMIZERS;
}

cnn_optim *recipe_optimizer(const recipe *r)
{
    return optimizers[find(r->optimizer)].create(r->lr);
}

int64_t recipe_steps(const recipe *r, int64_t count)
{
    if (r->steps > 0)
        return r->steps;
    return (r->epochs * count + r->batch - 1) / r->batch;
}

cnn_schedule_options recipe_schedule(const recipe *r, int64_t steps)
{
    const int32_t all = steps < INT32_MAX ? (int32_t)steps : INT32_MAX;
    const int32_t warmup = (int32_t)((int64_t)all * 3 / 10);

    if (r->schedule == CONSTANT)
        return (cnn_schedule_options){.struct_size =
                                          sizeof(cnn_schedule_options)};
    return (cnn_schedule_options){.struct_size = sizeof(cnn_schedule_options),
                                  .kind = CNN_SCHEDULE_COSINE,
                                  .steps = all - warmup,
                                  .warmup = warmup};
}
