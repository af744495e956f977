/**
 * @file cnn.h
 * All of libcnn: small convolutional networks, trained and run on the CPU.
 *
 * In the order in which one needs them:
 *
 *     net.h       a stack of layers: build, train, predict
 *     graph.h     nets with branches
 *     layer.h     the layers, and running one by hand
 *     conv_transpose.h  transposed convolution
 *     norm.h      layers that normalise
 *     shapes.h    layers that change the shape only
 *     optim.h     SGD, Adam, RMSprop
 *     dataset.h   IDX files, arrays, slices
 *     trainer.h   shuffled batches, stopping and resuming, evaluating
 *     fit.h       training to an end: validation, the best, limits, averages
 *     ranks.h     several processes that train one net
 *     scaling.h   what several of them would gain
 *     scores.h    precision, recall, F1, R2: how good a net is
 *     schedule.h  learning rates that change
 *     augment.h   images that change
 *     model.h     saving and loading
 *     custom.h    a layer of your own
 *     inspect.h   settings and arrays of a layer, by name
 *     parts.h     copies, parameters by name, gradients checked
 *     summary.h   what a net is made of and costs
 *     stats.h     how its layers are doing
 *     session.h   one net, many threads
 *     runtime.h   worker threads, allocator
 *     status.h    errors
 *     version.h   what is installed
 *
 * What holds everywhere:
 *
 * - Arrays are row-major float32, N x C x H x W.
 * - Zero in an options struct means the default that its comment names. Where
 *   that default is another number, #CNN_ZERO means zero. NULL for the whole
 *   struct means all defaults.
 * - `struct_size` is set to the sizeof of its struct: in options, and before a
 *   call that fills a struct in (cnn_costs, cnn_tensor, ...). libcnn writes no
 *   more bytes than that, and sets fields that it does not know to zero. So a
 *   program may be built with older or newer headers than libcnn has.
 * - What you create you free; every `_free` takes NULL. cnn_net_add() takes the
 *   layer over. Pointers from getters are borrowed.
 * - Distinct threads may use distinct objects at the same time. One object is
 *   used by one thread at a time. Sessions share a net.
 * - The same seed gives the same bits, whatever the number of threads, on the
 *   same machine with the same BLAS.
 */
#ifndef CNN_CNN_H
#define CNN_CNN_H

#include "cnn/augment.h"
#include "cnn/batch.h"
#include "cnn/conv_transpose.h"
#include "cnn/custom.h"
#include "cnn/dataset.h"
#include "cnn/fit.h"
#include "cnn/graph.h"
#include "cnn/inspect.h"
#include "cnn/layer.h"
#include "cnn/model.h"
#include "cnn/net.h"
#include "cnn/norm.h"
#include "cnn/optim.h"
#include "cnn/parts.h"
#include "cnn/ranks.h"
#include "cnn/reader.h"
#include "cnn/runtime.h"
#include "cnn/scaling.h"
#include "cnn/schedule.h"
#include "cnn/scores.h"
#include "cnn/session.h"
#include "cnn/shapes.h"
#include "cnn/stats.h"
#include "cnn/status.h"
#include "cnn/summary.h"
#include "cnn/trainer.h"
#include "cnn/types.h"
#include "cnn/version.h"

#endif
