/**
 * @file stats.h
 * How the layers of a net are doing while it learns: dead and saturated units,
 * norms of weights and gradients.
 */
#ifndef CNN_STATS_H
#define CNN_STATS_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** What is known of one layer. A unit is one element of a layer's output. */
typedef struct cnn_layer_stats {
    uint32_t struct_size; /**< sizeof(cnn_layer_stats), set before the call */
    uint32_t reserved;    /**< 0 */
    int64_t units;        /**< elements of the output of one sample */
    int64_t dead; /**< units that were zero for every sample since the watch
                       began; -1 if the layer is not an activation */
    int64_t saturated;  /**< units that, over the samples of the last training
                             step, were within 1 % of their function's bounds;
                             -1 if the function has none on both sides */
    double weight_norm; /**< length of the parameters as one vector */
    double grad_norm;   /**< length of their gradients */
} cnn_layer_stats;

/**
 * Begins to watch the units of a built net (1), forgetting what was seen, or
 * ends it (0). Each training step is looked at. This takes little time, because
 * a unit that was seen alive is not looked at again.
 *
 * @return CNN_OK, CNN_EINVAL, CNN_ESTATE, CNN_ENOMEM
 */
CNN_API cnn_status cnn_net_watch(cnn_net *net, int32_t on);

/** What is known of layer `index`. CNN_EINVAL; CNN_ESTATE if the net is not
 * built or not watched. */
CNN_API cnn_status cnn_net_layer_stats(const cnn_net *net, int32_t index,
                                       cnn_layer_stats *stats);

CNN_END_DECLS

#endif
