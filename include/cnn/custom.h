/**
 * @file custom.h
 * A layer of your own, in nets, sessions, trainers and model files like any
 * other; a loss of your own.
 *
 * A layer is a table of functions and `user`, data of your own that is handed
 * to each. libcnn keeps the parameters, their gradients and all memory; the
 * functions compute. Only the function that settles the shape may fail.
 *
 * The functions run in the thread that runs the net or layer, once for each
 * batch. With CNN_BY_SAMPLES they run in libcnn's worker threads, for parts of
 * a batch. A net with several sessions runs `forward` in several threads at the
 * same time. So `forward` and `backward` write only to the arrays that they are
 * given to write to, and only read what `user` points to.
 *
 * The functions of a layer without CNN_BY_SAMPLES may call libcnn on other
 * layers and nets. A layer that runs a net inside writes to that inner net; so
 * only one thread at a time may use a net that contains such a layer.
 */
#ifndef CNN_CUSTOM_H
#define CNN_CUSTOM_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** Limits of the texts of a layer. */
enum {
    CNN_MAX_CUSTOM_NAME = 40,      /**< bytes of its name */
    CNN_MAX_CUSTOM_SETTINGS = 1000 /**< bytes of its settings */
};

/** Flag in cnn_layer_methods: a sample of y, and of dx, depends on no other
 *  sample, so that the parts of a batch may be computed at the same time. */
#define CNN_BY_SAMPLES 0x1u

/** What a layer decides for the shape of its input. libcnn sets struct_size,
 *  `in`, and the defaults in brackets. */
typedef struct cnn_layer_plan {
    uint32_t struct_size; /**< how much of it there is; set by libcnn */
    cnn_shape in;         /**< one sample of x */
    cnn_shape out;        /**< one sample of y; each at least 1 [as `in`] */
    uint32_t reserved;    /**< 0 */
    size_t params;        /**< trainable floats, up to 2^31 - 1 [0] */
    size_t workspace;     /**< floats of workspace for a call [0] */
    size_t workspace_of_sample; /**< floats of workspace to add for each sample
                                     of the call [0] */
    int64_t connections;        /**< of one sample, for summaries, up to 2^53
                                     [0] */
    int64_t multiply_adds;      /**< likewise [0] */
    char why[160]; /**< a text that says why the input is refused [empty] */
} cnn_layer_plan;

/** What one call of `forward` or `backward` works on. */
typedef struct cnn_layer_pass {
    uint32_t struct_size; /**< how much of it there is; set by libcnn */
    uint32_t flags; /**< CNN_TRAIN if the layer is to run as in training: not in
                         a prediction, nor if it is CNN_FROZEN */
    int32_t batch;  /**< samples, N */
    int32_t first;  /**< number of the first of them in the whole batch */
    cnn_shape in, out;   /**< x and dx are N x in, y and dy N x out */
    size_t param_count;  /**< of the plan */
    const float *params; /**< its parameters, in one array */
    float *grads; /**< their gradients: backward adds to them. NULL in forward
                   */
    float *workspace; /**< of the plan, uninitialised; NULL if there is none */
    uint64_t seed;    /**< of this layer, from the seed of the build; random
                           numbers follow from `seed` and `step` */
    uint64_t step;    /**< the number of this training pass */
} cnn_layer_pass;

/** Fills in `plan`, with the same answer for the same input each time. Returns
 *  0, or another number to refuse the input, with a text in `why`. */
typedef int32_t (*cnn_layer_shape_fn)(void *user, cnn_layer_plan *plan);

/** Sets all initial parameters. They follow from the seed, which is different
 *  for each layer. */
typedef void (*cnn_layer_init_fn)(void *user, const cnn_layer_plan *plan,
                                  uint64_t seed, float *params);

/** Computes y from x. Overwrites all of y. */
typedef void (*cnn_layer_forward_fn)(void *user, const cnn_layer_pass *pass,
                                     const float *x, float *y);

/** Gets dy, the gradient of the loss with respect to y. Overwrites dx with the
 *  gradient with respect to x, unless dx is NULL. Adds the gradient with
 * respect to the parameters to pass->grads. x, y and dy are only read; no two
 * arrays overlap. */
typedef void (*cnn_layer_backward_fn)(void *user, const cnn_layer_pass *pass,
                                      const float *x, const float *y,
                                      const float *dy, float *dx);

/** A copy of `user` for a copy of the layer; NULL if there can be none. */
typedef void *(*cnn_layer_copy_fn)(void *user);

/** Frees `user`. */
typedef void (*cnn_layer_release_fn)(void *user);

/** What a layer of your own can do. A pointer may be NULL only if its comment
 *  says what NULL means. */
typedef struct cnn_layer_methods {
    uint32_t struct_size; /**< sizeof(cnn_layer_methods) */
    uint32_t flags;       /**< CNN_BY_SAMPLES [0] */
    const char *name;     /**< its kind, in texts and model files: 1 to 40 of
                               A-Z a-z 0-9 _ . - */
    const char *settings; /**< saved with it, for who loads the file; at most
                               1,000 bytes of UTF-8; NULL: none */
    cnn_layer_shape_fn shape;       /**< NULL: y is like x, nothing is learnt */
    cnn_layer_init_fn init;         /**< NULL: all parameters begin at 0 */
    cnn_layer_forward_fn forward;   /**< y from x */
    cnn_layer_backward_fn backward; /**< dx and gradients from dy */
    cnn_layer_copy_fn copy;         /**< NULL: copies share `user`, which is
                                         possible if `release` is NULL too */
    cnn_layer_release_fn release;   /**< NULL: `user` is not to be freed */
} cnn_layer_methods;

/**
 * A layer of your own. With CNN_BY_SAMPLES the gradients are summed up over
 * eight parts of the batch. These parts are always the same, so the bits do not
 * depend on the number of threads.
 *
 * @param methods  copied, with name and settings
 * @param user     handed to the functions. If the call succeeds and `release`
 *                 is set, the layer owns it and releases it; otherwise it stays
 *                 the caller's, and must outlive the layer
 * @return the layer, for cnn_net_add() or cnn_layer_free(), or NULL:
 *         CNN_EINVAL, CNN_EUNSUPPORTED (methods of a newer version), CNN_ENOMEM
 *
 * Errors of its build: CNN_ESHAPE for an output shape below 1, and for an input
 * that is refused, with the text of `why`; CNN_EOVERFLOW for sizes beyond the
 * limits.
 */
CNN_API cnn_layer *cnn_layer_create_custom(const cnn_layer_methods *methods,
                                           void *user);

/* ------------------------------------------------------------- files --- */

/**
 * Makes the layer that a file calls `name`: sets `layer` to the result of
 * cnn_layer_create_custom(), also if that is NULL, and returns CNN_OK. Any
 * other status means that the name is not known.
 *
 * @param settings  of the layer that was saved, empty if it had none; they come
 *                  from a file, so they may contain anything
 */
typedef cnn_status (*cnn_layer_maker)(void *user, const char *name,
                                      const char *settings, cnn_layer **layer);

/**
 * As cnn_net_load(), for files with layers of your own: `make` is called for
 * each of them. libcnn remembers no names, so two parts of a program may use
 * the same name for different layers.
 *
 * @param make  NULL: as cnn_net_load(). A custom layer is CNN_EUNSUPPORTED,
 * with its name in the text, if `make` is NULL or does not know it. It is
 * CNN_EINVAL if `make` gives a layer of another name
 * @param user  handed to `make`
 */
CNN_API cnn_net *cnn_net_load_custom(const char *path, int32_t max_batch,
                                     cnn_layer_maker make, void *user);

/** As cnn_net_load_custom(), from the content of a model file. */
CNN_API cnn_net *cnn_net_load_custom_memory(const void *data, size_t size,
                                            int32_t max_batch,
                                            cnn_layer_maker make, void *user);

/* -------------------------------------------------------------- loss --- */

/** What a loss of your own is computed from: one sample. */
typedef struct cnn_loss_sample {
    uint32_t struct_size; /**< how much of it there is; set by libcnn */
    int32_t label;        /**< of the sample; -1 if there are targets */
    size_t count;         /**< outputs, K */
    const float *y;       /**< (K), the outputs of the net */
    const float *targets; /**< (K); NULL if there is a label */
} cnn_loss_sample;

/**
 * The loss of one sample. If a number is not finite, the step ends with
 * CNN_EDIVERGED.
 *
 * @param dy  its gradient with respect to y, K floats, all overwritten; NULL if
 *            only the loss is asked for. libcnn multiplies it by the weight of
 *            the sample and by what the reduction asks for
 */
typedef double (*cnn_loss_fn)(void *user, const cnn_loss_sample *sample,
                              float *dy);

/**
 * Sets the loss to CNN_LOSS_CUSTOM: `loss` is called for each sample, in the
 * thread that trains or evaluates. The reduction stays. Labels and targets are
 * checked as for other losses: a label is the number of an output, targets are
 * finite. No layer is folded into the loss: y are the outputs of the last
 * layer. With labels the largest output is the guess; with targets no sample
 * counts as correct.
 *
 * Files keep only the fact that the loss is a custom one. A loaded net can
 * predict. Training or evaluating it is CNN_ESTATE until its loss is set again.
 *
 * @param loss  not NULL
 * @param user  handed to `loss`; must outlive its use
 * @return CNN_OK; CNN_EINVAL, and nothing changed
 */
CNN_API cnn_status cnn_net_set_custom_loss(cnn_net *net, cnn_loss_fn loss,
                                           void *user);

CNN_END_DECLS

#endif
