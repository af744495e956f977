/* Model files: bytes are read as a model; if they are one, it predicts, is
 * saved, and read again. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz_support.h"
#include "fuzz/mutate_model.h"

const size_t model_begins_at = 0;

/* Larger nets are refused here for want of memory. */
#define MOST_MEMORY ((size_t)64 << 20)

/* Slower ones are read, but predict nothing. */
#define MOST_WORK   (1 << 22)
#define MOST_FLOATS (1 << 20)

#define MAX_BATCH 2
#define SAMPLES   3

/* What a file of that size may take, the net left aside. A table is planned
 * with before the weights are looked for. */
static size_t budget(const uint8_t *data, size_t size)
{
    static const char table[] = "table";
    size_t factor = 4;

    for (size_t i = 0; i + strlen(table) <= size; i++)
        if (memcmp(data + i, table, strlen(table)) == 0)
            factor = 54;
    return factor * size + (1 << 20);
}

/* No square is below 0, so its root would be NaN. */
static void check_variances(cnn_net *net)
{
    for (int32_t i = 0; i < cnn_net_layer_count(net); i++) {
        cnn_layer *layer = cnn_net_layer(net, i);
        cnn_tensor t = {.struct_size = sizeof(t)};

        for (int32_t k = 0; k < cnn_layer_tensor_count(layer); k++) {
            must(see(cnn_layer_tensor(layer, k, &t)) == CNN_OK, "no tensor");
            for (int32_t c = 0;
                 strcmp(t.name, "running_var") == 0 && c < t.dims[0]; c++)
                must(t.data[c] >= 0.0f, "a running variance of %g",
                     (double)t.data[c]);
        }
    }
}

static void predict(cnn_net *net)
{
    cnn_costs costs = {.struct_size = sizeof(costs)};
    cnn_shape in, out;

    see(cnn_net_costs(net, &costs));
    see(cnn_net_in_shape(net, &in));
    see(cnn_net_out_shape(net, &out));
    const size_t inputs = (size_t)in.c * (size_t)in.h * (size_t)in.w;
    const size_t outputs = (size_t)out.c * (size_t)out.h * (size_t)out.w;
    if (costs.multiply_adds > MOST_WORK || inputs > MOST_FLOATS ||
        outputs > MOST_FLOATS)
        return;
    float *x = exact_floats(SAMPLES * inputs);
    float *y = exact_floats(SAMPLES * outputs);
    must(see(cnn_net_predict(net, SAMPLES, x, y)) == CNN_OK, "predict: %s",
         cnn_last_error());
    free(x);
    free(y);
}

/* The model in a block of just its size; NULL where that is allowed. */
static unsigned char *save(const cnn_net *net, size_t *size)
{
    const cnn_status status = see(cnn_net_save_memory(net, NULL, 0, size));

    /* Some hundred layers, or no memory left beside a large net. */
    if (status == CNN_EUNSUPPORTED || status == CNN_ENOMEM)
        return NULL;
    must(status == CNN_OK, "save: %s", cnn_last_error());
    unsigned char *file = malloc(*size);
    must(see(cnn_net_save_memory(net, file, *size - 1, size)) == CNN_EINVAL,
         "a buffer that is too small was taken");
    if (see(cnn_net_save_memory(net, file, *size, size)) == CNN_OK)
        return file;
    must(cnn_last_status() == CNN_ENOMEM, "save: %s", cnn_last_error());
    free(file);
    return NULL;
}

static void save_and_load(const cnn_net *net)
{
    size_t size, again_size;
    unsigned char *file = save(net, &size);

    if (file == NULL)
        return;
    cnn_net *same = see_pointer(cnn_net_load_memory(file, size, MAX_BATCH));
    if (same != NULL) {
        unsigned char *again = save(same, &again_size);
        must(again == NULL ||
                 (size == again_size && memcmp(file, again, size) == 0),
             "saved again it has other bytes");
        free(again);
    } else {
        must(cnn_last_status() == CNN_ENOMEM, "what was saved is refused: %s",
             cnn_last_error());
    }
    cnn_net_free(same);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *file = exact_copy(data, size);

    memory_watch(MOST_MEMORY);
    cnn_net *net = see_pointer(cnn_net_load_memory(file, size, MAX_BATCH));
    must(memory_peak() - memory_bytes() <= budget(data, size),
         "%zu bytes for a file of %zu, and a net of %zu", memory_peak(), size,
         memory_bytes());
    free(file);
    if (net != NULL) {
        check_variances(net);
        predict(net);
        save_and_load(net);
        cnn_net_free(net);
    }
    must(memory_blocks() == 0, "%zu blocks were left", memory_blocks());
    return 0;
}
