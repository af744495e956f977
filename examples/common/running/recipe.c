#include "running/recipe.h"

#include <string.h>

const char optimizer_names[] = "sgd, momentum, adam, adamw or rmsprop";
const char schedule_names[] = "constant, one-cycle or decay";

const cnn_augment_options recipe_augment = {
    .struct_size = sizeof(cnn_augment_options),
    .shift = 1.5f,
    .rotation = 10,
    .scale = 0.1f,
    .shear = 0.1f,
    .elastic = 10,
};

cnn_conv2d_options recipe_conv2d(const recipe *r)
{
    return (cnn_conv2d_options){
        .struct_size = sizeof(cnn_conv2d_options),
        .weight_init = r->weights.kind,
        .weight_scale = r->weights.scale,
        .bias_init = r->biases.kind,
        .bias_scale = r->biases.scale,
    };
}

cnn_dense_options recipe_dense(const recipe *r)
{
    return (cnn_dense_options){
        .struct_size = sizeof(cnn_dense_options),
        .weight_init = r->weights.kind,
        .weight_scale = r->weights.scale,
        .bias_init = r->biases.kind,
        .bias_scale = r->biases.scale,
    };
}

static const struct {
    const char *name;
    enum { SGD, ADAM, RMSPROP } kind;
    float momentum;
    int32_t decoupled; /* the decay of the weights */
} optimizers[] = {
    {"sgd", SGD, .momentum = 0},    {"momentum", SGD, .momentum = 0.9f},
    {"adam", ADAM, .decoupled = 0}, {"adamw", ADAM, .decoupled = 1},
    {"rmsprop", RMSPROP},
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
    const int i = find(r->optimizer);
    const cnn_sgd_options sgd = {.struct_size = sizeof(sgd),
                                 .momentum = optimizers[i].momentum,
                                 .nesterov = optimizers[i].momentum > 0,
                                 .weight_decay = r->weight_decay};
    const cnn_adam_options adam = {.struct_size = sizeof(adam),
                                   .weight_decay = r->weight_decay,
                                   .decoupled = optimizers[i].decoupled};

    switch (optimizers[i].kind) {
    case SGD:
        return cnn_sgd_create(r->lr, &sgd);
    case ADAM:
        return cnn_adam_create(r->lr, &adam);
    case RMSPROP:
        break;
    }
    return cnn_rmsprop_create(r->lr, NULL);
}

static const char *const schedules[] = {
    [CONSTANT] = "constant", [ONE_CYCLE] = "one-cycle", [DECAY] = "decay"};

bool recipe_find_schedule(const char *name, schedule *s)
{
    for (*s = CONSTANT; *s <= DECAY; (*s)++)
        if (strcmp(schedules[*s], name) == 0)
            return true;
    return false;
}

const char *recipe_schedule_name(const recipe *r)
{
    return schedules[r->schedule];
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

    switch (r->schedule) {
    case ONE_CYCLE:
        return (cnn_schedule_options){
            .struct_size = sizeof(cnn_schedule_options),
            .kind = CNN_SCHEDULE_COSINE,
            .steps = all - warmup,
            .warmup = warmup,
        };
    case DECAY:
        return (cnn_schedule_options){
            .struct_size = sizeof(cnn_schedule_options),
            .kind = CNN_SCHEDULE_EXPONENTIAL,
            .steps = all,
            .factor = 0.02f,
        };
    case CONSTANT:
        break;
    }
    return (cnn_schedule_options){.struct_size = sizeof(cnn_schedule_options)};
}

double recipe_loss(const recipe *r, const cnn_metrics *m)
{
    return r->reduction == CNN_REDUCE_SUM ? m->loss / (double)m->count
                                          : m->loss;
}
