#include "images/pixels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/failure.h"

cnn_shape pixels_shape(const pixels *p)
{
    return (cnn_shape){1, 28 + 2 * p->margin, 28 + 2 * p->margin};
}

float pixels_value(const pixels *p, float grey)
{
    return p->high > p->low ? p->low + (p->high - p->low) * grey : grey;
}

static void keep(cnn_net *net, const char *key, double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.9g", value);
    check(cnn_net_set_metadata(net, key, text), NULL);
}

void pixels_keep(const pixels *p, cnn_net *net)
{
    keep(net, "pixels.low", (double)pixels_value(p, 0));
    keep(net, "pixels.high", (double)pixels_value(p, 1));
    keep(net, "pixels.margin", p->margin);
}

static double recall(const cnn_net *net, const char *key)
{
    const char *text = cnn_net_metadata(net, key);

    return text != NULL ? strtod(text, NULL) : 0;
}

pixels pixels_of(const cnn_net *net)
{
    const double low = recall(net, "pixels.low");
    const double high = recall(net, "pixels.high");
    const double margin = recall(net, "pixels.margin");
    pixels p = {0};

    if (isfinite(low) && isfinite(high) && low < high) {
        p.low = (float)low;
        p.high = (float)high;
    }
    if (margin > 0 && margin < 1000)
        p.margin = (int32_t)margin;
    return p;
}
