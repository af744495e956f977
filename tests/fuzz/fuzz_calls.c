/* Sequences of public calls: bytes choose the call, the objects, the sizes and
 * the values, wrong ones and wrong orders among them. Contracts are kept: an
 * array is as long as it has to be, and not a byte longer; what depends on an
 * object is freed before it. All else the library promises to refuse. */
#include "fuzz/call_world.h"

#define MOST_MEMORY ((size_t)8 << 20)
#define MOST_WORK   (1 << 21)
#define MOST_CALLS  100

static void call_one(world *w)
{
    const uint8_t first = take_byte(&w->b);

    switch (first % 8) {
    case 0:
    case 1:
        layer_calls[first / 8 % layer_call_count](w);
        break;
    case 2:
    case 3:
    case 4:
        net_calls[first / 8 % net_call_count](w);
        break;
    case 5:
    case 6:
        trainer_calls[first / 8 % trainer_call_count](w);
        break;
    default:
        data_calls[first / 8 % data_call_count](w);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world w = {.b = {data, data + size}, .work = MOST_WORK, .files = 1};

    memory_watch(MOST_MEMORY);
    for (int32_t i = 0; i < DATASETS; i++)
        w.datasets[i].parent = -1;
    for (int calls = 0; calls < MOST_CALLS && w.b.at < w.b.end; calls++)
        call_one(&w);
    drop_all(&w);
    must(cnn_set_num_threads(1) == CNN_OK, "%s", cnn_last_error());
    must(memory_blocks() == 0, "%zu blocks were left", memory_blocks());
    return 0;
}
