/**
 * @file graph.h
 * Nets with branches: a layer may take the output of any layer before it, and
 * several outputs may be joined.
 *
 * A net is a graph without cycles. Its layers are numbered from 0 in the order
 * in which they are added, and take outputs of lower numbers only. The last one
 * gives the output of the net; the output of every other must be taken by some
 * layer. cnn_net_add() puts a layer after the last, so a net made by it alone
 * is a stack. All that takes a net takes such a net.
 *
 * Where an output is taken by several layers, its gradients are added up in a
 * fixed order, that of the highest layer first.
 */
#ifndef CNN_GRAPH_H
#define CNN_GRAPH_H

#include "cnn/export.h"
#include "cnn/net.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

enum {
    CNN_NET_INPUT = -1, /**< in place of a layer's number: the net's input */
    CNN_NET_FAILED = -2 /**< in place of a new layer's number: the call failed
                         */
};

/** How outputs are joined. */
enum {
    CNN_JOIN_ADD = 1,   /**< y = x0 + x1 + ..., all of one shape */
    CNN_JOIN_CONCAT = 2 /**< the channels of x0, then those of x1, ...; all of
                             one height and width */
};

/** The most outputs that one layer joins; the most layers of a net with
 *  branches, and the most outputs that all of them take together. */
enum {
    CNN_MAX_JOINED = 256,
    CNN_MAX_BRANCHED_LAYERS = 4096,
    CNN_MAX_BRANCHED_SOURCES = 8192
};

/**
 * Puts a layer after any other. As with cnn_net_add(), the net owns it from now
 * on, and an error is kept and makes the build fail.
 *
 * @param from  the layer whose output it takes, or CNN_NET_INPUT
 * @return the number of the new layer, for calls to come; CNN_NET_FAILED with
 *         the errors of cnn_net_add(), and CNN_EINVAL for a number that no
 *         layer has
 */
CNN_API int32_t cnn_net_append(cnn_net *net, int32_t from, cnn_layer *layer);

/**
 * Joins the outputs of several layers. The join is a layer of kind "add" or
 * "concat", with a number like any other. It has no parameters, and passes by
 * hand do not run it.
 *
 * @param kind   CNN_JOIN_ADD or CNN_JOIN_CONCAT
 * @param count  2 to CNN_MAX_JOINED
 * @param from   the numbers of `count` layers, or CNN_NET_INPUT; one may be
 *               there several times
 * @return as cnn_net_append(). Shapes are looked at by cnn_net_build(), which
 *         fails with CNN_ESHAPE and both shapes if they do not fit
 */
CNN_API int32_t cnn_net_join(cnn_net *net, int32_t kind, int32_t count,
                             const int32_t *from);

/** How many outputs a layer takes: 1, but for joins; 0 if there is no such
 *  layer. */
CNN_API int32_t cnn_net_source_count(const cnn_net *net, int32_t layer);

/** The number of the layer whose output a layer takes, or CNN_NET_INPUT.
 *  `index` counts a join's outputs, from 0. CNN_NET_FAILED and CNN_EINVAL if
 *  there is none. */
CNN_API int32_t cnn_net_source(const cnn_net *net, int32_t layer,
                               int32_t index);

CNN_END_DECLS

#endif
