#include "support/conv_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/draw.h"
#include "support/gradcheck.h"

static void draw_table(conv_case *c, cnn__random *r)
{
    naive_conv *n = &c->naive;

    n->groups = 1;
    n->C = draw_between(r, 1, 6);
    n->F = draw_between(r, 1, 8);
    for (int32_t f = 0; f < n->F; f++) {
        for (int32_t ch = 0; ch < n->C; ch++)
            c->table[f * n->C + ch] = (uint8_t)draw_between(r, 0, 1);
        c->table[f * n->C + draw_between(r, 0, n->C - 1)] = 1;
    }
    n->table = c->table;
}

static void draw_groups(naive_conv *n, cnn__random *r, unsigned kind)
{
    n->groups = draw_between(r, 0, 2) > 0 ? 1 : draw_between(r, 2, 3);
    if (kind & CONV_GROUPS)
        n->groups = draw_between(r, 2, 4);
    else if (kind & (CONV_WINOGRAD | CONV_DIRECT))
        n->groups = 1;
    n->C = n->groups * draw_between(r, 1, 3);
    n->F = n->groups * draw_between(r, 1, 4);
}

/* What Winograd's method and direct kernels take: one channel, whole vectors,
 * some more. */
static void draw_square(conv_case *c, cnn__random *r, bool small)
{
    naive_conv *n = &c->naive;
    naive_window *w = &n->window;

    if (n->groups == 1 && n->table == NULL) {
        n->C = draw_between(r, 1, small ? 3 : 20);
        n->F = draw_between(r, 1, small ? 3 : 20);
    }
    w->kernel_h = w->kernel_w = draw_between(r, 0, 1) ? 3 : 5;
    w->stride_h = w->stride_w = w->dilation_h = w->dilation_w = 1;
}

/* What goes without columns. In one direction it may be both. */
static void draw_plain(naive_window *w, bool whole)
{
    w->kernel_h = whole ? w->H : 1;
    w->kernel_w = whole ? w->W : 1;
    w->dilation_h = w->dilation_w = 1;
    if (!whole)
        w->stride_h = w->stride_w = 1;
}

/* Brings the image up to what the window needs. */
static void grow_to_fit(naive_window *w)
{
    const int32_t need_h = (w->kernel_h - 1) * w->dilation_h + 1;
    const int32_t need_w = (w->kernel_w - 1) * w->dilation_w + 1;

    if (w->H + w->top + w->bottom < need_h)
        w->H = need_h - w->top - w->bottom;
    if (w->W + w->left + w->right < need_w)
        w->W = need_w - w->left - w->right;
}

static void draw_padding(conv_case *c, cnn__random *r)
{
    naive_window *w = &c->naive.window;
    cnn_conv2d_options *o = &c->options;

    o->padding = draw_between(r, CNN_PAD_VALID, CNN_PAD_EXPLICIT);
    if (o->padding == CNN_PAD_EXPLICIT) {
        o->pad_top = w->top = draw_between(r, 0, 4);
        o->pad_bottom = w->bottom = draw_between(r, 0, 4);
        o->pad_left = w->left = draw_between(r, 0, 4);
        o->pad_right = w->right = draw_between(r, 0, 4);
    }
    if (o->padding == CNN_PAD_SAME || o->padding == CNN_PAD_SAME_LOWER)
        naive_pad_same(w, o->padding == CNN_PAD_SAME_LOWER);
    else
        grow_to_fit(w);
}

/* Less padding than kernel, and two rows of outputs and inputs. */
static void fit_direct(conv_case *c)
{
    naive_window *w = &c->naive.window;
    cnn_conv2d_options *o = &c->options;
    const int32_t most = w->kernel_h - 1;

    if (o->padding == CNN_PAD_EXPLICIT) {
        o->pad_top = w->top = w->top < most ? w->top : most;
        o->pad_bottom = w->bottom = w->bottom < most ? w->bottom : most;
        o->pad_left = w->left = w->left < most ? w->left : most;
        o->pad_right = w->right = w->right < most ? w->right : most;
    }
    w->H += most + 1;
    w->W += most;
}

static void describe(conv_case *c)
{
    const naive_conv *n = &c->naive;
    const naive_window *w = &n->window;

    snprintf(c->what, sizeof(c->what),
             "N %d, C %d, %dx%d, F %d, kernel %dx%d, stride %dx%d, dilation "
             "%dx%d, padding %d %d %d %d, %s %d",
             n->N, n->C, w->H, w->W, n->F, w->kernel_h, w->kernel_w,
             w->stride_h, w->stride_w, w->dilation_h, w->dilation_w, w->top,
             w->bottom, w->left, w->right, n->table ? "table" : "groups",
             n->groups);
}

void conv_case_draw(conv_case *c, unsigned kind, uint64_t seed)
{
    const bool small = (kind & CONV_SMALL) != 0;
    naive_window *w = &c->naive.window;
    cnn__random r;

    draw_start(&r, seed);
    *c = (conv_case){.options.struct_size = sizeof(c->options)};
    if (kind & CONV_TABLE)
        draw_table(c, &r);
    else
        draw_groups(&c->naive, &r, kind);
    const int32_t kernel = small ? 3 : 5, image = small ? 5 : 13;
    w->H = draw_between(&r, 1, image);
    w->W = draw_between(&r, 1, image);
    w->kernel_h = draw_between(&r, 1, kernel);
    w->kernel_w = draw_between(&r, 1, kernel);
    w->stride_h = draw_between(&r, 1, 3);
    w->stride_w = draw_between(&r, 1, 3);
    w->dilation_h = draw_between(&r, 1, small ? 2 : 3);
    w->dilation_w = draw_between(&r, 1, small ? 2 : 3);
    if (kind & (CONV_WINOGRAD | CONV_DIRECT))
        draw_square(c, &r, small);
    if (kind & (CONV_POINTS | CONV_WHOLE))
        draw_plain(w, (kind & CONV_WHOLE) != 0);
    if (kind & CONV_WINOGRAD)
        c->options.algorithm = CNN_ALGORITHM_WINOGRAD;
    if (kind & CONV_DIRECT)
        c->options.algorithm = CNN_ALGORITHM_DIRECT;
    c->naive.N = draw_between(&r, 1, small ? 2 : 5);
    /* Many tiles of many samples; now and then a sample that fills a tile. */
    if (!small && draw_between(&r, 0, 3) == 0)
        c->naive.N = draw_between(&r, 30, 70);
    else if (!small && draw_between(&r, 0, 15) == 0 && !(kind & CONV_WHOLE))
        w->H = w->W = draw_between(&r, 40, 60);
    if (!(kind & (CONV_POINTS | CONV_WHOLE)))
        draw_padding(c, &r);
    if (kind & CONV_DIRECT)
        fit_direct(c);
    c->options.stride_h = w->stride_h;
    c->options.stride_w = w->stride_w;
    c->options.dilation_h = w->dilation_h;
    c->options.dilation_w = w->dilation_w;
    c->options.groups = c->naive.groups;
    c->options.flags = draw_between(&r, 0, 4) == 0 ? CNN_NO_BIAS : 0;
    describe(c);
}

void conv_case_flatten(conv_case *c)
{
    naive_window *w = &c->naive.window;
    cnn_conv2d_options *o = &c->options;

    w->H = w->kernel_h = w->stride_h = w->dilation_h = 1;
    w->top = w->bottom = 0;
    o->stride_h = o->dilation_h = 1;
    o->pad_top = o->pad_bottom = 0;
    describe(c);
}

cnn_layer *conv_same(int32_t filters, int32_t kernel, int32_t algorithm)
{
    return cnn_conv2d_create(
        filters, kernel, kernel,
        &(cnn_conv2d_options){.struct_size = sizeof(cnn_conv2d_options),
                              .padding = CNN_PAD_SAME,
                              .algorithm = algorithm});
}

void conv_case_open(const conv_case *c, rig *r)
{
    const naive_conv *n = &c->naive;
    cnn_layer *layer = cnn_conv2d_create(n->F, n->window.kernel_h,
                                         n->window.kernel_w, &c->options);

    if (n->table != NULL)
        assert_int_equal(cnn_conv2d_set_table(layer, n->F, n->C, n->table),
                         CNN_OK);
    rig_open(r, layer, &(cnn_shape){n->C, n->window.H, n->window.W}, n->N);
    assert_int_equal(r->out.c, n->F);
    assert_int_equal(r->out.h, naive_out_h(&n->window));
    assert_int_equal(r->out.w, naive_out_w(&n->window));
    assert_int_equal(r->P, naive_w_size(n) + conv_case_biases(c));
}

size_t conv_case_adjoint_biases(const conv_case *c)
{
    return c->options.flags & CNN_NO_BIAS ? 0 : (size_t)c->naive.C;
}

/* What a convolution along an axis leaves over. */
static int32_t rest_of(int32_t padded, int32_t kernel, int32_t dilation,
                       int32_t stride)
{
    return (padded - (kernel - 1) * dilation - 1) % stride;
}

/* Outputs of the convolution are as many as strides under SAME, if its input is
 * whole strides; else it is said in numbers. */
static cnn_conv2d_transpose_options adjoint_options(const conv_case *c)
{
    const naive_window *w = &c->naive.window;
    const cnn_conv2d_options *o = &c->options;
    cnn_conv2d_transpose_options t = {.struct_size = sizeof(t),
                                      .flags = o->flags,
                                      .stride_h = o->stride_h,
                                      .stride_w = o->stride_w,
                                      .dilation_h = o->dilation_h,
                                      .dilation_w = o->dilation_w,
                                      .groups = o->groups,
                                      .padding = o->padding,
                                      .algorithm = o->algorithm};
    const bool same =
        o->padding == CNN_PAD_SAME || o->padding == CNN_PAD_SAME_LOWER;

    if (same && w->H % w->stride_h == 0 && w->W % w->stride_w == 0)
        return t;
    t.output_padding_h = rest_of(w->H + w->top + w->bottom, w->kernel_h,
                                 w->dilation_h, w->stride_h);
    t.output_padding_w = rest_of(w->W + w->left + w->right, w->kernel_w,
                                 w->dilation_w, w->stride_w);
    if (o->padding == CNN_PAD_VALID)
        return t;
    t.padding = CNN_PAD_EXPLICIT;
    t.pad_top = w->top;
    t.pad_bottom = w->bottom;
    t.pad_left = w->left;
    t.pad_right = w->right;
    return t;
}

void conv_case_open_adjoint(const conv_case *c, rig *r)
{
    const naive_conv *n = &c->naive;
    const cnn_conv2d_transpose_options o = adjoint_options(c);

    rig_open(
        r,
        cnn_conv2d_transpose_create(n->C, n->window.kernel_h,
                                    n->window.kernel_w, &o),
        &(cnn_shape){n->F, naive_out_h(&n->window), naive_out_w(&n->window)},
        n->N);
    assert_int_equal(r->out.c, n->C);
    assert_int_equal(r->out.h, n->window.H);
    assert_int_equal(r->out.w, n->window.W);
    assert_int_equal(r->P, naive_w_size(n) + conv_case_adjoint_biases(c));
}

/* y is dx of the convolution, and a bias; dx is its output. */
void conv_case_want_adjoint(const conv_case *c, const rig *r, conv_wanted *want)
{
    const naive_conv *n = &c->naive;
    const size_t biases = conv_case_adjoint_biases(c);
    const size_t weights = naive_w_size(n);
    const size_t plane = (size_t)n->window.H * (size_t)n->window.W;
    const float *w = cnn_layer_params(r->layer);

    want->y = new_floats(r->Y);
    want->dx = new_floats(r->X);
    want->dp = new_floats(r->P);
    naive_conv_forward(n, r->dy, w, NULL, want->dx);
    naive_conv_backward(n, r->dy, w, r->x, want->dp, NULL, want->y);
    for (size_t f = 0; f < biases; f++) {
        double sum = 0.0;

        for (size_t i = 0; i < r->Y; i++)
            if (i / plane % biases == f) {
                want->y[i] += w[weights + f];
                sum += (double)r->dy[i];
            }
        want->dp[weights + f] = (float)sum;
    }
}

size_t conv_case_biases(const conv_case *c)
{
    return c->options.flags & CNN_NO_BIAS ? 0 : (size_t)c->naive.F;
}

void conv_case_want(const conv_case *c, const rig *r, conv_wanted *want)
{
    const bool biased = conv_case_biases(c) > 0;
    const size_t weights = naive_w_size(&c->naive);
    const float *w = cnn_layer_params(r->layer);

    want->y = new_floats(r->Y);
    want->dx = new_floats(r->X);
    want->dp = new_floats(r->P);
    naive_conv_forward(&c->naive, r->x, w, biased ? w + weights : NULL,
                       want->y);
    naive_conv_backward(&c->naive, r->x, w, r->dy, want->dp,
                        biased ? want->dp + weights : NULL, want->dx);
}

void conv_wanted_free(conv_wanted *want)
{
    test_free(want->y);
    test_free(want->dx);
    test_free(want->dp);
}

/* As assert_same_bits(), and names the case. The sign of a zero is that of the
 * last product for some BLAS, and of the sum for others: `got` is changed to
 * have none. */
static void expect(const conv_case *c, const char *array, float *got,
                   const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        got[i] += 0.0f;
    if (memcmp(got, want, n * sizeof(float)) != 0)
        print_error("%s of %s:\n", array, c->what);
    assert_same_bits(got, want, n);
}

void conv_case_assert_wanted(const conv_case *c, rig *r,
                             const conv_wanted *want)
{
    rig_forward(r);
    expect(c, "y", r->y, want->y, r->Y);
    rig_backward(r);
    expect(c, "dx", r->dx, want->dx, r->X);
    expect(c, "gradients", cnn_layer_grads(r->layer), want->dp, r->P);
}

void conv_case_assert_exact(const conv_case *c, uint64_t seed)
{
    conv_wanted want;
    rig r;

    conv_case_open(c, &r);
    rig_fill_integers(&r, 4, seed);
    conv_case_want(c, &r, &want);
    conv_case_assert_wanted(c, &r, &want);
    conv_wanted_free(&want);
    rig_close(&r);
}

void conv_case_check_gradients(const conv_case *c, uint64_t seed)
{
    rig r;

    conv_case_open(c, &r);
    gradcheck_fill(&r, seed);
    gradcheck(&r, conv_case_biases(c), c->what);
    rig_close(&r);
}

void conv_case_check_long_sums(const conv_case *c, rig *r)
{
    conv_wanted want;
    float most = 0.0f;

    rig_fill_uniform(r, 1);
    for (size_t i = 0; i < r->X; i++)
        r->x[i] = fabsf(r->x[i]);
    for (size_t i = 0; i < r->Y; i++)
        r->dy[i] = fabsf(r->dy[i]);
    conv_case_want(c, r, &want);
    rig_forward(r);
    rig_backward(r);
    for (size_t i = 0; i < r->P; i++)
        most = fmaxf(most, want.dp[i]);
    assert_near(cnn_layer_grads(r->layer), want.dp, r->P, 3e-6 * (double)most,
                0);
    conv_wanted_free(&want);
    rig_close(r);
}
