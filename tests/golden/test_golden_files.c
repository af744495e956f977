/* Files of stacks stay what they were, byte for byte. stack_0.model to
 * stack_5.model have all kinds of layers; make_seeds (tests/fuzz) of commit
 * e5d3a91 wrote them, the last one before nets could have branches. */
#include <stdio.h>

#include "cnn/graph.h"
#include "cnn/parts.h"
#include "support/golden.h"
#include "support/model_bytes.h"

enum { FILES = 6 };

static void stacks(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        char name[32], path[GOLDEN_PATH];
        model_bytes file, again;

        snprintf(name, sizeof(name), "stack_%d.model", i);
        golden_path(name, path);
        model_read(&file, path);
        cnn_net *net = cnn_net_load_memory(file.data, file.size, 3);
        if (net == NULL)
            fail_msg("%s: %s", name, cnn_last_error());
        for (int32_t k = 0; k < cnn_net_layer_count(net); k++)
            assert_int_equal(cnn_net_source(net, k, 0), k - 1);
        model_of(&again, net);
        assert_int_equal(again.size, file.size);
        assert_memory_equal(again.data, file.data, file.size);
        cnn_net *copy = cnn_net_copy(net, 3);
        model_assert_same(copy, net);
        model_free(&file);
        model_free(&again);
        cnn_net_free(net);
        cnn_net_free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks),
    };

    return cmocka_run_group_tests_name("golden files", tests, NULL, NULL);
}
