/**
 * @file custom.h
 * A layer of your own, in nets, sessions, trainers and model files like any
 * other; a loss of your own.
 *
 * A layer is a table of functions and `user`, data of your own that is handed
 * to each. libcnn keeps the parameters, their gradients and all memory; the
 * functions compute. None may fail but the one that settles the shape.
 *
 * Where they run: in the thread that runs the net or layer, once for each
 * batch; with CNN_BY_SAMPLES in libcnn's worker threads, for parts of a batch.
 * A net with several sessions runs `forward` in several threads at the same
 * time. So the passes write to nothing but what they are given to write to, and
 * only read what `user` points to.
 *
 * A function without CNN_BY_SAMPLES may call libcnn on other layers and nets. A
 * layer that has a net in it writes to that, so its own net is for one thread.
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
    size_t workspace;     /**< floats that a call works with, ... [0] */
    size_t workspace_of_sample; /**< ... and as many more for each of its
                                     samples [0] */
    int64_t connections;        /**< of one sample, for summaries [0] */
    int64_t multiply_adds;      /**< likewise [0]; both up to 2^53 */
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
    float *workspace; /**< of the plan, uninitialised; NULL if it is none */
    uint64_t seed;    /**< of the build and this layer, ... */
    uint64_t step;    /**< ... and the number of this pass of training: what
                           random numbers are to follow from */
} cnn_layer_pass;

/** Settles what `plan` asks for. The same answer for the same input, each time.
 *  Not 0 refuses the input, with a text in `why`. */
typedef int32_t (*cnn_layer_shape_fn)(void *user, cnn_layer_plan *plan);

/** Sets the initial parameters, all of them; they follow from the seed, which
 *  is another one for each layer. */
typedef void (*cnn_layer_init_fn)(void *user, const cnn_layer_plan *plan,
                                  uint64_t seed, float *params);

/** y from x. Overwrites all of y. */
typedef void (*cnn_layer_forward_fn)(void *user, const cnn_layer_pass *pass,
                                     const float *x, float *y);

/** From dy, the gradient of the loss with respect to y, dx, that with respect
 *  to x, which is overwritten, unless dx is NULL; and adds to pass->grads the
 *  one with respect to the parameters. x, y and dy are only read; nothing
 *  overlaps. */
typedef void (*cnn_layer_backward_fn)(void *user, const cnn_layer_pass *pass,
                                      const float *x, const float *y,
                                      const float *dy, float *dx);

/** A copy of `user` for a copy of the layer; NULL if there can be none. */
typedef void *(*cnn_layer_copy_fn)(void *user);

/** Frees `user`. */
typedef void (*cnn_layer_release_fn)(void *user);

/** What a layer of your own can do. What is not said to be optional must be
 *  there. */
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
 * eight parts of the batch, always the same, so that the bits depend on no
 * thread.
 *
 * @param methods  copied, with name and settings
 * @param user     handed to the functions; taken over, to be released with the
 *                 layer, if there is a layer; it must outlive it otherwise
 * @return the layer, for cnn_net_add() or cnn_layer_free(), or NULL:
 *         CNN_EINVAL, CNN_EUNSUPPORTED (methods of a newer version), CNN_ENOMEM
 *
 * When it is built, a shape below 1 is CNN_ESHAPE, as a refused one is, with
 * the text `why`; sizes beyond the limits are CNN_EOVERFLOW.
 */
CNN_API cnn_layer *cnn_layer_create_custom(const cnn_layer_methods *methods,
                                           void *user);

/* ------------------------------------------------------------- files --- */

/**
 * Makes the layer that a file calls by that name: CNN_OK, with what
 * cnn_layer_create_custom() gave in `layer`, a NULL too. Anything but CNN_OK
 * says that the name is not known.
 *
 * @param settings  of the layer that was saved, empty if it had none; from a
 *                  file, so anything may be in it
 */
typedef cnn_status (*cnn_layer_maker)(void *user, const char *name,
                                      const char *settings, cnn_layer **layer);

/**
 * As cnn_net_load(), for files with layers of your own, which `make` is asked
 * for one by one. libcnn remembers no names: two parts of a program may mean
 * different layers by one.
 *
 * @param make  NULL is cnn_net_load(): a layer of somebody's own is then
 *              CNN_EUNSUPPORTED, with its name. So is one that `make` does not
 *              know; a layer of another name is CNN_EINVAL
 * @param user  handed to it
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
 * The loss of one sample. A number that is not finite ends the step as
 * CNN_EDIVERGED.
 *
 * @param dy  its gradient with respect to y, K floats, all overwritten; NULL if
 *            only the loss is asked for. libcnn multiplies it by the weight of
 *            the sample and by what the reduction asks for
 */
typedef double (*cnn_loss_fn)(void *user, const cnn_loss_sample *sample,
                              float *dy);

/**
 * Makes CNN_LOSS_CUSTOM the loss: `loss`, sample by sample, in the thread that
 * trains or evaluates. The reduction stays. Labels and targets are checked as
 * for other losses: a label is the number of an output, targets are finite.
 * Nothing is folded into it: y are the outputs of the last layer. The largest
 * output is the guess; with targets none is right.
 *
 * Files keep only that there is such a loss. A net that was loaded predicts; it
 * is trained or evaluated when its loss is set again, CNN_ESTATE before.
 *
 * @param loss  not NULL
 * @param user  handed to it; must outlive its use
 * @return CNN_OK; CNN_EINVAL, and nothing changed
 */
CNN_API cnn_status cnn_net_set_custom_loss(cnn_net *net, cnn_loss_fn loss,
                                           void *user);

CNN_END_DECLS

#endif
