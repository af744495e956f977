#include "running/statistics.h"

#include "support/failure.h"

char *summary_text(const cnn_net *net, int32_t form)
{
    size_t size = 0;

    check(cnn_net_summary(net, form, NULL, 0, &size), NULL);
    char *text = allocate(size, 1);
    check(cnn_net_summary(net, form, text, size, &size), NULL);
    return text;
}

void statistics_print(cnn_net *net, FILE *stream)
{
    for (int32_t i = 0; i < cnn_net_layer_count(net); i++) {
        const cnn_layer *layer = cnn_net_layer(net, i);
        cnn_layer_stats s = {.struct_size = sizeof(s)};

        check(cnn_net_layer_stats(net, i, &s), NULL);
        if (s.dead < 0 && cnn_layer_param_count(layer) == 0)
            continue;
        fprintf(stream, "  layer %d, %s:", (int)i, cnn_layer_kind(layer));
        if (cnn_layer_param_count(layer) > 0)
            fprintf(stream, " norm of the weights %.4g, of the gradients %.4g",
                    s.weight_norm, s.grad_norm);
        if (s.dead >= 0)
            fprintf(stream, " %lld of %lld units dead", (long long)s.dead,
                    (long long)s.units);
        if (s.saturated >= 0)
            fprintf(stream, ", %lld saturated", (long long)s.saturated);
        fputc('\n', stream);
    }
}
