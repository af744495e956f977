/**
 * @file summary.h
 * What a net is made of and what it costs: for people as a table, for programs
 * as JSON and as numbers.
 */
#ifndef CNN_SUMMARY_H
#define CNN_SUMMARY_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** What one sample costs in one layer, going forward. */
typedef struct cnn_costs {
    uint32_t struct_size; /**< sizeof(cnn_costs), set before the call */
    uint32_t reserved;    /**< 0 */
    int64_t params;       /**< trainable */
    int64_t connections; /**< from inputs and biases to outputs, as LeCun et al.
                              (1998) count them */
    int64_t multiply_adds; /**< multiplications followed by an addition */
} cnn_costs;

/** What a net takes, in bytes. */
typedef struct cnn_net_memory {
    uint32_t struct_size; /**< sizeof(cnn_net_memory), set before the call */
    int32_t max_batch;    /**< the max_batch of the net */
    int64_t training; /**< parameters, gradients, optimiser, outputs, workspace,
                           for batches of max_batch: all that the net holds.
                           The optimiser has two floats for each trainable
                           parameter. SGD uses one of them; unused memory is not
                           resident */
    int64_t inference;  /**< parameters, and all that one session of max_batch
                             holds */
    int64_t parameters; /**< the parameters alone */
} cnn_net_memory;

/** Forms of a summary. */
enum {
    /** A table of at most 80 columns, a line each layer; wider where many are
     *  joined. */
    CNN_SUMMARY_TEXT = 0,
    /** {"layers": [{"kind", "output", "params", "connections",
     *  "multiply_adds"}, ...], "params", "connections", "multiply_adds",
     *  "memory": {...}}. A layer that takes other outputs than that of the one
     *  before has "from": [numbers] too, -1 being the input. */
    CNN_SUMMARY_JSON = 1,
    CNN_SUMMARY_DOT = 2 /**< the graph, for `dot -Tsvg` of Graphviz */
};

/** The costs of one layer, which must be built. CNN_EINVAL, CNN_ESTATE. */
CNN_API cnn_status cnn_layer_costs(const cnn_layer *layer, cnn_costs *costs);

/** The costs of all layers of a built net together. CNN_EINVAL, CNN_ESTATE. */
CNN_API cnn_status cnn_net_costs(const cnn_net *net, cnn_costs *costs);

/** What a built net takes. CNN_EINVAL, CNN_ESTATE, CNN_ENOMEM. */
CNN_API cnn_status cnn_net_measure(const cnn_net *net, cnn_net_memory *memory);

/**
 * The summary of a built net as a text that ends with a zero.
 *
 * @param form      CNN_SUMMARY_TEXT, _JSON or _DOT
 * @param buffer    overwritten with the text; NULL to ask for the size only
 * @param capacity  bytes at `buffer`; too few is CNN_EINVAL, nothing written
 * @param size      bytes of the text with its zero, set whenever they are known
 */
CNN_API cnn_status cnn_net_summary(const cnn_net *net, int32_t form,
                                   char *buffer, size_t capacity, size_t *size);

CNN_END_DECLS

#endif
