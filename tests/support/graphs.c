#include "support/graphs.h"

#include "cnn/graph.h"
#include "support/draw.h"

const cnn_shape graph_shape = {3, 8, 8};

enum { MOST = 14 };

/* A net that grows: [0] is the input, [i + 1] layer i. */
typedef struct growing {
    cnn_net *net;
    cnn__random random;
    bool smooth;
    int32_t count;
    cnn_shape shape[MOST + 1];
    bool used[MOST + 1];
} growing;

static bool alike(const cnn_shape *a, const cnn_shape *b, bool channels)
{
    return a->h == b->h && a->w == b->w && (a->c == b->c || !channels);
}

/* Any that there is, rather a late one. */
static int32_t any(growing *g)
{
    const int32_t a = draw_between(&g->random, 0, g->count - 1);
    const int32_t b = draw_between(&g->random, 0, g->count - 1);

    return a > b ? a : b;
}

static void made(growing *g, cnn_shape out)
{
    g->shape[g->count] = out;
    g->used[g->count++] = false;
}

static void add_conv(growing *g, int32_t at)
{
    const int32_t filters = draw_between(&g->random, 2, 4);
    const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                  .padding = CNN_PAD_SAME};

    cnn_net_append(g->net, at - 1, cnn_conv2d_create(filters, 3, 3, &o));
    made(g, (cnn_shape){filters, g->shape[at].h, g->shape[at].w});
}

static void add_plain(growing *g, int32_t at)
{
    static const int32_t functions[] = {CNN_TANH, CNN_SIGMOID, CNN_RELU};
    const int32_t kind = draw_between(&g->random, 0, g->smooth ? 1 : 2);
    cnn_layer *layer =
        kind == 0
            ? cnn_activation_create(
                  functions[draw_between(&g->random, 0, g->smooth ? 1 : 2)],
                  NULL)
        : kind == 1 ? cnn_batchnorm_create(NULL)
                    : cnn_dropout_create(0.3f);

    cnn_net_append(g->net, at - 1, layer);
    made(g, g->shape[at]);
}

/* Halves the maps, or doubles halved ones. */
static void add_scaling(growing *g, int32_t at)
{
    cnn_shape s = g->shape[at];

    if (s.h > 4) {
        cnn_net_append(g->net, at - 1,
                       g->smooth ? cnn_avgpool2d_create(2, 2, NULL)
                                 : cnn_maxpool2d_create(2, 2, NULL));
        s.h /= 2;
        s.w /= 2;
    } else {
        cnn_net_append(g->net, at - 1,
                       cnn_upsample2d_create(2, 2, CNN_UPSAMPLE_NEAREST));
        s.h *= 2;
        s.w *= 2;
    }
    made(g, s);
}

/* Joins what fits to one; if that is nothing, to itself. */
static void add_join(growing *g, int32_t at)
{
    const int32_t kind =
        draw_between(&g->random, CNN_JOIN_ADD, CNN_JOIN_CONCAT);
    cnn_shape out = g->shape[at];
    int32_t from[3] = {at - 1}, count = 1;

    for (int32_t tries = 0; count < 3 && (tries < 8 || count < 2); tries++) {
        const int32_t other = tries < 8 ? any(g) : at;

        if (!alike(&g->shape[at], &g->shape[other], kind == CNN_JOIN_ADD))
            continue;
        from[count++] = other - 1;
        g->used[other] = true;
        out.c += kind == CNN_JOIN_CONCAT ? g->shape[other].c : 0;
    }
    cnn_net_join(g->net, kind, count, from);
    made(g, out);
}

/* The mean of each channel of all that nobody takes, in one dense layer. */
static void finish(growing *g)
{
    int32_t means[MOST + 1], count = 0;
    int32_t last = 0;

    for (int32_t i = 1; i < g->count; i++)
        if (!g->used[i])
            means[count++] = last =
                cnn_net_append(g->net, i - 1, cnn_global_avgpool2d_create());
    if (count > 1)
        last = cnn_net_join(g->net, CNN_JOIN_CONCAT, count, means);
    cnn_net_append(g->net, last, cnn_dense_create(GRAPH_CLASSES, NULL));
}

cnn_net *random_graph(uint64_t seed, bool smooth)
{
    growing g = {.net = cnn_net_create(), .smooth = smooth};

    draw_start(&g.random, seed);
    made(&g, graph_shape);
    const int32_t layers = draw_between(&g.random, 4, MOST);
    for (int32_t i = 0; i < layers; i++) {
        const int32_t at = any(&g), kind = draw_between(&g.random, 0, 7);

        g.used[at] = true;
        if (kind < 2)
            add_conv(&g, at);
        else if (kind < 4)
            add_plain(&g, at);
        else if (kind < 5)
            add_scaling(&g, at);
        else
            add_join(&g, at);
    }
    finish(&g);
    return g.net;
}

cnn_net *block_graph(void)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(4, 3, 3, &same));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_conv2d_create(4, 3, 3, &same));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_GELU, NULL));
    cnn_net_join(net, CNN_JOIN_ADD, 2, (const int32_t[]){4, 1});
    cnn_net_join(net, CNN_JOIN_CONCAT, 2, (const int32_t[]){5, 1});
    cnn_net_add(net, cnn_dense_create(10, NULL));
    return net;
}
