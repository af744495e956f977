/* Direct convolution: the sum of the definition, sample by sample.
 *
 *     forward   y = W x + b
 *     backward  dW += dy x;  dx = W' dy
 *
 * W' is W with each kernel reversed, and filters and channels exchanged, so dx
 * is the forward pass of another convolution. It is computed in pieces: a group
 * is a convolution of its own. With a connection table each filter is a piece,
 * and for dx each channel. If the filters fill whole vectors, dW is added up
 * sample by sample with the filters last. Otherwise it is added up over a tile
 * of samples that stay in the cache. */
#include "layers/conv2d/conv2d_algorithms.h"

#include <string.h>

#include "base/threads.h"
#include "layers/conv2d/conv2d_direct_plan.h"
#include "layers/conv2d/conv2d_gradients.h"
#include "layers/fused.h"
#include "layers/partials.h"
#include "math/lanes.h"
#include "math/sum.h"

/* The frame of dy if no dx is wanted: no padding. */
static cnn__framed bare(const cnn__framed *f)
{
    return (cnn__framed){.planes = f->planes,
                         .h = f->h,
                         .w = f->w,
                         .rows = f->h,
                         .row = cnn__size_round_up(f->w, CNN__DIRECT_LANES)};
}

/* What one pass hands to its chunks. */
typedef struct job {
    const cnn__conv_direct_plan *plan;
    const cnn__conv_pass *pass;
    const cnn__run *run;
    cnn__framed dy;
    cnn__direct straight, turned; /* x to y, and dy to dx */
    float *W;                     /* W' of all pieces */
} job;

static job job_of(const cnn__conv_direct_plan *d, const cnn__conv_pass *pass)
{
    const cnn__conv *c = pass->conv;
    const cnn__axis *h = &c->window.h, *w = &c->window.w;
    const bool table = c->table != NULL;
    const size_t C = (size_t)c->most_channels;
    const size_t F = table ? 1 : (size_t)c->most_filters;
    const cnn__framed f = pass->dx != NULL ? d->dy : bare(&d->dy);
    const size_t x = d->x.rows * d->x.row, dy = f.rows * f.row;

    return (job){
        .dy = f,
        .plan = d,
        .pass = pass,
        .run = pass->run,
        .straight = {.side = (size_t)h->kernel,
                     .channels = C,
                     .filters = F,
                     .rows = (size_t)h->out,
                     .columns = (size_t)w->out,
                     .x_row = d->x.row,
                     .x_plane = x,
                     .dy_row = f.row,
                     .dy_plane = dy},
        .turned = {.side = (size_t)h->kernel,
                   .channels = F,
                   .filters = C,
                   .rows = (size_t)h->in,
                   .columns = (size_t)w->in,
                   .x_row = f.row,
                   .x_plane = dy},
        .W = pass->run->shared,
    };
}

/* One piece: a convolution, and the offsets of its weights, of the first plane
 * it reads and of the first plane it writes. */
typedef struct piece {
    cnn__direct d;
    size_t weight, from, to;
} piece;

/* The n-th group. */
static piece group(const cnn__direct *d, int32_t n)
{
    const size_t C = d->channels, F = d->filters, i = (size_t)n;

    return (piece){*d, i * F * C * d->side * d->side, i * C, i * F};
}

/* The piece that writes map n from the planes listed. `first` kernels precede
 * its own. */
static piece listed(const cnn__direct *d, int32_t n, ptrdiff_t first,
                    int32_t count, const int32_t *planes)
{
    piece p = {*d, (size_t)first * d->side * d->side, 0, (size_t)n};

    p.d.channels = (size_t)count;
    p.d.planes = planes;
    return p;
}

/* Piece i of forward and dW: a group, or a filter of a table. */
static piece piece_of(const job *j, int32_t i)
{
    const cnn__conv *c = j->pass->conv;

    if (c->table == NULL)
        return group(&j->straight, i);
    return listed(&j->straight, i, c->first[i], c->first[i + 1] - c->first[i],
                  c->sees + c->first[i]);
}

/* Piece i of dx: a group, or a channel of a table. */
static piece turned_piece_of(const job *j, int32_t i)
{
    const cnn__conv *c = j->pass->conv;

    if (c->table == NULL)
        return group(&j->turned, i);
    const cnn__conv_group *g = &c->table[i];
    return listed(&j->turned, i, g->gather - c->table[0].gather, g->filters,
                  g->scatter);
}

static int32_t pieces_of(const cnn__conv *c)
{
    return c->table != NULL ? c->filters : c->group_count;
}

static int32_t turned_pieces_of(const cnn__conv *c)
{
    return c->group_count; /* with a table: the channels */
}

static size_t image_floats(const cnn__framed *f)
{
    return f->planes * f->h * f->w;
}

static void forward_sample(void *data, int64_t sample, int32_t worker)
{
    const job *j = data;
    const cnn__conv_direct_plan *d = j->plan;
    const size_t n = (size_t)sample;
    float *x = cnn__run_scratch(j->run, worker);
    const cnn__span span = {sample, 1, worker};
    float *y =
        cnn__fused_place(j->run, &span, j->pass->y, image_floats(&d->dy));

    d->routines->enframe(&d->x, j->pass->x + n * image_floats(&d->x), x);
    for (int32_t i = 0; i < pieces_of(j->pass->conv); i++) {
        const piece p = piece_of(j, i);
        const float *b = j->pass->biases;

        d->routines->forward(
            &p.d, j->pass->weights + p.weight, b != NULL ? b + p.to : NULL,
            x + p.from * p.d.x_plane, y + p.to * d->dy.h * d->dy.w);
    }
    cnn__fused_done(j->run, &span, y);
}

static void forward(const void *plan, const cnn__conv_pass *pass)
{
    job j = job_of(plan, pass);

    cnn__parallel(j.run->batch, j.run->workers, forward_sample, &j);
}

/* Reverses one kernel. */
static void turn(const float *from, float *to, size_t area)
{
    for (size_t k = 0; k < area; k++)
        to[k] = from[area - 1 - k];
}

/* Computes W' (C, F, K, K) of each piece. */
static void turn_weights(const job *j)
{
    const cnn__conv *conv = j->pass->conv;
    const size_t area = (size_t)conv->area, kernels = conv->weights / area;
    const size_t C = (size_t)conv->most_channels;
    const size_t F = (size_t)conv->most_filters;
    const float *w = j->pass->weights;

    for (size_t i = 0; i < kernels && conv->table != NULL; i++)
        turn(w + (size_t)conv->table[0].gather[i] * area, j->W + i * area,
             area);
    for (size_t i = 0; i < kernels && conv->table == NULL; i++) {
        const size_t f = i / C % F, c = i % C, group = i / (C * F);

        turn(w + i * area, j->W + ((group * C + c) * F + f) * area, area);
    }
}

/* Adds one sample to dW in vectors of filters. `maps` is its dy; `lanes`
 * receives dy with the filters last. */
static void add_lanes(const job *j, const float *x, const float *maps,
                      float *lanes, float *dW)
{
    const cnn__framed *f = &j->dy;
    const cnn__planes planes = {(float *)maps, f->h * f->w, f->planes, f->h,
                                f->w};
    const cnn__grid grid = {lanes, f->w * f->planes, f->planes};

    cnn__planes_to_lanes(&planes, &grid);
    j->plan->routines->lane_weights(&j->straight, x, lanes, dW);
}

/* dx of a sample from its framed dy. */
static void backward_input(const job *j, const float *dy, float *dx)
{
    const size_t area = j->plan->x.h * j->plan->x.w;

    for (int32_t i = 0; i < turned_pieces_of(j->pass->conv); i++) {
        const piece p = turned_piece_of(j, i);
        const float *b = j->pass->dx_biases;

        j->plan->routines->forward(&p.d, j->W + p.weight,
                                   b != NULL ? b + p.to : NULL,
                                   dy + p.from * p.d.x_plane, dx + p.to * area);
    }
}

/* Adds a span to dW and db (NULL: not wanted); computes its dx. */
static void backward_tile(const job *j, const cnn__span *span, float *dW,
                          float *db)
{
    const cnn__conv_direct_plan *d = j->plan;
    const cnn__framed *f = &j->dy;
    const size_t X = image_floats(&d->x), Y = image_floats(f);
    const size_t P = f->h * f->w, tile = (size_t)d->tile;
    const size_t first = (size_t)span->first, count = (size_t)span->count;
    const size_t xs = cnn__framed_floats(&d->x), dys = cnn__framed_floats(f);
    const bool lanes = d->by_filters && dW != NULL;
    float *x = cnn__run_scratch(j->run, span->worker);
    float *dy = x + tile * xs;
    const float *maps = cnn__fused_gradient(j->run, span, j->pass->dy, Y);

    for (size_t s = 0; s < count; s++, maps += Y) {
        if (dW != NULL)
            d->routines->enframe(&d->x, j->pass->x + (first + s) * X,
                                 x + s * xs);
        for (size_t i = 0; i < f->planes && db != NULL; i++)
            db[i] += cnn__sum(maps + i * P, P);
        if (lanes)
            add_lanes(j, x + s * xs, maps, dy + tile * dys, dW);
        if (lanes && j->pass->dx == NULL)
            continue;
        d->routines->enframe(f, maps, dy + s * dys);
        if (j->pass->dx != NULL)
            backward_input(j, dy + s * dys, j->pass->dx + (first + s) * X);
    }
    for (int32_t i = 0; i < pieces_of(j->pass->conv) && !lanes && dW != NULL;
         i++) {
        const piece p = piece_of(j, i);

        d->routines->weights(&p.d, count, x + p.from * p.d.x_plane, xs,
                             dy + p.to * p.d.dy_plane + f->top * f->row +
                                 f->left,
                             dys, dW + p.weight);
    }
}

static void backward_samples(void *data, const cnn__partial *p)
{
    const job *j = data;
    const int64_t tile = j->plan->tile;
    float *dW = j->pass->dW != NULL ? p->sum : NULL;
    float *db = j->pass->db != NULL ? p->sum + j->pass->conv->weights : NULL;

    for (int64_t n = p->first; n < p->end; n += tile) {
        const int64_t rest = p->end - n;
        const cnn__span span = {n, (int32_t)(rest < tile ? rest : tile),
                                p->worker};

        backward_tile(j, &span, dW, db);
    }
}

static void backward(const void *plan, const cnn__conv_pass *pass)
{
    const cnn__conv *conv = pass->conv;
    job j = job_of(plan, pass);
    const cnn__partials partials = {
        .chunks = pass->run->batch,
        .floats = cnn__conv_sum_floats(pass),
        .sums = pass->run->shared + conv->weights,
        .add = backward_samples,
        .data = &j,
    };

    if (pass->dx != NULL)
        turn_weights(&j);
    cnn__sum_partials(&partials, pass->run->workers);
    cnn__conv_add_sum(pass, partials.sums, j.plan->by_filters);
}

/* --------------------------------------------------------- the table --- */

/* Shared memory: W', then the partial sums. */
static void sizes(const void *plan, const cnn__conv *conv, int32_t batch,
                  cnn__workspace *need)
{
    need->scratch = cnn__direct_scratch_floats(plan);
    need->shared =
        cnn__size_add(conv->weights, cnn__partials_floats(batch, conv->params));
}

_Static_assert(sizeof(cnn__conv_direct_plan) <= CNN__CONV_PLAN_SIZE,
               "a plan fits");

const cnn__conv_algorithm cnn__conv_direct = {
    .name = "direct",
    .asked_as = CNN_ALGORITHM_DIRECT,
    .demands = "kernels of 3x3 and 5x5 without stride, dilation, less padding "
               "than kernel, 2 rows and more, avx2 or avx512",
    .plan_size = sizeof(cnn__conv_direct_plan),
    .plan = cnn__direct_plan,
    .pays = cnn__direct_pays,
    .sizes = sizes,
    .grain = cnn__direct_grain,
    .forward = forward,
    .backward = backward,
};
