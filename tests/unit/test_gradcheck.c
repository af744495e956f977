/* The gradient checker, checked: gradients that are wrong in the ways in which
 * people get them wrong. It must catch every one, and pass the right ones. */
#include "support/conv_case.h"
#include "support/gradcheck.h"

typedef enum mistake {
    RIGHT,
    DX_SIGN,          /* -dx */
    DX_NOT_FLIPPED,   /* dx with the kernel turned round */
    DX_TRANSPOSED,    /* dx with the kernel's rows as columns */
    DX_OVERWRITES,    /* dx =, not +=, where windows overlap */
    DX_FIRST_FILTER,  /* dx without the sum over filters */
    DX_WRONG_GROUP,   /* dx with the weights of the other group */
    DX_PAD_OFF_BY_1,  /* dx one column to the side */
    DW_SIGN,          /* -dW */
    DW_MISSING_TAP,   /* the last position of the kernel left out */
    DW_FIRST_SAMPLE,  /* dW not summed over the batch */
    DW_PAD_OFF_BY_1,  /* dW with x one column to the side */
    DW_NO_STRIDE,     /* dW as if the stride were 1 */
    DW_LAST_ROW_LEFT, /* the last row of outputs left out */
    DW_OVER_N,        /* dW / N */
    DW_0_2_PERCENT,   /* dW 0.2 % too large */
    DB_FIRST_SAMPLE,  /* db not summed over the batch */
    DB_OVER_PIXELS,   /* db as a mean */
    DB_SWAPPED,       /* the biases of two filters taken for each other */
    BUGS
} mistake;

/* Two groups of 2 channels and 2 filters, 3x3, stride 2, two samples. */
static const naive_conv conv = {
    .window = {.H = 7,
               .W = 6,
               .kernel_h = 3,
               .kernel_w = 3,
               .stride_h = 2,
               .stride_w = 2,
               .dilation_h = 1,
               .dilation_w = 1,
               .top = 1,
               .bottom = 1,
               .left = 1,
               .right = 1},
    .N = 2,
    .C = 4,
    .F = 4,
    .groups = 2,
};
#define KERNEL  9
#define KERNELS 8 /* 4 filters x 2 channels of their group */

typedef struct attempt {
    mistake bug;
    const rig *r;
    const float *w;
    float *dw, *dx;
} attempt;

static size_t wrong_weight(const attempt *c, const naive_tap *t)
{
    const size_t kernel = t->w / KERNEL * KERNEL;

    if (c->bug == DX_NOT_FLIPPED)
        return kernel + KERNEL - 1 - t->w % KERNEL;
    if (c->bug == DX_TRANSPOSED)
        return kernel + (size_t)(t->v * 3 + t->u);
    if (c->bug == DX_WRONG_GROUP)
        return (t->w + KERNELS / 2 * KERNEL) % (KERNELS * KERNEL);
    return t->w;
}

static void add_dx(attempt *c, const naive_tap *t)
{
    const float part = c->r->dy[t->y] * c->w[wrong_weight(c, t)];
    const size_t at = c->bug == DX_PAD_OFF_BY_1 ? (t->x + 1) % c->r->X : t->x;

    if (c->bug == DX_FIRST_FILTER && t->f % 2 != 0)
        return;
    if (c->bug == DX_OVERWRITES)
        c->dx[at] = part;
    else
        c->dx[at] += c->bug == DX_SIGN ? -part : part;
}

static void add_dw(attempt *c, const naive_tap *t)
{
    size_t x = t->x;
    float scale = 1.0f;

    if ((c->bug == DW_MISSING_TAP && t->u == 2 && t->v == 2) ||
        (c->bug == DW_FIRST_SAMPLE && t->n > 0) ||
        (c->bug == DW_LAST_ROW_LEFT && t->i == 3))
        return;
    if (c->bug == DW_PAD_OFF_BY_1)
        x = (x + 1) % c->r->X;
    if (c->bug == DW_NO_STRIDE)
        x -= (size_t)(t->j < 2 ? t->j : 0);
    if (c->bug == DW_SIGN)
        scale = -1.0f;
    if (c->bug == DW_OVER_N)
        scale = 0.5f;
    if (c->bug == DW_0_2_PERCENT)
        scale = 1.002f;
    c->dw[t->w] += scale * c->r->dy[t->y] * c->r->x[x];
}

static void add_tap(void *data, const naive_tap *t)
{
    add_dx(data, t);
    add_dw(data, t);
}

static void sum_biases(mistake bug, const rig *r, float *db)
{
    const size_t pixels = (size_t)r->out.h * (size_t)r->out.w;
    const size_t used = bug == DB_FIRST_SAMPLE ? r->Y / 2 : r->Y;

    for (size_t i = 0; i < used; i++) {
        size_t f = i / pixels % 4;
        if (bug == DB_SWAPPED && f < 2)
            f = 1 - f;
        db[f] += bug == DB_OVER_PIXELS ? r->dy[i] / (float)pixels : r->dy[i];
    }
}

static void open_conv(rig *r)
{
    const naive_window *w = &conv.window;

    rig_open(r,
             cnn_conv2d_create(conv.F, w->kernel_h, w->kernel_w,
                               &(cnn_conv2d_options){
                                   .struct_size = sizeof(cnn_conv2d_options),
                                   .stride_h = w->stride_h,
                                   .stride_w = w->stride_w,
                                   .groups = conv.groups,
                                   .padding = CNN_PAD_EXPLICIT,
                                   .pad_top = w->top,
                                   .pad_bottom = w->bottom,
                                   .pad_left = w->left,
                                   .pad_right = w->right}),
             &(cnn_shape){conv.C, w->H, w->W}, conv.N);
    rig_fill_uniform(r, 5);
}

static gradient_errors errors_of(mistake bug, rig *r)
{
    static float dx[2 * 4 * 7 * 6], dp[KERNELS * KERNEL + 4];
    attempt c = {bug, r, cnn_layer_params(r->layer), dp, dx};

    assert_int_equal(r->X, sizeof(dx) / sizeof(dx[0]));
    assert_int_equal(r->P, sizeof(dp) / sizeof(dp[0]));
    for (size_t i = 0; i < r->X; i++)
        dx[i] = 0.0f;
    for (size_t i = 0; i < r->P; i++)
        dp[i] = 0.0f;
    naive_conv_each(&conv, add_tap, &c);
    sum_biases(bug, r, dp + KERNELS * KERNEL);
    return gradcheck_claim(r, &(gradients){dx, dp, 4});
}

static int wrong(double error)
{
    return !(error <= GRADCHECK_TOLERANCE);
}

/* Nothing is off: then the loops above are right when no bug is asked for, and
 * what the next test sees comes from the bug alone. */
static void passes_what_is_right(void **state)
{
    rig r;

    (void)state;
    open_conv(&r);
    const gradient_errors e = errors_of(RIGHT, &r);
    assert_false(wrong(e.dx) || wrong(e.dw) || wrong(e.db));
    gradcheck(&r, 4, "the layer itself");
    rig_close(&r);
}

/* Each bug is seen in the gradient that has it, and in no other. */
static void catches_every_bug(void **state)
{
    rig r;

    (void)state;
    open_conv(&r);
    for (mistake bug = RIGHT + 1; bug < BUGS; bug++) {
        const gradient_errors e = errors_of(bug, &r);
        const int in_dx = bug < DW_SIGN, in_db = bug >= DB_FIRST_SAMPLE;

        if (wrong(e.dx) != in_dx || wrong(e.db) != in_db ||
            wrong(e.dw) != (!in_dx && !in_db))
            fail_msg("bug %d: errors dx %g, dW %g, db %g", bug, e.dx, e.dw,
                     e.db);
    }
    rig_close(&r);
}

/* A claim where there is no slope, and NaN, are errors. */
static void catches_nonsense(void **state)
{
    float dx[] = {0, 0};
    rig r;

    (void)state;
    rig_open(&r, cnn_activation_create(CNN_RELU, NULL), &(cnn_shape){2, 1, 1},
             1);
    r.x[0] = r.x[1] = -1.0f;
    r.dy[0] = r.dy[1] = 1.0f;
    const gradients claim = {dx, NULL, 0};
    assert_false(wrong(gradcheck_claim(&r, &claim).dx));
    dx[1] = 1e-3f;
    assert_true(wrong(gradcheck_claim(&r, &claim).dx));
    dx[1] = 0.0f / 0.0f;
    assert_true(wrong(gradcheck_claim(&r, &claim).dx));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_what_is_right),
        cmocka_unit_test(catches_every_bug),
        cmocka_unit_test(catches_nonsense),
    };

    return cmocka_run_group_tests_name("gradcheck", tests, NULL, NULL);
}
