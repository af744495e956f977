/* Calls on datasets, on models in memory, on summaries, and on the process. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/call_world.h"

/* ---------------------------------------------------------- datasets --- */

enum { CHANNELS = 4 }; /* of means and deviations */

/* Pointers of options are not to be any bytes. */
static void point_norms(world *w, cnn_dataset_options *o,
                        float norms[2 * CHANNELS])
{
    const uint8_t which = take_byte(&w->b);
    uint32_t given = 0;

    if (o != NULL)
        memcpy(&given, o, sizeof(given));
    if (given <= offsetof(cnn_dataset_options, mean))
        return;
    memset((char *)o + offsetof(cnn_dataset_options, mean), 0,
           given - offsetof(cnn_dataset_options, mean));
    if (given < sizeof(*o))
        return;
    for (int i = 0; i < 2 * CHANNELS; i++)
        norms[i] = take_float(&w->b);
    o->mean = which & 1 ? norms : NULL;
    o->deviation = which & 2 ? norms + CHANNELS : NULL;
    o->channel_count = (which >> 2) % CHANNELS;
}

static void wrap(world *w)
{
    const int32_t i = take_below(&w->b, DATASETS);
    const bool u8 = take_byte(&w->b) % 2;
    bool wild = false, any;
    cnn_shape shape = {take_int(&w->b, &wild), take_int(&w->b, &wild),
                       take_int(&w->b, &wild)};
    const int32_t count = take_int(&w->b, &wild);
    void *o = take_options(&w->b, sizeof(cnn_dataset_options), 6, &any);
    float norms[2 * CHANNELS];
    point_norms(w, o, norms);
    /* Arrays for what cannot be real are not to be had. */
    const bool fits = !wild && shape.c > 0 && shape.h > 0 && shape.w > 0;
    const size_t n = fits ? (size_t)count : 1;
    const size_t size = fits ? (size_t)(shape.c * shape.h * shape.w) : 1;
    dataset_slot *slot = &w->datasets[i];

    drop_dataset(w, i);
    if (wild && count >= 0 && shape.c > 0 && shape.h > 0 && shape.w > 0) {
        free(o);
        return;
    }
    slot->labels = take_labels(w, n, (size_t)take_below(&w->b, 8) + 1);
    float *x = take_floats(w, n * size);
    slot->images = u8 ? exact_copy(x, n * size) : x;
    slot->dataset = see_pointer(
        u8 ? cnn_dataset_wrap_u8(&shape, count, slot->images, slot->labels, o)
           : cnn_dataset_wrap_f32(&shape, count, slot->images, slot->labels,
                                  o));
    if (u8)
        free(x);
    free(o);
}

static void slice(world *w)
{
    const int32_t i = take_below(&w->b, DATASETS);
    const int32_t from = take_below(&w->b, DATASETS);
    bool wild;
    const int64_t first = take_int(&w->b, &wild);
    const int64_t count = take_int(&w->b, &wild);

    if (i == from)
        return;
    drop_dataset(w, i);
    /* It may have been a slice of the other. */
    w->datasets[i].dataset =
        see_pointer(cnn_dataset_slice(w->datasets[from].dataset, first, count));
    w->datasets[i].parent = from;
}

static void read_samples(world *w)
{
    const cnn_dataset *d = w->datasets[take_below(&w->b, DATASETS)].dataset;
    const int32_t count = take_below(&w->b, 6);
    int64_t *index = malloc(6 * sizeof(*index));
    cnn_shape s = {1, 1, 1};
    bool wild = false;

    see(cnn_dataset_shape(d, &s));
    const size_t size = (size_t)s.c * (size_t)s.h * (size_t)s.w;
    /* Padding is drawn like all numbers, and may be large. */
    if (size > 65536 || index == NULL) {
        free(index);
        return;
    }
    for (int32_t i = 0; i < 6; i++)
        index[i] = take_int(&w->b, &wild);
    float *x = exact_floats((size_t)count * size + (count == 0));
    int32_t *labels = take_labels(w, (size_t)count, 1);
    float *copy = exact_copy(x, (size_t)count * size * sizeof(*x));
    if (see(cnn_dataset_read(d, count, take_byte(&w->b) % 2 ? index : NULL, x,
                             take_byte(&w->b) % 2 ? labels : NULL)) != CNN_OK)
        must(memcmp(x, copy, (size_t)count * size * sizeof(*x)) == 0,
             "a failure wrote something");
    must(cnn_dataset_fingerprint(d) == cnn_dataset_fingerprint(d),
         "another fingerprint");
    free(index);
    free(x);
    free(copy);
    free(labels);
}

/* ------------------------------------------------------------ models --- */

/* Into memory, and into another net; or with one bit changed, which must be
 * refused. */
static void save(world *w)
{
    const cnn_net *net = w->nets[take_below(&w->b, NETS)].net;
    const int32_t to = take_below(&w->b, NETS);
    const uint8_t change = take_byte(&w->b);
    size_t size;

    if (!afford(w, 100000) ||
        !afford(w, 4 * (int64_t)cnn_net_param_count(net)) ||
        see(cnn_net_save_memory(net, NULL, 0, &size)) != CNN_OK)
        return;
    unsigned char *file = malloc(size);
    see(cnn_net_save_memory(net, file, size - (change == 1), &size));
    if (change == 1) {
        free(file);
        return;
    }
    const bool broken = change > 200;
    if (broken)
        file[(size_t)change * 7 % size] ^= (unsigned char)(1 << change % 8);
    cnn_net *loaded =
        see_pointer(cnn_net_load_memory(file, size, take_batch(w, 4)));
    must(!broken || loaded == NULL, "a damaged model was read");
    drop_net(w, to);
    w->nets[to].net = loaded;
    w->nets[to].wild = true;
    free(file);
}

/* ----------------------------------------------------------- looking --- */

static void summary(world *w)
{
    const cnn_net *net = w->nets[take_below(&w->b, NETS)].net;
    const int32_t form = take_below(&w->b, 4) - 1;
    size_t size = 0;

    if (see(cnn_net_summary(net, form, NULL, 0, &size)) != CNN_OK)
        return;
    char *text = malloc(size);
    must(see(cnn_net_summary(net, form, text, size, &size)) == CNN_OK &&
             text[size - 1] == '\0' && strlen(text) == size - 1,
         "a summary of another size");
    memset(text, 'x', size);
    must(see(cnn_net_summary(net, form, text, size - 1, &size)) == CNN_EINVAL &&
             text[0] == 'x',
         "a summary in too little room");
    free(text);
}

static void stats(world *w)
{
    cnn_net *net = w->nets[take_below(&w->b, NETS)].net;
    cnn_layer_stats s = {.struct_size = sizeof(s)};
    cnn_costs costs = {.struct_size = sizeof(costs)};
    cnn_net_memory memory = {.struct_size = sizeof(memory)};

    if (!afford(w, 1000 + (int64_t)cnn_net_param_count(net)))
        return;
    see(cnn_net_layer_stats(net, take_below(&w->b, 8) - 1, &s));
    see(cnn_net_costs(net, &costs));
    see(cnn_net_measure(net, take_byte(&w->b) % 2 ? &memory : NULL));
    see(cnn_layer_costs(cnn_net_layer(net, take_below(&w->b, 8) - 1), &costs));
}

static void set_threads(world *w)
{
    static const int32_t numbers[] = {1, 2, 3, 0, -1, 65, 2, 1};

    see(cnn_set_num_threads(numbers[take_below(&w->b, 8)]));
    must(cnn_num_threads() >= 1 && cnn_num_threads() <= CNN_MAX_THREADS,
         "%d threads", cnn_num_threads());
}

static void set_allocator(world *w)
{
    (void)w;
    if (memory_blocks() > 0)
        must(see(cnn_set_allocator(NULL)) == CNN_ESTATE,
             "another allocator while memory is in use");
}

static void end(world *w)
{
    drop_dataset(w, take_below(&w->b, DATASETS));
}

call *const data_calls[] = {wrap,        wrap,          slice,   read_samples,
                            save,        save,          summary, stats,
                            set_threads, set_allocator, end};
const int32_t data_call_count = sizeof(data_calls) / sizeof(data_calls[0]);
