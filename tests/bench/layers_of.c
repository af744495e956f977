#include "bench/layers_of.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnn/cnn.h"
#include "layers/conv2d/conv2d_layer.h"

#define NAME 128 /* bytes of the name of a shape */

/* A built layer and its arrays. */
typedef struct subject {
    cnn_layer *layer;
    int32_t batch;
    size_t X, Y, W;
    float *x, *y, *dy, *dx;
} subject;

float conv_element(uint32_t i, uint32_t seed)
{
    const uint32_t bits = (i * 16U + seed) * 2654435761U;

    return (float)(bits >> 16) / 65536.0f - 0.5f;
}

static void fill(float *to, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        to[i] = conv_element((uint32_t)i, seed);
}

static double squares(const float *from, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n && from != NULL; i++)
        sum += (double)from[i] * (double)from[i];
    return sum;
}

static subject make(const conv_shape *c, int32_t batch)
{
    const int32_t h = (c->kernel_h - 1) / 2, w = (c->kernel_w - 1) / 2;
    const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                  .stride_h = c->stride,
                                  .stride_w = c->stride,
                                  .groups = c->groups,
                                  .padding = CNN_PAD_EXPLICIT,
                                  .pad_top = h,
                                  .pad_bottom = h,
                                  .pad_left = w,
                                  .pad_right = w};
    const cnn_shape in = {c->channels, c->side, c->side};
    subject s = {.batch = batch};

    s.layer = cnn_conv2d_create(c->filters, c->kernel_h, c->kernel_w, &o);
    if (s.layer == NULL || cnn_layer_build(s.layer, &in, batch, 1) != CNN_OK)
        bench_fail("layer");
    s.X = (size_t)batch * cnn__shape_size(&in);
    s.Y = (size_t)batch * cnn__shape_size(&s.layer->out);
    s.W = ((const cnn__conv_layer *)s.layer)->geometry.weights;
    s.x = bench_alloc(s.X * sizeof(float));
    s.y = bench_alloc(s.Y * sizeof(float));
    s.dy = bench_alloc(s.Y * sizeof(float));
    s.dx = c->stem ? NULL : bench_alloc(s.X * sizeof(float));
    fill(s.x, s.X, 1);
    fill(s.layer->params.value, s.W, 2);
    fill(s.dy, s.Y, 3);
    return s;
}

static void forward(void *data)
{
    subject *s = data;

    if (cnn_layer_forward(s->layer, 0, s->batch, s->x, s->y) != CNN_OK)
        bench_fail("forward");
}

static void both(void *data)
{
    subject *s = data;

    forward(s);
    if (cnn_layer_backward(s->layer, s->batch, s->x, s->y, s->dy, s->dx) !=
        CNN_OK)
        bench_fail("backward");
}

void conv_row_measure(conv_row *row, int rounds)
{
    const conv_shape *c = row->shape;
    subject s = make(c, row->batch);
    const cnn__conv_layer *l = (const cnn__conv_layer *)s.layer;

    row->algorithm = l->choice.algorithm->name;
    row->forward_flop = 2.0 * (double)row->batch * l->geometry.pixels *
                        (double)l->geometry.weights;
    row->both_flop = row->forward_flop * (c->stem ? 2.0 : 3.0);
    memset(s.layer->params.grad, 0, s.layer->params.count * sizeof(float));
    both(&s);
    row->y_squares = squares(s.y, s.Y);
    row->dx_squares = squares(s.dx, s.X);
    row->dw_squares = squares(s.layer->params.grad, s.W);
    row->forward = times_measure(forward, &s, rounds);
    row->both = times_measure(both, &s, rounds);
    cnn_layer_free(s.layer);
    free(s.x);
    free(s.y);
    free(s.dy);
    free(s.dx);
}

/* ----------------------------------------------------------- printing --- */

static double share(double flop, const times *t, double peak)
{
    return 1e-9 * flop / t->min / peak;
}

/* As in "resnet 64-128 3x3 stride 2 at 56". */
static void name_of(char name[NAME], const conv_shape *c)
{
    char stride[20] = "", groups[20] = "";

    if (c->stride > 1)
        snprintf(stride, sizeof(stride), " stride %d", c->stride);
    if (c->groups > 1)
        snprintf(groups, sizeof(groups), " groups %d", c->groups);
    snprintf(name, NAME, "%s %d-%d %dx%d%s%s at %d", c->family, c->channels,
             c->filters, c->kernel_h, c->kernel_w, stride, groups, c->side);
}

static void print(const conv_row *r, double peak)
{
    char name[NAME];

    name_of(name, r->shape);
    printf("%-45s batch %2d  %-8s %9.4f %6.3f  %9.4f %6.3f\n", name, r->batch,
           r->algorithm, 1e3 * r->forward.min,
           share(r->forward_flop, &r->forward, peak), 1e3 * r->both.min,
           share(r->both_flop, &r->both, peak));
}

static json_t *row_json(const conv_row *r)
{
    const conv_shape *c = r->shape;
    char name[NAME];

    name_of(name, c);
    return json_pack(
        "{s:s, s:i, s:i, s:[i,i], s:i, s:i, s:i, s:i, s:b, s:s, s:f, s:f, s:f, "
        "s:f, s:f, s:f, s:f}",
        "name", name, "channels", c->channels, "filters", c->filters, "kernel",
        c->kernel_h, c->kernel_w, "stride", c->stride, "groups", c->groups,
        "side", c->side, "batch", r->batch, "stem", c->stem, "algorithm",
        r->algorithm, "forward_ms", 1e3 * r->forward.min, "both_ms",
        1e3 * r->both.min, "forward_gflop", 1e-9 * r->forward_flop,
        "both_gflop", 1e-9 * r->both_flop, "y", r->y_squares, "dw",
        r->dw_squares, "dx", r->dx_squares);
}

static void write_json(const char *path, json_t *rows, double peak)
{
    json_t *all = json_pack("{s:o, s:f, s:o}", "build",
                            json_loads(cnn_build_info(), 0, NULL),
                            "peak_gflops", peak, "rows", rows);

    if (all == NULL || json_dump_file(all, path, JSON_INDENT(1)) != 0) {
        fprintf(stderr, "bench: cannot write %s\n", path);
        exit(1);
    }
    json_decref(all);
}

/* Do words of the shape's name begin with one of the texts, a list with
 * commas? */
static bool asked(const char *texts, const conv_shape *c)
{
    char name[NAME + 1] = " ", text[NAME];

    name_of(name + 1, c);
    for (const char *at = texts; *at != '\0'; at += strcspn(at, ",")) {
        at += *at == ',';
        snprintf(text, sizeof(text), " %.*s", (int)strcspn(at, ","), at);
        if (strlen(text) > 1 && strstr(name, text) != NULL)
            return true;
    }
    return false;
}

bool layers_of(const char *texts, int rounds, const char *path)
{
    json_t *rows = json_array();
    const double peak = times_sgemm_peak();

    if (cnn_set_num_threads(1) != CNN_OK)
        bench_fail("threads");
    printf("%s\nsgemm peak, one thread: %.1f GFLOP/s; least times in ms, and "
           "the share of the peak, forward and both ways\n",
           cnn_build_info(), peak);
    for (int i = 0; i < conv_shape_count; i++) {
        const int32_t batches[] = {1, conv_shapes[i].batch};

        for (int b = 0; b < 2 && asked(texts, &conv_shapes[i]); b++) {
            conv_row r = {.shape = &conv_shapes[i], .batch = batches[b]};

            conv_row_measure(&r, rounds);
            print(&r, peak);
            fflush(stdout);
            json_array_append_new(rows, row_json(&r));
        }
    }
    const bool any = json_array_size(rows) > 0;
    if (any && path != NULL)
        write_json(path, rows, times_sgemm_peak());
    else
        json_decref(rows);
    return any;
}
