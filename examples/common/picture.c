#include "common/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "common/failure.h"

int picture_read(const char *path, bool invert, int width, int height, float *x)
{
    const guint32 white = 0xffffff;
    GError *error = NULL;

    if (access(path, R_OK) != 0) {
        warn("%s: %s", path, strerror(errno));
        return EX_NOINPUT;
    }
    GdkPixbuf *file = gdk_pixbuf_new_from_file(path, &error);
    if (file == NULL) {
        warn("%s: %s", path, error->message);
        g_error_free(error);
        return EX_DATAERR;
    }
    /* Both at once: brought to size, and laid over white. */
    GdkPixbuf *fit = gdk_pixbuf_composite_color_simple(
        file, width, height, GDK_INTERP_BILINEAR, 255, 16, white, white);
    g_object_unref(file);
    if (fit == NULL)
        fail(EXIT_FAILURE, "out of memory");

    const guint8 *pixels = gdk_pixbuf_read_pixels(fit);
    const int stride = gdk_pixbuf_get_rowstride(fit);
    const int channels = gdk_pixbuf_get_n_channels(fit);
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++) {
            const guint8 *rgb = pixels + i * stride + j * channels;
            /* The luma of Rec. 601, in thousandths. */
            const int luma = 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2];
            const float grey = (float)luma / (255 * 1000);
            x[i * width + j] = invert ? 1 - grey : grey;
        }
    g_object_unref(fit);
    return 0;
}

int picture_write(const char *path, int width, int height, const float *x)
{
    GdkPixbuf *picture =
        gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, width, height);
    GError *error = NULL;
    int code = 0;

    if (picture == NULL)
        fail(EXIT_FAILURE, "out of memory");
    guint8 *pixels = gdk_pixbuf_get_pixels(picture);
    const int stride = gdk_pixbuf_get_rowstride(picture);
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++)
            memset(pixels + i * stride + 3 * j,
                   (int)(255 * x[i * width + j] + 0.5f), 3);
    if (!gdk_pixbuf_save(picture, path, "png", &error, NULL)) {
        warn("%s: %s", path, error->message);
        g_error_free(error);
        code = EX_CANTCREAT;
    }
    g_object_unref(picture);
    return code;
}
