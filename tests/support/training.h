/* A small training: a tiny net, drawn images, an optimiser, a trainer. */
#ifndef TESTS_SUPPORT_TRAINING_H
#define TESTS_SUPPORT_TRAINING_H

#include "support/nets.h"
#include "support/reading.h"

/* 1x6x6 -> 10: conv 8@3x3, tanh, max pool 2x2, dense 10. Its model file has
 * some 3 KB. */
#define TINY_INPUT   36
#define TINY_CLASSES 10
#define TINY_PARAMS  410
extern const cnn_shape tiny_shape;
cnn_net *tiny_net(void);

/* The same input and output: conv 4@3x3, batch normalisation, tanh, dropout,
 * sub-sampling 2x2, dense 10: what remembers more than its parameters. */
cnn_net *rich_net(void);

/* No multiple of the batch, so that batches straddle epochs. */
#define TINY_SAMPLES 13
#define TINY_BATCH   4

/* The optimisers that keep a memory. */
enum { SGD_MOMENTUM, ADAM, RMSPROP, OPTIMIZERS };
cnn_optim *create_optim(int kind);

/* What is set before training_open() is taken over, zero is filled in. */
typedef struct training {
    cnn_net *net;     /* described, or built [tiny_net()] */
    cnn_optim *optim; /* [SGD_MOMENTUM] */
    cnn_trainer_options options;
    const cnn_schedule_options *schedule; /* of the base rate 0.05 [none] */
    const cnn_augment_options *augment;   /* [none] */
    int32_t samples;                      /* [TINY_SAMPLES] */
    bool reads;                           /* the dataset has a reader, ... */
    row_reader reading;                   /* ... which is over ... */
    float
        *images; /* ... these: drawn; may be changed under the dataset's feet */
    int32_t *labels;
    cnn_dataset *dataset;
    cnn_trainer *trainer;
} training;

/* `seed` is that of the parameters. The first makes all but the trainer. */
void training_prepare(training *t, uint64_t seed);
void training_open(training *t, uint64_t seed);
void training_close(training *t);

/* One over a reader, with so many batches read ahead; and what it has to equal,
 * over arrays. */
void training_reading(training *t, int32_t read_ahead);
void training_twin(training *t);

/* Switches on all that is in fit.h and optim.h besides: an average, validations
 * that are judged with some patience, layers that are slower, still, frozen. */
#define TINY_DECAY    0.75f
#define TINY_PATIENCE 40
void training_learns(training *t);

/* Runs; the test fails if that does. */
void training_run(training *t, int64_t steps);

/* Both stand at the same step with the same parameters, running statistics and
 * rate, and so do the average and the best, bit for bit. */
void assert_same_training(const training *got, const training *want);

#endif
