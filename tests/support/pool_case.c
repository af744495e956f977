#include "support/pool_case.h"

#include <math.h>
#include <stdio.h>

#include "support/draw.h"
#include "support/gradcheck.h"

/* 2x2 windows that tile the image: the library has a short way for them. */
static void draw_quarters(pool_case *c, cnn__random *r, int32_t image)
{
    naive_window *w = &c->naive.window;

    w->H = 2 * draw_between(r, 1, image / 2);
    w->W = 2 * draw_between(r, 1, image / 2);
    w->kernel_h = w->kernel_w = w->stride_h = w->stride_w = 2;
}

static void draw_window(pool_case *c, cnn__random *r, int32_t image)
{
    naive_window *w = &c->naive.window;
    cnn_pool2d_options *o = &c->options;

    w->H = draw_between(r, 1, image);
    w->W = draw_between(r, 1, image);
    w->kernel_h = draw_between(r, 1, 4);
    w->kernel_w = draw_between(r, 1, 4);
    o->stride_h = draw_between(r, 0, 4);
    o->stride_w = draw_between(r, 0, 4);
    w->stride_h = o->stride_h > 0 ? o->stride_h : w->kernel_h;
    w->stride_w = o->stride_w > 0 ? o->stride_w : w->kernel_w;
}

static void draw_padding(pool_case *c, cnn__random *r)
{
    naive_window *w = &c->naive.window;
    cnn_pool2d_options *o = &c->options;

    o->padding = draw_between(r, CNN_PAD_VALID, CNN_PAD_EXPLICIT);
    if (o->padding == CNN_PAD_EXPLICIT) {
        o->pad_top = w->top = draw_between(r, 0, w->kernel_h - 1);
        o->pad_bottom = w->bottom = draw_between(r, 0, w->kernel_h - 1);
        o->pad_left = w->left = draw_between(r, 0, w->kernel_w - 1);
        o->pad_right = w->right = draw_between(r, 0, w->kernel_w - 1);
    }
    if (o->padding == CNN_PAD_SAME || o->padding == CNN_PAD_SAME_LOWER) {
        naive_pad_same(w, o->padding == CNN_PAD_SAME_LOWER);
        return;
    }
    if (w->H < w->kernel_h)
        w->H = w->kernel_h;
    if (w->W < w->kernel_w)
        w->W = w->kernel_w;
}

void pool_case_draw(pool_case *c, bool average, bool small, uint64_t seed)
{
    naive_window *w = &c->naive.window;
    cnn__random r;

    draw_start(&r, seed);
    *c = (pool_case){.options.struct_size = sizeof(c->options)};
    c->naive.average = average;
    c->naive.include_pad = average && draw_between(&r, 0, 1) == 1;
    c->options.count_include_pad = c->naive.include_pad;
    c->N = draw_between(&r, 1, small ? 2 : 7);
    c->C = draw_between(&r, 1, small ? 2 : 5);
    c->naive.planes = c->N * c->C;
    w->dilation_h = w->dilation_w = 1;
    if (draw_between(&r, 0, 3) == 0) {
        draw_quarters(c, &r, small ? 6 : 50);
    } else {
        draw_window(c, &r, small ? 6 : 50);
        draw_padding(c, &r);
    }
    snprintf(c->what, sizeof(c->what),
             "%s, N %d, C %d, %dx%d, window %dx%d, stride %dx%d, padding %d "
             "%d %d %d, include_pad %d",
             average ? "average" : "max", c->N, c->C, w->H, w->W, w->kernel_h,
             w->kernel_w, w->stride_h, w->stride_w, w->top, w->bottom, w->left,
             w->right, c->naive.include_pad);
}

void pool_case_open(const pool_case *c, rig *r)
{
    const naive_window *w = &c->naive.window;
    cnn_layer *layer =
        c->naive.average
            ? cnn_avgpool2d_create(w->kernel_h, w->kernel_w, &c->options)
            : cnn_maxpool2d_create(w->kernel_h, w->kernel_w, &c->options);

    rig_open(r, layer, &(cnn_shape){c->C, w->H, w->W}, c->N);
    assert_int_equal(r->out.c, c->C);
    assert_int_equal(r->out.h, naive_out_h(w));
    assert_int_equal(r->out.w, naive_out_w(w));
}

void pool_case_assert_near(const pool_case *c, rig *r, double tolerance)
{
    float *y = new_floats(r->Y), *dx = new_floats(r->X);

    naive_pool_forward(&c->naive, r->x, y);
    naive_pool_backward(&c->naive, r->x, r->dy, dx);
    rig_forward(r);
    assert_near(r->y, y, r->Y, tolerance, 0);
    rig_backward(r);
    assert_near(r->dx, dx, r->X, tolerance, 0);
    test_free(y);
    test_free(dx);
}

void pool_case_check_gradients(const pool_case *c, uint64_t seed)
{
    rig r;

    pool_case_open(c, &r);
    gradcheck_fill(&r, seed);
    /* No two inputs within two steps: the step does not change the largest. */
    fill_distinct(r.x, r.X, 4 * GRADCHECK_STEP, seed);
    /* Shares like 1 / 9 are not exact, so nothing may cancel between windows
     * that overlap: all of one sign. */
    for (size_t i = 0; i < r.Y; i++)
        r.dy[i] = fabsf(r.dy[i]);
    gradcheck(&r, 0, c->what);
    rig_close(&r);
}
