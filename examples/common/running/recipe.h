/* How a network is trained: each example has two recipes, and the command line
 * changes single lines of them. */
#ifndef EXAMPLES_RECIPE_H
#define EXAMPLES_RECIPE_H

#include <stdbool.h>

#include <cnn/cnn.h>

/* CNN_INIT_* and its scale. */
typedef struct initial {
    int32_t kind;
    float scale;
} initial;

/* The learning rate from the first step to the last: ONE_CYCLE rises
 * for three tenths of the steps and then falls along half a cosine (Smith and
 * Topin, 2019); DECAY falls to a fiftieth, by the same factor each step. */
typedef enum schedule { CONSTANT, ONE_CYCLE, DECAY } schedule;

typedef struct recipe {
    initial weights, biases; /* of all layers */
    int32_t reduction;       /* of the loss: CNN_REDUCE_* */
    const char *optimizer;   /* one of optimizer_names */
    float lr;                /* the largest, if it changes */
    float weight_decay;
    float clip_norm;
    schedule schedule;
    int32_t batch;
    int32_t steps;            /* the length of the training: steps; or */
    int32_t epochs;           /* passes over the images */
    int32_t augmented_epochs; /* passes if the images are changed; 0: epochs */
    int32_t eval_every;       /* steps between two lines of output; 0: none */
    bool hold_out; /* the first images are for validation, not training */
    cnn_augment_options augment; /* struct_size 0: none */
} recipe;

/* The small changes to the images that --augment makes. */
extern const cnn_augment_options recipe_augment;

/* What recipe.optimizer and recipe.schedule may be called, for --help. */
extern const char optimizer_names[], schedule_names[];

/* Options of layers, with the initial parameters of the recipe. All others are
 * the defaults of the library: for example, convolutions do not pad. */
cnn_conv2d_options recipe_conv2d(const recipe *r);
cnn_dense_options recipe_dense(const recipe *r);

bool recipe_knows_optimizer(const char *name);

/* The optimiser of the recipe, whose name is a known one; NULL if libcnn
 * refuses the settings. */
cnn_optim *recipe_optimizer(const recipe *r);

/* False if there is no schedule of that name. */
bool recipe_find_schedule(const char *name, schedule *s);
const char *recipe_schedule_name(const recipe *r);

/* How many steps a training on `count` images takes. */
int64_t recipe_steps(const recipe *r, int64_t count);

/* The schedule of the learning rate for a number of steps. */
cnn_schedule_options recipe_schedule(const recipe *r, int64_t steps);

/* The loss per image, whether the recipe sums or averages. */
double recipe_loss(const recipe *r, const cnn_metrics *m);

#endif
