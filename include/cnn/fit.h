/**
 * @file fit.h
 * Training to an end: an average of the weights, validation, the best so far,
 * stopping early; and a call that trains until one of several limits.
 *
 * What is set here is saved with the trainer and resumed with it, bit for bit.
 */
#ifndef CNN_FIT_H
#define CNN_FIT_H

#include "cnn/dataset.h"
#include "cnn/export.h"
#include "cnn/net.h"
#include "cnn/status.h"
#include "cnn/trainer.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/* ----------------------------------------------------------- average --- */

/**
 * Keeps an average of the net's parameters from the next step on, beside them:
 * training is the same to the bit. After n steps, of which step t left the
 * parameters p_t, it is
 *
 *     sum over t of d^(n-t) p_t, over the sum of d^(n-t)
 *
 * with d = `decay`: an exponential average whose bias is corrected, as in Adam.
 * It is computed as a <- a + (1 - d) / (1 - d^n) (p_n - a), beginning with a =
 * p_1. Running statistics of batch normalisation are averaged alike (PyTorch's
 * AveragedModel with use_buffers): the last ones are those of other weights.
 *
 * It takes as much memory as the parameters, and one pass over them in a step.
 * It is what is validated and what is the best: cnn_trainer_validate().
 *
 * @param decay  above 0 and below 1, such as 0.999; 0 ends it
 * @return CNN_OK; CNN_EINVAL, CNN_ENOMEM, CNN_EUNSUPPORTED (ranks that step by
 *         themselves: cnn_ranks.average_every), and the old one goes on. A new
 *         decay, and the same one, too, begin a new average
 */
CNN_API cnn_status cnn_trainer_set_average(cnn_trainer *trainer, float decay);

/**
 * Sets the parameters of a net, those too that are not trained, to the average.
 * `to` has the same layers as the trainer's net: a cnn_net_copy() of it, to be
 * evaluated or saved while the training goes on; or that net itself, which then
 * goes on from there, its average being what it was.
 *
 * @return CNN_OK; CNN_ESTATE (there is none, or no step was made since), and as
 *         cnn_net_copy_params(); nothing changed then
 */
CNN_API cnn_status cnn_trainer_copy_average(const cnn_trainer *trainer,
                                            cnn_net *to);

/* ------------------------------------------------- the best, and stopping ---
 */

/** What validations are judged by. */
enum {
    CNN_WATCH_LOSS = 0,    /**< less is better */
    CNN_WATCH_ACCURACY = 1 /**< the share of `correct` in `count`; more is
                                better */
};

/** Options of cnn_trainer_set_stopping(). Zero means the default in brackets.
 */
typedef struct cnn_stopping_options {
    uint32_t struct_size; /**< sizeof(cnn_stopping_options) */
    int32_t watch;        /**< CNN_WATCH_* [the loss] */
    int32_t patience;     /**< so many validations in a row that are not better
                               end cnn_trainer_fit() [none do] */
    float min_delta;      /**< what is not better by more than this is not
                               better [0] */
} cnn_stopping_options;

/** The best validation so far. */
typedef struct cnn_best {
    uint32_t struct_size; /**< sizeof(cnn_best), set before the call */
    int32_t waited;       /**< validations since then */
    int64_t step;         /**< steps that had been made; -1: there is none */
    double value;         /**< what is watched */
} cnn_best;

/**
 * Judges validations from now on. When one is better than all before it, the
 * trainer keeps a copy of the parameters, or of their average if there is one,
 * with running statistics. The copy takes as much memory as the parameters. The
 * first validation counts as better; NaN and infinity never do.
 *
 * @param options  NULL to end it
 * @return CNN_OK: there is no best yet, and no validation has been waited for;
 *         CNN_EINVAL, CNN_ENOMEM, and all is as before
 */
CNN_API cnn_status cnn_trainer_set_stopping(
    cnn_trainer *trainer, const cnn_stopping_options *options);

/**
 * Evaluates the average of the weights, or the net where there is none, on a
 * dataset, and judges that if cnn_trainer_set_stopping() was called. The net's
 * parameters are afterwards what they were. cnn_trainer_fit() does this by
 * itself. While an average is evaluated, it is in the place of the parameters:
 * a reader, loss or layer of the program that steps, saves or changes the
 * trainer then gets CNN_ESTATE.
 *
 * @param out  may be NULL; as of cnn_net_evaluate()
 * @return as cnn_net_evaluate(); after a failure nothing is judged
 */
CNN_API cnn_status cnn_trainer_validate(cnn_trainer *trainer,
                                        const cnn_dataset *dataset,
                                        cnn_metrics *out);

/**
 * Judges a number of your own in place of a validation: one of which less is
 * better, or with CNN_WATCH_ACCURACY more. What is kept if it is better is what
 * cnn_trainer_validate() would have looked at.
 *
 * @return CNN_OK; CNN_EINVAL, CNN_ESTATE (cnn_trainer_set_stopping() was not
 *         called; ranks that step by themselves are between two averages)
 */
CNN_API cnn_status cnn_trainer_judge(cnn_trainer *trainer, double value);

/** Fills in the best so far. CNN_EINVAL, CNN_ESTATE (likewise). */
CNN_API cnn_status cnn_trainer_best(const cnn_trainer *trainer, cnn_best *out);

/** As cnn_trainer_copy_average(), with the best so far. The optimiser's memory
 *  is not part of it. */
CNN_API cnn_status cnn_trainer_copy_best(const cnn_trainer *trainer,
                                         cnn_net *to);

/* ------------------------------------------------------------ training --- */

/** Why the last run of a trainer ended. */
enum {
    CNN_STOPPED_NONE = 0,     /**< it failed, is running, or there was none */
    CNN_STOPPED_STEPS = 1,    /**< all steps are made */
    CNN_STOPPED_EPOCHS = 2,   /**< all epochs are over */
    CNN_STOPPED_TIME = 3,     /**< so were the seconds */
    CNN_STOPPED_PATIENCE = 4, /**< validations had ceased to be better */
    CNN_STOPPED_CALLBACK = 5, /**< a callback said so */
    CNN_STOPPED_CANCEL = 6    /**< cnn_trainer_cancel() did */
};

/** What an epoch gave, as the callback of epochs sees it. */
typedef struct cnn_epoch {
    uint32_t struct_size; /**< how much of it there is; set by libcnn */
    int32_t ended;     /**< 1: the epoch is over; 0: a validation within it */
    int32_t validated; /**< 1: `validation` is there */
    int32_t is_best;   /**< 1: and is the best so far */
    int64_t epoch;     /**< its number, from 0 */
    int64_t step;      /**< steps done since the training began */
    double seconds;    /**< since this call of cnn_trainer_fit() began */
    cnn_metrics training;   /**< of the samples of its steps so far, each before
                                 the update; the loss reduced over them */
    cnn_metrics validation; /**< zeros if there is none */
} cnn_epoch;

/** Called after each epoch and each validation, in the thread that runs. Not 0
 *  stops the run. It may do what a #cnn_trainer_callback may. */
typedef int32_t (*cnn_epoch_callback)(void *user, const cnn_epoch *epoch);

/**
 * Options of cnn_trainer_fit(). Zero means the default in brackets. Steps and
 * epochs are those of cnn_trainer_steps() and cnn_trainer_epoch(), over all
 * resumes: so a training that was resumed goes on to the same end with the same
 * options.
 */
typedef struct cnn_fit_options {
    uint32_t struct_size; /**< sizeof(cnn_fit_options) */
    int32_t every;        /**< epochs from one validation to the next [1] */
    int64_t every_steps;  /**< steps from one validation to the next, instead of
                               epochs [validations are at ends of epochs] */
    int64_t steps;        /**< train up to this step [no limit] */
    int64_t epochs;       /**< train until so many epochs are over [no limit] */
    double seconds; /**< begin no step after so many seconds of this call, by a
                         clock that only goes forward [no limit] */
    const cnn_dataset *validation;     /**< [there is no validation] */
    cnn_trainer_callback callback;     /**< after each step [none] */
    cnn_epoch_callback epoch_callback; /**< [none] */
    void *user;                        /**< handed to both */
} cnn_fit_options;

/**
 * Trains until the first of several limits is reached, each looked at after
 * every step: steps, epochs, seconds, the patience of
 * cnn_trainer_set_stopping(), a callback that says so, cnn_trainer_cancel().
 * At least one of them must be set besides cnn_trainer_cancel(); a patience
 * counts only with a validation. Whatever ends the call, all steps are whole.
 * Every epoch that is over has been validated and reported to the callback. If
 * an epoch was over before the call, but not reported, that is done first. With
 * a limit of time the number of steps may differ from run to run; the steps
 * themselves do not.
 *
 * A step belongs to the epoch of its first sample. If a patience has been used
 * up already, no step is made; cnn_trainer_set_stopping() begins anew.
 *
 * @return CNN_OK at a limit, or when patience is used up; CNN_ECANCELED if a
 *         callback or cnn_trainer_cancel() ended it; cnn_trainer_stopped()
 *         tells which it was. Others as cnn_trainer_step() and
 *         cnn_trainer_validate(): another call then goes on where that failed
 */
CNN_API cnn_status cnn_trainer_fit(cnn_trainer *trainer,
                                   const cnn_fit_options *options);

/** Why the last cnn_trainer_fit() or cnn_trainer_run() ended: CNN_STOPPED_*. */
CNN_API int32_t cnn_trainer_stopped(const cnn_trainer *trainer);

CNN_END_DECLS

#endif
