#include "images/picture.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "support/failure.h"

/* Checks, without decoding the file, whether it can be decoded: a small file
 * may be a picture that takes gigabytes. Returns 0, or, after a message, an
 * exit code. */
static int check_file(const char *path)
{
    struct stat about;
    int width, height;

    if (access(path, R_OK) != 0 || stat(path, &about) != 0) {
        warn("%s: %s", path, strerror(errno));
        return EX_NOINPUT;
    }
    /* The file is read twice; a pipe or a device can be read only once. */
    if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) {
        warn("%s: a pipe or a device; a picture has to be a file", path);
        return EX_NOINPUT;
    }
    if (gdk_pixbuf_get_file_info(path, &width, &height) != NULL &&
        ((gint64)width * height > PICTURE_MOST_PIXELS ||
         width > PICTURE_MOST_SIDE || height > PICTURE_MOST_SIDE)) {
        warn("%s: %d x %d pixels; a picture may have %d, as 8192 x 8192 are, "
             "and %d in a row or a column",
             path, width, height, PICTURE_MOST_PIXELS, PICTURE_MOST_SIDE);
        return EX_DATAERR;
    }
    return 0;
}

/* The picture of a file at that size, on white; NULL after a message, with an
 * exit code. */
static GdkPixbuf *open_picture(const char *path, int width, int height,
                               int *code)
{
    const guint32 white = 0xffffff;
    GError *error = NULL;

    *code = check_file(path);
    if (*code != 0)
        return NULL;
    GdkPixbuf *file = gdk_pixbuf_new_from_file(path, &error);
    if (file == NULL) {
        warn("%s: %s", path, error->message);
        g_error_free(error);
        *code = EX_DATAERR;
        return NULL;
    }
    GdkPixbuf *fit = gdk_pixbuf_composite_color_simple(
        file, width, height, GDK_INTERP_BILINEAR, 255, 16, white, white);
    g_object_unref(file);
    if (fit == NULL)
        fail(EXIT_FAILURE, "out of memory");
    *code = 0;
    return fit;
}

/* The value of a pixel in channel c of `channels`. */
static float channel(const guint8 *rgb, int c, int channels)
{
    /* The luma of Rec. 601, in thousandths. */
    if (channels == 1)
        return (float)(299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) /
               (255 * 1000);
    return (float)rgb[c] / 255;
}

int picture_read(const char *path, bool invert, const cnn_shape *shape,
                 float *x)
{
    int code;
    GdkPixbuf *picture = open_picture(path, shape->w, shape->h, &code);

    if (picture == NULL)
        return code;
    const guint8 *pixels = gdk_pixbuf_read_pixels(picture);
    const int stride = gdk_pixbuf_get_rowstride(picture);
    const int bytes = gdk_pixbuf_get_n_channels(picture);
    for (int c = 0; c < shape->c; c++)
        for (int i = 0; i < shape->h; i++)
            for (int j = 0; j < shape->w; j++) {
                const float value =
                    channel(pixels + i * stride + j * bytes, c, shape->c);
                *x++ = invert ? 1 - value : value;
            }
    g_object_unref(picture);
    return 0;
}

GString *picture_png(int width, int height, const float *x)
{
    GdkPixbuf *picture =
        gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, width, height);
    gchar *png = NULL;
    gsize size = 0;

    if (picture == NULL)
        fail(EXIT_FAILURE, "out of memory");
    guint8 *pixels = gdk_pixbuf_get_pixels(picture);
    const int stride = gdk_pixbuf_get_rowstride(picture);
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++)
            memset(pixels + i * stride + 3 * j,
                   (int)(255 * picture_grey(x[i * width + j]) + 0.5f), 3);
    if (!gdk_pixbuf_save_to_buffer(picture, &png, &size, "png", NULL, NULL))
        fail(EXIT_FAILURE, "out of memory");
    g_object_unref(picture);
    GString *file = g_string_new_len(png, (gssize)size);
    g_free(png);
    return file;
}

float picture_grey(float x)
{
    return x > 0 ? fminf(x, 1) : 0; /* 0 for NaN, too */
}
