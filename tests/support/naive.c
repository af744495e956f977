#include "support/naive.h"

#include <math.h>
#include <stdlib.h>

static int32_t out_size(int32_t in, int32_t pad, int32_t kernel, int32_t stride,
                        int32_t dilation)
{
    return (in + pad - (kernel - 1) * dilation - 1) / stride + 1;
}

int32_t naive_out_h(const naive_window *w)
{
    return out_size(w->H, w->top + w->bottom, w->kernel_h, w->stride_h,
                    w->dilation_h);
}

int32_t naive_out_w(const naive_window *w)
{
    return out_size(w->W, w->left + w->right, w->kernel_w, w->stride_w,
                    w->dilation_w);
}

/* "If in % stride == 0: pad = max(kernel - stride, 0), else pad = max(kernel -
 * in % stride, 0)", with the dilated kernel. */
static int32_t same_padding(int32_t in, int32_t kernel, int32_t stride,
                            int32_t dilation)
{
    const int32_t reach = (kernel - 1) * dilation + 1;
    const int32_t rest = in % stride == 0 ? stride : in % stride;

    return reach > rest ? reach - rest : 0;
}

void naive_pad_same(naive_window *w, bool lower)
{
    const int32_t h =
        same_padding(w->H, w->kernel_h, w->stride_h, w->dilation_h);
    const int32_t v =
        same_padding(w->W, w->kernel_w, w->stride_w, w->dilation_w);

    w->top = lower ? h - h / 2 : h / 2;
    w->left = lower ? v - v / 2 : v / 2;
    w->bottom = h - w->top;
    w->right = v - w->left;
}

/* ------------------------------------------------------- convolution --- */

size_t naive_x_size(const naive_conv *c)
{
    return (size_t)c->N * (size_t)c->C * (size_t)c->window.H *
           (size_t)c->window.W;
}

size_t naive_y_size(const naive_conv *c)
{
    return (size_t)c->N * (size_t)c->F * (size_t)naive_out_h(&c->window) *
           (size_t)naive_out_w(&c->window);
}

static bool connected(const naive_conv *c, int32_t filter, int32_t channel)
{
    if (c->table != NULL)
        return c->table[filter * c->C + channel] != 0;
    return filter / (c->F / c->groups) == channel / (c->C / c->groups);
}

size_t naive_w_size(const naive_conv *c)
{
    size_t kernels = 0;

    for (int32_t f = 0; f < c->F; f++)
        for (int32_t ch = 0; ch < c->C; ch++)
            kernels += connected(c, f, ch);
    return kernels * (size_t)c->window.kernel_h * (size_t)c->window.kernel_w;
}

/* All taps of a tap's sample, filter and channel; w is its first weight. */
static void each_of_kernel(const naive_conv *c, naive_tap t,
                           void (*visit)(void *data, const naive_tap *tap),
                           void *data)
{
    const naive_window *s = &c->window;
    const int32_t OH = naive_out_h(s), OW = naive_out_w(s);
    const int32_t plane_x = t.n * c->C + t.c, plane_y = t.n * c->F + t.f;
    const size_t kernel = t.w;

    for (t.i = 0; t.i < OH; t.i++)
        for (t.j = 0; t.j < OW; t.j++)
            for (t.u = 0; t.u < s->kernel_h; t.u++)
                for (t.v = 0; t.v < s->kernel_w; t.v++) {
                    const int32_t row =
                        t.i * s->stride_h + t.u * s->dilation_h - s->top;
                    const int32_t col =
                        t.j * s->stride_w + t.v * s->dilation_w - s->left;

                    if (row < 0 || row >= s->H || col < 0 || col >= s->W)
                        continue;
                    t.x = (size_t)((plane_x * s->H + row) * s->W + col);
                    t.y = (size_t)((plane_y * OH + t.i) * OW + t.j);
                    t.w = kernel + (size_t)(t.u * s->kernel_w + t.v);
                    visit(data, &t);
                }
}

void naive_conv_each(const naive_conv *c,
                     void (*visit)(void *data, const naive_tap *tap),
                     void *data)
{
    const size_t area = (size_t)(c->window.kernel_h * c->window.kernel_w);
    size_t kernel = 0;

    for (int32_t f = 0; f < c->F; f++)
        for (int32_t ch = 0; ch < c->C; ch++) {
            if (!connected(c, f, ch))
                continue;
            for (int32_t n = 0; n < c->N; n++)
                each_of_kernel(
                    c, (naive_tap){.n = n, .f = f, .c = ch, .w = kernel}, visit,
                    data);
            kernel += area;
        }
}

/* What a pass reads, and the sums it makes. */
typedef struct pass {
    const float *x, *w, *dy;
    double *y, *dw, *dx;
} pass;

static double *sums(size_t n)
{
    double *d = calloc(n, sizeof(*d));

    if (d == NULL)
        abort();
    return d;
}

static void round_and_free(double *from, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)from[i];
    free(from);
}

static void multiply(void *data, const naive_tap *t)
{
    pass *p = data;

    p->y[t->y] += (double)p->w[t->w] * (double)p->x[t->x];
}

void naive_conv_forward(const naive_conv *c, const float *x, const float *w,
                        const float *b, float *y)
{
    const size_t n = naive_y_size(c);
    const size_t plane =
        (size_t)naive_out_h(&c->window) * (size_t)naive_out_w(&c->window);
    pass p = {.x = x, .w = w, .y = sums(n)};

    for (size_t i = 0; b != NULL && i < n; i++)
        p.y[i] = (double)b[i / plane % (size_t)c->F];
    naive_conv_each(c, multiply, &p);
    round_and_free(p.y, y, n);
}

/* y += w x, so dw += dy x and dx += dy w. */
static void differentiate(void *data, const naive_tap *t)
{
    pass *p = data;

    p->dw[t->w] += (double)p->dy[t->y] * (double)p->x[t->x];
    p->dx[t->x] += (double)p->dy[t->y] * (double)p->w[t->w];
}

void naive_conv_backward(const naive_conv *c, const float *x, const float *w,
                         const float *dy, float *dw, float *db, float *dx)
{
    const size_t X = naive_x_size(c), W = naive_w_size(c), Y = naive_y_size(c);
    const size_t F = (size_t)c->F, plane = Y / ((size_t)c->N * F);
    pass p = {.x = x, .w = w, .dy = dy, .dw = sums(W), .dx = sums(X)};
    double *sum = sums(F);

    naive_conv_each(c, differentiate, &p);
    for (size_t i = 0; i < Y; i++)
        sum[i / plane % F] += (double)dy[i];
    round_and_free(p.dw, dw, W);
    round_and_free(p.dx, dx, X);
    if (db != NULL)
        round_and_free(sum, db, F);
    else
        free(sum);
}

/* ----------------------------------------------------------- pooling --- */

/* The part of a window that lies inside of the image. */
typedef struct inside {
    int32_t top, bottom, left, right;
} inside;

static inside inside_of(const naive_window *w, int32_t i, int32_t j)
{
    const int32_t row = i * w->stride_h - w->top;
    const int32_t col = j * w->stride_w - w->left;

    return (inside){
        row > 0 ? row : 0,
        row + w->kernel_h < w->H ? row + w->kernel_h : w->H,
        col > 0 ? col : 0,
        col + w->kernel_w < w->W ? col + w->kernel_w : w->W,
    };
}

static int32_t largest_of(const naive_window *w, const inside *s,
                          const float *x)
{
    int32_t best = -1;

    for (int32_t r = s->top; r < s->bottom; r++)
        for (int32_t c = s->left; c < s->right; c++) {
            const int32_t at = r * w->W + c;
            if (isnan(x[at]))
                return at;
            if (best < 0 || x[at] > x[best])
                best = at;
        }
    return best;
}

static double divisor_of(const naive_pool *p, const inside *s)
{
    if (p->include_pad)
        return p->window.kernel_h * p->window.kernel_w;
    return (s->bottom - s->top) * (s->right - s->left);
}

static double mean_of(const naive_pool *p, const inside *s, const float *x)
{
    double sum = 0.0;

    for (int32_t r = s->top; r < s->bottom; r++)
        for (int32_t c = s->left; c < s->right; c++)
            sum += (double)x[r * p->window.W + c];
    return sum / divisor_of(p, s);
}

void naive_pool_forward(const naive_pool *p, const float *x, float *y)
{
    const naive_window *w = &p->window;

    for (int32_t plane = 0; plane < p->planes; plane++, x += w->H * w->W)
        for (int32_t i = 0; i < naive_out_h(w); i++)
            for (int32_t j = 0; j < naive_out_w(w); j++) {
                const inside s = inside_of(w, i, j);
                *y++ = p->average ? (float)mean_of(p, &s, x)
                                  : x[largest_of(w, &s, x)];
            }
}

/* One plane of dx. */
static void pool_back(const naive_pool *p, const float *x, const float *dy,
                      double *dx)
{
    const naive_window *w = &p->window;

    for (int32_t i = 0; i < naive_out_h(w); i++)
        for (int32_t j = 0; j < naive_out_w(w); j++, dy++) {
            const inside s = inside_of(w, i, j);
            if (!p->average) {
                dx[largest_of(w, &s, x)] += (double)*dy;
                continue;
            }
            for (int32_t r = s.top; r < s.bottom; r++)
                for (int32_t c = s.left; c < s.right; c++)
                    dx[r * w->W + c] += (double)*dy / divisor_of(p, &s);
        }
}

void naive_pool_backward(const naive_pool *p, const float *x, const float *dy,
                         float *dx)
{
    const size_t X = (size_t)p->window.H * (size_t)p->window.W;
    const size_t Y =
        (size_t)naive_out_h(&p->window) * (size_t)naive_out_w(&p->window);

    for (int32_t plane = 0; plane < p->planes; plane++) {
        double *sum = sums(X);
        pool_back(p, x, dy, sum);
        round_and_free(sum, dx, X);
        x += X;
        dy += Y;
        dx += X;
    }
}
