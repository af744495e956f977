/* Calls on layers that no net owns. */
#include <stdlib.h>

#include "fuzz/call_world.h"

/* ------------------------------------------------------------ making --- */

static void create(world *w)
{
    const int32_t i = take_below(&w->b, LAYERS);
    layer_slot *slot = &w->layers[i];

    drop_layer(w, i);
    slot->layer = see_pointer(make_layer(w, slot));
    must(cnn_layer_kind(slot->layer) != NULL, "a layer without a kind");
    /* Codes of a layer that is wild may be too few. */
    if (slot->codes && slot->wild)
        drop_layer(w, i);
}

static void set_table(world *w)
{
    layer_slot *slot = &w->layers[take_below(&w->b, LAYERS)];
    bool wild = false;
    const int32_t filters = take_int(&w->b, &wild);
    const int32_t channels = take_int(&w->b, &wild);
    const size_t size = wild ? 1 : (size_t)(filters * channels);
    uint8_t *table = malloc(size > 0 ? size : 1);

    must(table != NULL, "no memory");
    for (size_t i = 0; i < size; i++)
        table[i] = take_byte(&w->b) % 8 < 5;
    if (size > 0 && take_byte(&w->b) > 250)
        table[0] = 2;
    /* A table as large as that cannot be handed over. */
    if (filters < 1 || channels < 1 || !wild)
        see(cnn_conv2d_set_table(slot->layer, filters, channels, table));
    see(cnn_conv2d_set_table(slot->layer, filters, channels, NULL));
    free(table);
}

/* ----------------------------------------------------------- running --- */

static void build(world *w)
{
    layer_slot *slot = &w->layers[take_below(&w->b, LAYERS)];
    bool wild = false;
    const cnn_shape in = {take_int(&w->b, &wild), take_int(&w->b, &wild),
                          take_int(&w->b, &wild)};
    const int32_t batch = take_batch(w, 4);

    if (slot->codes && wild)
        return;
    const bool null = take_byte(&w->b) == 255;
    if (see(cnn_layer_build(slot->layer, null ? NULL : &in, batch,
                            take_byte(&w->b))) == CNN_OK)
        slot->max_batch = batch;
}

static size_t size_of(cnn_status status, const cnn_shape *s)
{
    return see(status) == CNN_OK ? (size_t)s->c * (size_t)s->h * (size_t)s->w
                                 : 1;
}

/* Forward, and backward right after it, as the contract wants. */
static void run(world *w)
{
    layer_slot *slot = &w->layers[take_below(&w->b, LAYERS)];
    cnn_layer *layer = slot->layer;
    cnn_costs costs = {.struct_size = sizeof(costs)};
    cnn_shape in, out;
    const int32_t batch = take_batch(w, 4);
    const uint32_t flags = take_byte(&w->b) % 8 ? CNN_TRAIN : take_byte(&w->b);
    const size_t n = samples_of(batch);
    const size_t inputs = size_of(cnn_layer_in_shape(layer, &in), &in);
    const size_t outputs = size_of(cnn_layer_out_shape(layer, &out), &out);

    see(cnn_layer_costs(layer, &costs));
    if (is_too_large(batch, slot->max_batch) || costs.multiply_adds > w->work ||
        !afford(w, 3 * (int64_t)n *
                       (costs.multiply_adds + (int64_t)(inputs + outputs))))
        return;
    float *x = take_floats(w, n * inputs), *y = exact_floats(n * outputs);
    float *dy = take_floats(w, n * outputs), *dx = exact_floats(n * inputs);
    const bool null = take_byte(&w->b) == 255;
    const cnn_status status =
        see(cnn_layer_forward(layer, flags, batch, null ? NULL : x, y));
    if (status == CNN_OK && flags == CNN_TRAIN)
        must(see(cnn_layer_backward(layer, batch, x, y, dy,
                                    take_byte(&w->b) % 2 ? dx : NULL)) ==
                 CNN_OK,
             "backward: %s", cnn_last_error());
    else if (null || layer == NULL)
        must(see(cnn_layer_backward(layer, batch, NULL, y, dy, dx)) != CNN_OK,
             "backward without an input");
    free(x);
    free(y);
    free(dy);
    free(dx);
}

/* Every setting that has a name has a value, and a table as many bytes as it
 * says. */
static void look_at_settings(const cnn_layer *layer)
{
    const int32_t count = cnn_layer_setting_count(layer);
    int32_t filters, channels;
    double value;

    for (int32_t i = 0; i < count; i++)
        must(see(cnn_layer_setting(layer, cnn_layer_setting_name(layer, i),
                                   &value)) == CNN_OK,
             "no setting %d", i);
    must(cnn_layer_setting_name(layer, count) == NULL, "one setting more");
    see(cnn_layer_setting(layer, "nothing", &value));
    const uint8_t *table = cnn_conv2d_table(layer, &filters, &channels);
    if (table != NULL)
        free(exact_copy(table, (size_t)filters * (size_t)channels));
}

static void look(world *w)
{
    cnn_layer *layer = w->layers[take_below(&w->b, LAYERS)].layer;
    const int32_t count = cnn_layer_tensor_count(layer);
    const int32_t index = take_below(&w->b, 6) - 1;
    cnn_tensor t = {.struct_size = sizeof(t)};

    if (see(cnn_layer_tensor(layer, index, &t)) == CNN_OK) {
        must(index >= 0 && index < count && t.rank >= 1 && t.rank <= 4,
             "tensor %d of %d, rank %d", index, count, t.rank);
        const size_t at = take_byte(&w->b);
        size_t size = 1;
        for (int32_t i = 0; i < t.rank; i++)
            size *= (size_t)t.dims[i];
        t.data[at % size] = take_float(&w->b);
        t.data[size - 1] += 1.0f;
        if (t.grad != NULL)
            t.grad[size - 1] += take_float(&w->b);
    }
    cnn_const_tensor c = {.struct_size = sizeof(c)};
    if (see(cnn_layer_const_tensor(layer, index, &c)) == CNN_OK)
        must(c.data == t.data && c.grad == t.grad, "another tensor");
    look_at_settings(layer);
    const size_t params = cnn_layer_param_count(layer);
    if (params > 0)
        cnn_layer_grads(layer)[params - 1] =
            cnn_layer_params(layer)[params - 1];
}

static void change(world *w)
{
    cnn_layer *layer = w->layers[take_below(&w->b, LAYERS)].layer;

    if (!afford(w, 1000 + (int64_t)cnn_layer_param_count(layer)))
        return;
    switch (take_below(&w->b, 3)) {
    case 0:
        see(cnn_layer_set_frozen(layer, take_below(&w->b, 4) - 1));
        break;
    case 1:
        see(cnn_layer_zero_grad(layer));
        break;
    default:
        see(cnn_layer_update(layer, w->optims[take_below(&w->b, OPTIMS)]));
    }
}

call *const layer_calls[] = {create, create, create, set_table, build,
                             run,    run,    look,   change};
const int32_t layer_call_count = sizeof(layer_calls) / sizeof(layer_calls[0]);
