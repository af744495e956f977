/* What a net is made of, for the floors above. */
#ifndef CNN_NET_NET_IMPL_H
#define CNN_NET_NET_IMPL_H

#include "cnn/custom.h"
#include "cnn/net.h"
#include "net/backward.h"

typedef struct cnn__watch cnn__watch; /* train/stats.c */

/* Metadata, in the order in which they were set. */
typedef struct cnn__pair {
    char *key; /* the block that holds both */
    const char *value;
} cnn__pair;

typedef struct cnn__metadata {
    cnn__pair pairs[CNN_MAX_METADATA];
    int32_t count;
} cnn__metadata;

struct cnn_net {
    cnn_layer **layers;
    int32_t count, capacity;
    cnn_status stuck; /* the first error while describing */
    char stuck_text[256];
    int32_t loss, reduction;
    cnn_loss_options loss_options;
    cnn_loss_fn custom_loss; /* NULL: none was set */
    void *custom_user;
    cnn__metadata metadata;
    bool built;
    cnn_shape in, out;
    int32_t max_batch;
    void *memory;       /* one block for all arrays of the net */
    size_t memory_size; /* bytes of the block and of the pass's own memory */
    cnn__params params; /* of all layers; `rule` and `steps` are not used */
    cnn__pass pass;
    int32_t ran;     /* batch of cnn_net_forward(), if that was the last run */
    int32_t trained; /* the same, if it had CNN_TRAIN */
    cnn__watch *watch; /* NULL: the units are not watched */
};

/* CNN_EINVAL for NULL, CNN_ESTATE if the net is not built. */
cnn_status cnn__net_check_built(const cnn_net *net);

/* Can the pair be set? If not, writes the reason to `why`. Records no error,
 * because a pair that comes from a file is then skipped. */
bool cnn__metadata_check(const cnn__metadata *m, const char *key,
                         const char *value, char why[CNN__WHY]);

/* Sets a checked pair. CNN_ENOMEM; nothing is changed then. */
cnn_status cnn__metadata_put(cnn__metadata *m, const char *key,
                             const char *value);

void cnn__metadata_free(cnn__metadata *m);

/* What one sample costs in a layer whose shape is known. */
cnn_costs cnn__layer_costs(const cnn_layer *layer);

/* Infers the shape of every layer from that of the input. */
cnn_status cnn__net_infer(cnn_net *net, const cnn_shape *in);

/* Adds to `to` what a layer of another net is: `copy`, or a copy that it makes
 * if that is NULL. number[i] is the number there of what layer i has here. */
cnn_status cnn__net_add_copy(cnn_net *to, const cnn_layer *layer,
                             cnn_layer *copy, const int32_t *number);

/* A built net with the loss, metadata and seed of a built one, and the layers
 * that `add` gives it; NULL after a failure. */
typedef cnn_status cnn__layers_fn(cnn_net *to, const cnn_net *from);
cnn_net *cnn__net_made_of(const cnn_net *net, int32_t max_batch,
                          cnn__layers_fn *add);

/* CNN_EDIVERGED, with its layer, if a parameter is not finite. */
cnn_status cnn__net_check_finite(const cnn_net *net);

/* Sets the parameters of `to`, those too that are not trained, to such arrays
 * of a net `like` it, which may be `to` itself. CNN_EINVAL, CNN_ESTATE,
 * CNN_ESHAPE; nothing is changed then. */
cnn_status cnn__net_take_params(cnn_net *to, const cnn_net *like,
                                const float *value, const float *fixed,
                                const char *caller);

#endif
