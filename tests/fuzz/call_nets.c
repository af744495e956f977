/* Calls on nets and sessions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/call_world.h"

net_slot *take_net(world *w)
{
    return &w->nets[take_below(&w->b, NETS)];
}

static int32_t most_of(const cnn_net *net)
{
    return cnn_net_max_batch(net);
}

/* -------------------------------------------------------- describing --- */

static void create(world *w)
{
    const int32_t i = take_below(&w->b, NETS);

    drop_net(w, i);
    w->nets[i].net = see_pointer(cnn_net_create());
}

bool give_layer(world *w, net_slot *slot, cnn_layer **given)
{
    layer_slot *layer = &w->layers[take_below(&w->b, LAYERS)];

    /* Codes would not do for sizes without a bound. */
    if ((slot->codes || layer->codes) && (slot->wild || layer->wild))
        return false;
    *given = NULL;
    if (slot->net == NULL)
        return true;
    *given = layer->layer;
    slot->wild |= layer->wild;
    slot->codes |= layer->codes;
    *layer = (layer_slot){0};
    return true;
}

static void add(world *w)
{
    net_slot *slot = take_net(w);
    cnn_layer *layer;

    if (give_layer(w, slot, &layer))
        see(cnn_net_add(slot->net, layer));
}

/* A layer that a net owns cannot be added, nor built, nor freed with it. */
static void add_owned(world *w)
{
    net_slot *to = take_net(w), *from = take_net(w);
    cnn_layer *layer = cnn_net_layer(from->net, take_below(&w->b, 4) - 1);

    if (layer == NULL || to->net == NULL)
        return;
    const int32_t count = cnn_net_layer_count(from->net);
    must(see(cnn_layer_build(layer, &(cnn_shape){1, 1, 1}, 1, 1)) != CNN_OK,
         "a layer of a net was built");
    must(see(cnn_net_add(to->net, layer)) != CNN_OK, "a layer has two owners");
    must(count == cnn_net_layer_count(from->net), "a layer more");
}

static void set_loss(world *w)
{
    const int32_t loss = take_below(&w->b, 5) - 1;

    see(cnn_net_set_loss(take_net(w)->net, loss, take_below(&w->b, 4) - 1));
}

static void build(world *w)
{
    net_slot *slot = take_net(w);
    bool wild = false;
    const cnn_shape in = {take_int(&w->b, &wild), take_int(&w->b, &wild),
                          take_int(&w->b, &wild)};

    if (!(slot->codes && wild))
        see(cnn_net_build(slot->net, take_byte(&w->b) == 255 ? NULL : &in,
                          take_batch(w, 4), take_byte(&w->b)));
}

static void set_metadata(world *w)
{
    cnn_net *net = take_net(w)->net;
    char key[8] = "libcnn.", value[8];

    for (int32_t i = take_below(&w->b, 8), k = 0; i > 0; i--)
        key[k++] = (char)take_byte(&w->b);
    for (int32_t k = 0; k < 8; k++)
        value[k] = (char)(k < 7 ? take_byte(&w->b) : 0);
    const bool remove = take_byte(&w->b) % 4 == 0;
    const int32_t count = cnn_net_metadata_count(net);
    if (see(cnn_net_set_metadata(net, key, remove ? NULL : value)) != CNN_OK) {
        must(count == cnn_net_metadata_count(net), "a key more");
        return;
    }
    const char *now = cnn_net_metadata(net, key);
    must(remove ? now == NULL : now != NULL && strcmp(now, value) == 0,
         "another value");
    must(cnn_net_metadata_key(net, cnn_net_metadata_count(net)) == NULL,
         "a key beyond the last");
}

/* ----------------------------------------------------------- running --- */

static void predict(world *w)
{
    net_slot *slot = take_net(w);
    session_slot *session = &w->sessions[take_below(&w->b, SESSIONS)];
    const bool by_session = take_byte(&w->b) % 2;
    cnn_net *net = !by_session                ? slot->net
                   : session->session != NULL ? w->nets[session->net].net
                                              : NULL;
    const int64_t count = take_batch(w, 4);
    const size_t n = samples_of(count);

    if (!afford_net(w, net, count))
        return;
    float *x = take_floats(w, n * net_inputs(net));
    float *copy = exact_copy(x, n * net_inputs(net) * sizeof(*x));
    float *y = exact_floats(n * net_outputs(net));
    if (by_session)
        see(cnn_session_predict(session->session, count, x, y));
    else
        see(cnn_net_predict(net, count, take_byte(&w->b) < 250 ? x : NULL, y));
    must(memcmp(x, copy, n * net_inputs(net) * sizeof(*x)) == 0,
         "a prediction changed its input");
    free(x);
    free(copy);
    free(y);
}

static bool is_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static void train(world *w)
{
    net_slot *slot = take_net(w);
    const int32_t batch = take_batch(w, most_of(slot->net));
    const size_t n = samples_of(batch), K = net_outputs(slot->net);
    const size_t size = cnn_net_param_count(slot->net) * sizeof(float);
    cnn_metrics metrics;

    if (is_too_large(batch, most_of(slot->net)) ||
        !afford_net(w, slot->net, 3 * (int64_t)n))
        return;
    float *x = take_floats(w, n * net_inputs(slot->net));
    int32_t *labels = take_labels(w, n, K);
    float *before = exact_copy(cnn_net_params(slot->net), size);
    cnn_optim *optim = w->optims[take_below(&w->b, OPTIMS)];
    cnn_metrics *out = take_byte(&w->b) % 2 ? &metrics : NULL;
    const cnn_status status =
        see(cnn_net_train_step(slot->net, optim, batch, x, labels, out));
    const float *after = cnn_net_params(slot->net);
    /* Only afterwards it is known that a rate was too large. */
    if (status != CNN_OK && size > 0)
        must(memcmp(before, after, size) == 0 ||
                 (status == CNN_EDIVERGED &&
                  !is_finite(after, size / sizeof(float))),
             "a step that failed changed parameters");
    free(x);
    free(labels);
    free(before);
}

static void forward(world *w)
{
    net_slot *slot = take_net(w);
    const int32_t batch = take_batch(w, most_of(slot->net));
    const uint32_t flags = take_byte(&w->b) % 8 ? CNN_TRAIN : take_byte(&w->b);
    const size_t n = samples_of(batch), outputs = net_outputs(slot->net);

    if (is_too_large(batch, most_of(slot->net)) ||
        !afford_net(w, slot->net, (int64_t)n))
        return;
    float *x = take_floats(w, n * net_inputs(slot->net));
    if (see(cnn_net_forward(slot->net, flags, batch, x)) != CNN_OK) {
        free(x);
        return;
    }
    free(slot->x);
    slot->x = x;
    slot->batch = batch;
    const float *y = cnn_net_output(slot->net);
    must(y != NULL, "no output after a forward pass");
    free(exact_copy(y, n * outputs * sizeof(*y)));
}

/* With the input of the last forward pass, which may have been followed by
 * anything. */
static void backward(world *w)
{
    net_slot *slot = take_net(w);
    const int how = slot->x != NULL ? take_byte(&w->b) : 255;
    const bool same = how < 250;
    const int32_t batch = same ? slot->batch : take_batch(w, 4);
    const size_t n = samples_of(batch);

    /* Another input than the pass had breaks the contract. */
    if (!same && slot->x != NULL && batch == slot->batch)
        return;
    if (is_too_large(batch, most_of(slot->net)) ||
        !afford_net(w, slot->net, 2 * (int64_t)n))
        return;
    float *x = same ? slot->x : take_floats(w, n * net_inputs(slot->net));
    float *dy = take_floats(w, n * net_outputs(slot->net));
    if (how % 4 == 0) {
        float *dx = exact_floats(n * net_inputs(slot->net));

        see(cnn_net_backward_input(slot->net, batch, x, dy, dx));
        free(dx);
    } else {
        see(cnn_net_backward(slot->net, batch, x, dy));
    }
    free(dy);
    if (!same)
        free(x);
}

static void update(world *w)
{
    cnn_net *net = take_net(w)->net;
    double norm;

    if (!afford(w, 1000 + (int64_t)cnn_net_param_count(net)))
        return;
    switch (take_below(&w->b, 5)) {
    case 0:
        see(cnn_net_zero_grad(net));
        break;
    case 1:
        see(cnn_net_clip_grads(net, take_float(&w->b), &norm));
        break;
    case 2:
        see(cnn_net_watch(net, take_below(&w->b, 4) - 1));
        break;
    case 3: {
        cnn_layer *layer = cnn_net_layer(net, take_below(&w->b, 8) - 1);
        see(cnn_layer_set_frozen(layer,
                                 take_below(&w->b, CNN_FROZEN_PARAMS + 1)));
        see(cnn_layer_update(layer, w->optims[take_below(&w->b, OPTIMS)]));
        break;
    }
    default:
        see(cnn_net_update(net, w->optims[take_below(&w->b, OPTIMS)]));
    }
}

static void write_params(world *w)
{
    cnn_net *net = take_net(w)->net;
    const size_t n = cnn_net_param_count(net), at = take_byte(&w->b);

    if (n > 0) {
        cnn_net_params(net)[at % n] = take_float(&w->b);
        cnn_net_grads(net)[n - 1 - at % n] = take_float(&w->b);
    }
}

static void open_session(world *w)
{
    const int32_t i = take_below(&w->b, SESSIONS);
    const int32_t net = take_below(&w->b, NETS);

    drop_session(w, i);
    w->sessions[i] = (session_slot){
        see_pointer(cnn_session_create(w->nets[net].net, take_batch(w, 4))),
        net};
}

static void end(world *w)
{
    if (take_byte(&w->b) % 2)
        drop_net(w, take_below(&w->b, NETS));
    else
        drop_session(w, take_below(&w->b, SESSIONS));
}

call *const net_calls[] = {
    create,    add,        add,     append_layer, join_outputs, build, build,
    add_owned, set_loss,   predict, set_metadata, train,        train, forward,
    backward,  make_graph, update,  write_params, open_session, end};
const int32_t net_call_count = sizeof(net_calls) / sizeof(net_calls[0]);
