/* Calls that make nets with branches. */
#include <stdlib.h>

#include "cnn/graph.h"
#include "cnn/norm.h"
#include "fuzz/call_world.h"

/* Mostly a layer that there is, or the input. */
static int32_t take_source(world *w, const cnn_net *net)
{
    const int32_t there = cnn_net_layer_count(net);

    return take_below(&w->b, 32) == 0 ? take_below(&w->b, there + 4) - 3
                                      : take_below(&w->b, there + 1) - 1;
}

/* A failure adds nothing; what is added is the last. */
static void must_be_last(const cnn_net *net, int32_t before, int32_t number)
{
    const int32_t count = cnn_net_layer_count(net);

    if (number == CNN_NET_FAILED) {
        see(cnn_last_status());
        must(count == before, "a layer more");
    } else
        must(number == before && count == before + 1, "another number");
    must(cnn_net_source_count(net, count) == 0, "inputs of no layer");
}

void append_layer(world *w)
{
    net_slot *slot = take_net(w);
    const int32_t before = cnn_net_layer_count(slot->net);
    cnn_layer *layer;

    if (!give_layer(w, slot, &layer))
        return;
    const int32_t from = take_source(w, slot->net);
    const int32_t number = cnn_net_append(slot->net, from, layer);

    must_be_last(slot->net, before, number);
    if (number != CNN_NET_FAILED)
        must(cnn_net_source(slot->net, number, 0) == from, "another source");
}

static void join(cnn_net *net, int32_t kind, int32_t count, const int32_t *from)
{
    const int32_t before = cnn_net_layer_count(net);
    int32_t *list = exact_copy(from, (size_t)count * sizeof(*from));
    const int32_t number = cnn_net_join(net, kind, count, list);

    free(list); /* it was copied */
    must_be_last(net, before, number);
    for (int32_t k = 0; k < count && number != CNN_NET_FAILED; k++)
        must(cnn_net_source(net, number, k) == from[k], "another source");
}

void join_outputs(world *w)
{
    cnn_net *net = take_net(w)->net;
    const int32_t how = take_byte(&w->b), count = (how / 2 + 2) % 5;
    int32_t from[5];

    for (int32_t k = 0; k < count; k++)
        from[k] = take_source(w, net);
    join(net, how < 240 ? CNN_JOIN_ADD + how % 2 : how - 240, count, from);
}

/* ---------------------------------------------------------- whole graphs ---
 */

enum { MOST_DRAWN = 12 };

/* A net whose outputs differ in channels only: [0] is the input, [i + 1] layer
 * i. */
typedef struct drawn {
    cnn_net *net;
    int32_t count;
    int32_t channels[MOST_DRAWN + 1];
    bool used[MOST_DRAWN + 1];
} drawn;

static void draw_layer(world *w, drawn *d, int32_t at)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};
    const int32_t filters = 1 + take_below(&w->b, 3);
    cnn_layer *layer;

    d->channels[d->count] = d->channels[at];
    switch (take_below(&w->b, 5)) {
    case 0:
        d->channels[d->count] = filters;
        layer = cnn_conv2d_create(filters, 3, 3, &same);
        break;
    case 1:
        layer = cnn_batchnorm_create(NULL);
        break;
    case 2:
        layer = cnn_dropout_create(0.5f);
        break;
    default:
        layer = cnn_activation_create(take_below(&w->b, 8), NULL);
    }
    cnn_net_append(d->net, at - 1, layer);
}

/* With the next that fits, round from another; at worst it is `at` itself. */
static void draw_join(world *w, drawn *d, int32_t at)
{
    const int32_t kind = CNN_JOIN_ADD + take_below(&w->b, 2);
    int32_t other = take_below(&w->b, d->count);

    while (kind == CNN_JOIN_ADD && d->channels[other] != d->channels[at])
        other = (other + 1) % d->count;
    d->used[other] = true;
    d->channels[d->count] =
        d->channels[at] + (kind == CNN_JOIN_CONCAT ? d->channels[other] : 0);
    join(d->net, kind, 2, (const int32_t[]){at - 1, other - 1});
}

/* Concatenates what nobody takes. */
static void finish(world *w, const drawn *d)
{
    int32_t ends[MOST_DRAWN], count = 0;

    for (int32_t i = 1; i < d->count; i++)
        if (!d->used[i])
            ends[count++] = i - 1;
    if (count > 1)
        join(d->net, CNN_JOIN_CONCAT, count, ends);
    if (take_below(&w->b, 2) > 0)
        cnn_net_add(d->net, cnn_dense_create(1 + take_below(&w->b, 4), NULL));
}

/* Instead of what was there, drawn and built. */
void make_graph(world *w)
{
    const int32_t slot = take_below(&w->b, NETS);
    const cnn_shape in = {1 + take_below(&w->b, 2), 1 + take_below(&w->b, 5),
                          1 + take_below(&w->b, 5)};
    drawn d = {.net = cnn_net_create(), .count = 1, .channels = {in.c}};

    drop_net(w, slot);
    w->nets[slot].net = see_pointer(d.net);
    for (int32_t n = 1 + take_below(&w->b, MOST_DRAWN); n > 0; n--) {
        const int32_t at = take_below(&w->b, d.count);

        d.used[at] = true;
        d.used[d.count] = false;
        if (take_below(&w->b, 2) > 0)
            draw_layer(w, &d, at);
        else
            draw_join(w, &d, at);
        d.count++;
    }
    finish(w, &d);
    must(see(cnn_net_build(d.net, &in, 1 + take_below(&w->b, 4),
                           take_byte(&w->b))) == CNN_OK,
         "a drawn graph is not built");
}
