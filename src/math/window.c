#include "math/window.h"

#include <stdbool.h>

#include "cnn/layer.h"

static const char *const padding_names[] = {"VALID", "SAME", "SAME_LOWER",
                                            "EXPLICIT"};

cnn_status cnn__window_check(const cnn__sliding *s, const char *what)
{
    if (s->kernel_h < 1 || s->kernel_w < 1)
        return cnn__fail(CNN_EINVAL, "%s %dx%d, expected at least 1x1", what,
                         s->kernel_h, s->kernel_w);
    if (s->stride_h < 1 || s->stride_w < 1)
        return cnn__fail(CNN_EINVAL, "stride %dx%d, expected at least 1x1",
                         s->stride_h, s->stride_w);
    if (s->dilation_h < 1 || s->dilation_w < 1)
        return cnn__fail(CNN_EINVAL, "dilation %dx%d, expected at least 1x1",
                         s->dilation_h, s->dilation_w);
    if (s->padding < CNN_PAD_VALID || s->padding > CNN_PAD_EXPLICIT)
        return cnn__fail(CNN_EINVAL, "padding %d, expected %d to %d",
                         s->padding, CNN_PAD_VALID, CNN_PAD_EXPLICIT);
    if (s->pad_top < 0 || s->pad_bottom < 0 || s->pad_left < 0 ||
        s->pad_right < 0)
        return cnn__fail(CNN_EINVAL,
                         "padding of %d, %d, %d, %d, expected at least 0",
                         s->pad_top, s->pad_bottom, s->pad_left, s->pad_right);
    if (s->padding != CNN_PAD_EXPLICIT &&
        (s->pad_top | s->pad_bottom | s->pad_left | s->pad_right) != 0)
        return cnn__fail(CNN_EINVAL,
                         "padding of %d, %d, %d, %d with %s padding, expected "
                         "EXPLICIT",
                         s->pad_top, s->pad_bottom, s->pad_left, s->pad_right,
                         padding_names[s->padding]);
    return CNN_OK;
}

/* How far a dilated kernel reaches. */
static int64_t reach(const cnn__axis *a)
{
    return (int64_t)(a->kernel - 1) * a->dilation + 1;
}

/* TensorFlow's SAME: as many outputs as strides in the input, with the least
 * padding; an odd zero goes to the end (SAME_LOWER: to the front). */
static cnn_status pad_same(cnn__axis *a, int32_t padding)
{
    const int64_t out = ((int64_t)a->in + a->stride - 1) / a->stride;
    const int64_t need = (out - 1) * a->stride + reach(a) - a->in;
    const int64_t pad = need > 0 ? need : 0;
    const int64_t less = pad / 2;

    if (pad > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%lld zeros of padding",
                         (long long)pad);
    a->before = (int32_t)(padding == CNN_PAD_SAME ? less : pad - less);
    a->after = (int32_t)(pad - a->before);
    return CNN_OK;
}

/* Sets a->out, 0 if the window does not fit. */
static cnn_status fit_axis(cnn__axis *a, int32_t padding)
{
    if (padding == CNN_PAD_SAME || padding == CNN_PAD_SAME_LOWER)
        CNN__TRY(pad_same(a, padding));
    const int64_t padded = (int64_t)a->in + a->before + a->after;
    const int64_t room = padded - reach(a);

    /* Also keeps index + padding within 32 bits in the inner loops. */
    if (padded > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW,
                         "an input of %d with %d + %d zeros of padding is "
                         "longer than %d",
                         a->in, a->before, a->after, INT32_MAX);
    a->out = room < 0 ? 0 : (int32_t)(room / a->stride + 1);
    return CNN_OK;
}

/* The settings of both axes; their sizes are 0. */
static cnn__window window_of(const cnn__sliding *s)
{
    return (cnn__window){
        .h = {.kernel = s->kernel_h,
              .stride = s->stride_h,
              .dilation = s->dilation_h,
              .before = s->pad_top,
              .after = s->pad_bottom},
        .w = {.kernel = s->kernel_w,
              .stride = s->stride_w,
              .dilation = s->dilation_w,
              .before = s->pad_left,
              .after = s->pad_right},
    };
}

cnn_status cnn__window_fit(cnn__window *window, const cnn__sliding *s,
                           const cnn_shape *in, const char *what)
{
    *window = window_of(s);
    window->h.in = in->h;
    window->w.in = in->w;
    CNN__TRY(fit_axis(&window->h, s->padding));
    CNN__TRY(fit_axis(&window->w, s->padding));
    if (window->h.out == 0 || window->w.out == 0)
        return cnn__fail(
            CNN_ESHAPE, "%s %dx%d%s does not fit input %dx%d with %s padding",
            what, s->kernel_h, s->kernel_w,
            s->dilation_h > 1 || s->dilation_w > 1 ? " (dilated)" : "", in->h,
            in->w, padding_names[s->padding]);
    return CNN_OK;
}

/* What one axis of a transposed window makes of `out`. */
static cnn_status grow_axis(int32_t *in, const cnn__axis *a, int32_t padding,
                            int32_t out, int32_t more)
{
    const bool same = padding == CNN_PAD_SAME || padding == CNN_PAD_SAME_LOWER;
    const int64_t size = same ? (int64_t)out * a->stride
                              : (int64_t)(out - 1) * a->stride + reach(a) -
                                    a->before - a->after + more;

    if (size < 1)
        return cnn__fail(CNN_ESHAPE,
                         "%d + %d zeros of padding leave nothing of the %lld "
                         "that a kernel of %d makes of %d",
                         a->before, a->after,
                         (long long)(size + a->before + a->after), a->kernel,
                         out);
    if (size > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "an output of %lld is longer than %d",
                         (long long)size, INT32_MAX);
    *in = (int32_t)size;
    return CNN_OK;
}

cnn_status cnn__window_transpose(cnn__window *window, const cnn__sliding *s,
                                 const cnn_shape *out, int32_t more_h,
                                 int32_t more_w)
{
    const cnn__window w = window_of(s);
    cnn_shape in = {.c = out->c};

    CNN__TRY(grow_axis(&in.h, &w.h, s->padding, out->h, more_h));
    CNN__TRY(grow_axis(&in.w, &w.w, s->padding, out->w, more_w));
    return cnn__window_fit(window, s, &in, "kernel");
}

static int64_t within(int64_t i, int64_t end)
{
    return i < 0 ? 0 : i > end ? end : i;
}

cnn__axis cnn__axis_part(const cnn__axis *axis, int32_t first, int32_t count,
                         int32_t *at)
{
    const int64_t begin = (int64_t)first * axis->stride - axis->before;
    const int64_t end =
        begin + (int64_t)(count - 1) * axis->stride + reach(axis);
    const int64_t from = within(begin, axis->in), to = within(end, axis->in);
    cnn__axis part = *axis;

    *at = (int32_t)from;
    part.in = (int32_t)(to - from);
    part.out = count;
    part.before = (int32_t)(from < to ? from - begin : end - begin);
    part.after = (int32_t)(from < to ? end - to : 0);
    return part;
}
