/* Classifies any pictures with any model file. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "running/recognise.h"
#include "running/run_options.h"
#include "support/csv.h"
#include "support/failure.h"
#include "support/output.h"
#include "support/text.h"

typedef struct settings {
    run_options run; /* only its name and its threads are used */
    const char *model;
    char **images;
    int32_t image_count;
    reading reading;
    bool has_margin, has_pixels;
    const char *labels;
    int32_t top;
    bool csv;
} settings;

enum { INVERT = 1, MARGIN, PIXELS, LABELS, TOP, CSV, THREADS };

/* clang-format off */
static const struct argp_option options[] = {
    {0, 0, 0, 0, "Reading images:", 1},
    {"invert", INVERT, 0, 0, "the images are dark on light", 0},
    {"margin", MARGIN, "N", 0, "leave N pixels at each edge black "
     "[as the model says, or 0]", 0},
    {"pixels", PIXELS, "LOW:HIGH", 0, "the values of black and white "
     "[as the model says, or 0:1]", 0},

    {0, 0, 0, 0, "Answering:", 2},
    {"labels", LABELS, "FILE", 0, "names of the classes, one a line", 0},
    {"top", TOP, "N", 0, "print the N best classes [all]", 0},
    {"csv", CSV, 0, 0, "print a table: image,class,outputs", 0},
    {"threads", THREADS, "N", 0, "threads to use [all cores]", 0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

static void parse_pixels(settings *s, const char *text,
                         struct argp_state *state)
{
    char *colon, *end;
    const float low = strtof(text, &colon);
    const float high = *colon == ':' ? strtof(colon + 1, &end) : 0;

    if (colon == text || *colon != ':' || end == colon + 1 || *end != '\0' ||
        !isfinite(low) || !isfinite(high) || !(low < high))
        argp_error(state,
                   "--pixels '%s': expected two numbers, the lower "
                   "first, as 0:1",
                   text);
    s->reading.pixels.low = low;
    s->reading.pixels.high = high;
    s->has_pixels = true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    settings *s = state->input;

    switch (key) {
    case INVERT:
        s->reading.invert = true;
        break;
    case MARGIN:
        s->reading.pixels.margin = option_whole(state, "margin", arg, 0, 1000);
        s->has_margin = true;
        break;
    case PIXELS:
        parse_pixels(s, arg, state);
        break;
    case LABELS:
        s->labels = arg;
        break;
    case TOP:
        s->top = option_whole(state, "top", arg, 1, INT32_MAX);
        break;
    case CSV:
        s->csv = true;
        break;
    case THREADS:
        s->run.threads =
            option_whole(state, "threads", arg, 1, CNN_MAX_THREADS);
        break;
    case ARGP_KEY_ARG:
        if (s->model == NULL)
            s->model = arg;
        else
            s->images[s->image_count++] = arg;
        break;
    case ARGP_KEY_END:
        if (s->image_count == 0)
            argp_error(state, "expected a model and at least one image");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ------------------------------------------------------------- labels --- */

/* The lines of a file, which must have `count` of them; NULL without a file. */
static char **read_labels(const char *path, int32_t count)
{
    char *line = NULL;
    size_t capacity = 0;
    int32_t i = 0;

    if (path == NULL)
        return NULL;
    char **names = allocate((size_t)count, sizeof(*names));
    FILE *stream = fopen(path, "r");
    if (stream == NULL)
        fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
    while (i < count && getline(&line, &capacity, stream) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        names[i++] = printable(line);
    }
    free(line);
    fclose(stream);
    if (i < count)
        fail(EX_DATAERR, "%s: %d names, the model has %d classes", path, (int)i,
             (int)count);
    return names;
}

static void free_labels(char **names, int32_t count)
{
    for (int32_t i = 0; names != NULL && i < count; i++)
        g_free(names[i]);
    free(names);
}

/* ------------------------------------------------------------ answers --- */

static void print_name(char **names, int32_t k)
{
    if (names != NULL)
        fputs(names[k], stdout);
    else
        printf("%d", (int)k);
}

static void print_row(const char *path, char **names, const float *y,
                      int32_t classes, int32_t answer)
{
    GString *row = g_string_new(NULL);

    csv_field(row, "%s", path);
    if (names != NULL)
        csv_field(row, "%s", names[answer]);
    else
        csv_field(row, "%d", (int)answer);
    for (int32_t k = 0; k < classes; k++)
        csv_field(row, "%.6g", (double)y[k]);
    csv_end(row);
    fputs(row->str, stdout);
    g_string_free(row, TRUE);
}

/* Prints the `top` best outputs, the best first: each time the best one that is
 * not printed yet. */
static void print_answer(const char *path, char **names, float *y,
                         int32_t classes, int32_t top, bool smallest)
{
    const float sign = smallest ? -1 : 1;

    for (int32_t n = 0; n < top && n < classes; n++) {
        int32_t best = -1;

        for (int32_t k = 0; k < classes; k++)
            if (!isnan(y[k]) && (best < 0 || sign * y[k] > sign * y[best]))
                best = k;
        if (best < 0)
            return;
        if (n == 0) {
            char *name = printable(path);

            printf("image: %s recognised as ", name);
            g_free(name);
            print_name(names, best);
            putchar('\n');
        }
        printf("  ");
        print_name(names, best);
        printf("  %.6f\n", (double)y[best]);
        y[best] = NAN;
    }
}

static int answer_all(const settings *s, cnn_net *net)
{
    const int32_t classes = output_count(net);
    const bool smallest = smallest_wins(net);
    char **names = read_labels(s->labels, classes);
    float *y = allocate((size_t)classes, sizeof(float));
    int code = 0;

    for (int32_t i = 0; i < s->image_count; i++) {
        int32_t answer;
        const int failed =
            recognise(net, s->images[i], &s->reading, y, &answer);

        code = worse(code, failed);
        if (failed != 0)
            continue;
        if (s->csv)
            print_row(s->images[i], names, y, classes, answer);
        else
            print_answer(s->images[i], names, y, classes,
                         s->top > 0 ? s->top : classes, smallest);
    }
    free(y);
    free_labels(names, classes);
    return code;
}

/* Loads the model. Its metadata say how pictures are to be read, if the command
 * line does not. */
static cnn_net *load(settings *s)
{
    cnn_net *net = cnn_net_load(s->model, 1);
    pixels *p = &s->reading.pixels;
    cnn_shape in;

    if (net == NULL)
        check(cnn_last_status(), s->model);
    const pixels said = pixels_of(net);
    if (!s->has_margin)
        p->margin = said.margin;
    if (!s->has_pixels) {
        p->low = said.low;
        p->high = said.high;
    }
    /* Of nothing: is what the metadata say about it possible? */
    check(cnn_net_normalise(net, 0, NULL), s->model);
    check(cnn_net_in_shape(net, &in), NULL);
    const int32_t margin = p->margin;
    if (in.c != 1 && in.c != 3)
        fail(EX_DATAERR, "%s: takes %d channels; pictures have 1 or 3",
             s->model, (int)in.c);
    if (2 * margin >= in.h || 2 * margin >= in.w)
        fail(EX_DATAERR, "%s: takes %d x %d pixels; a margin of %d leaves none",
             s->model, (int)in.h, (int)in.w, (int)margin);
    return net;
}

int main(int argc, char **argv)
{
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "MODEL IMAGE...",
        .doc = "Classifies pictures of any size and kind with a model that a "
               "program of libcnn has saved. A picture may have "
               "67108864 pixels, as 8192 x 8192 are, and 32768 in a row or a "
               "column."};
    settings s = {.images = allocate((size_t)argc, sizeof(char *))};

    options_parse(&argp, &s.run, argc, argv, &s);
    cnn_net *net = load(&s);
    const int code = answer_all(&s, net);
    cnn_net_free(net);
    free(s.images);
    return worse(code, close_output());
}
