/* JSON: libcnn's reader and jansson's read the same, or both refuse. */
#include <stdlib.h>

#include "files/json_read.h"
#include "files/safetensors.h"
#include "fuzz/fuzz_support.h"

/* jansson passes over some zeros, and takes numbers of any length and what is
 * nested up to 2048 deep. */
static bool may_differ(const char *text, size_t size)
{
    size_t depth = 0, number = 0;

    for (size_t i = 0; i < size; i++) {
        const char c = text[i];

        depth += c == '[' || c == '{'; /* or more, in strings */
        number = c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E' ||
                         (c >= '0' && c <= '9')
                     ? number + 1
                     : 0;
        if (c == '\0' || depth > CNN__JSON_DEPTH || number > 127)
            return true;
    }
    return false;
}

/* What was read can be written, and read again. */
static void write_and_read(const json_t *json)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    const size_t size = json_dumpb(json, NULL, 0, flags);
    char *text = malloc(size);

    must(size > 0 && json_dumpb(json, text, size, flags) == size,
         "it cannot be written");
    json_t *again = see_pointer(cnn__json_read(text, size));
    must(json_equal(json, again), "written, it is read in another way");
    json_decref(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = exact_copy(data, size);

    memory_watch((size_t)64 << 20);
    json_t *got = see_pointer(cnn__json_read(text, size));
    must(memory_peak() <= cnn__json_cost(text, size) + 1024,
         "%zu bytes, estimated %zu", memory_peak(), cnn__json_cost(text, size));
    json_t *want =
        json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    must((want != NULL) == (got != NULL) || may_differ(text, size),
         got != NULL ? "it is read, but is no JSON" : "it is refused: %s",
         cnn_last_error());
    must(want == NULL || got == NULL || json_equal(want, got),
         "it is read in another way");
    if (got != NULL)
        write_and_read(got);
    json_decref(want);
    json_decref(got);
    free(text);
    must(memory_blocks() == 0, "%zu blocks were left", memory_blocks());
    return 0;
}
