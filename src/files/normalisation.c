/* How inputs are normalised, in the metadata of a net. */
#include <math.h>
#include <string.h>

#include "data/values.h"
#include "files/json_read.h"
#include "net/net_impl.h"

#define DIGITS 9 /* after which a float is the same again */

/* ------------------------------------------------------------- writing --- */

/* Adds an array of numbers; false if memory is short. */
static bool put_numbers(json_t *object, const char *name, const float *values,
                        int32_t count)
{
    json_t *array = json_array();
    bool good = array != NULL;

    for (int32_t i = 0; good && i < count; i++)
        good = json_array_append_new(array, json_real((double)values[i])) == 0;
    /* Takes the array, also if it fails. */
    return json_object_set_new(object, name, array) == 0 && good;
}

/* The text of the key, to be freed with cnn__free(); NULL and CNN_ENOMEM. */
static char *describe(int32_t count, const float *mean, const float *deviation)
{
    const size_t flags = JSON_REAL_PRECISION(DIGITS);
    json_t *object = json_object();
    char *text = NULL;
    size_t size = 0;

    if (object != NULL && put_numbers(object, "mean", mean, count) &&
        put_numbers(object, "deviation", deviation, count))
        size = json_dumpb(object, NULL, 0, flags);
    if (size > 0)
        text = cnn__alloc(size + 1);
    if (text != NULL && json_dumpb(object, text, size, flags) == size) {
        text[size] = '\0';
    } else {
        cnn__free(text);
        text = NULL;
        cnn__fail(CNN_ENOMEM, "net_set_normalisation: out of memory");
    }
    json_decref(object);
    return text;
}

cnn_status cnn_net_set_normalisation(cnn_net *net, int32_t channel_count,
                                     const float *mean, const float *deviation)
{
    if (net == NULL)
        return cnn__fail_null(CNN__NET, "net_set_normalisation");
    if (channel_count == 0)
        return cnn_net_set_metadata(net, CNN_NORMALISATION, NULL);
    if (channel_count < 0 || mean == NULL || deviation == NULL)
        return cnn__fail(CNN_EINVAL,
                         "net_set_normalisation: %d channels, mean %s, "
                         "deviation %s",
                         channel_count, mean != NULL ? "given" : "NULL",
                         deviation != NULL ? "given" : "NULL");
    if (net->built && channel_count != net->in.c)
        return cnn__fail(CNN_ESHAPE,
                         "net_set_normalisation: %d channels, but the net "
                         "takes %dx%dx%d",
                         channel_count, net->in.c, net->in.h, net->in.w);
    CNN__TRY(cnn__check_normalisation(mean, deviation, channel_count,
                                      "net_set_normalisation"));
    char *text = describe(channel_count, mean, deviation);
    if (text == NULL)
        return cnn_last_status();
    const cnn_status status =
        cnn_net_set_metadata(net, CNN_NORMALISATION, text);
    cnn__free(text);
    return status;
}

/* ------------------------------------------------------------- reading --- */

/* The value of the key is no such thing. */
static cnn_status fail_format(const char *why)
{
    return cnn__fail(CNN_EFORMAT,
                     "the metadata's %s, expected {\"mean\": [...], "
                     "\"deviation\": [...]}: %s",
                     CNN_NORMALISATION, why);
}

/* Reads one of the two lists; (count) `to`. */
static cnn_status get_numbers(const json_t *object, const char *name,
                              int32_t count, float *to)
{
    const json_t *array = json_object_get(object, name);

    if (!json_is_array(array))
        return fail_format("a list is missing");
    if (json_array_size(array) != (size_t)count)
        return cnn__fail(CNN_ESHAPE,
                         "the metadata's %s has %s of %zu channels, expected "
                         "%d",
                         CNN_NORMALISATION, name, json_array_size(array),
                         count);
    for (int32_t i = 0; i < count; i++) {
        const json_t *number = json_array_get(array, (size_t)i);

        if (!json_is_number(number))
            return fail_format("not all are numbers");
        to[i] = (float)json_number_value(number);
    }
    return CNN_OK;
}

/* Both lists, (2, count) `to`, from the value of the key. */
static cnn_status parse(const char *text, int32_t count, float *to)
{
    json_t *object = cnn__json_read(text, strlen(text));

    if (object == NULL) {
        cnn__fail_where("the metadata's %s", CNN_NORMALISATION);
        return cnn_last_status();
    }
    cnn_status status = get_numbers(object, "mean", count, to);
    if (status == CNN_OK)
        status = get_numbers(object, "deviation", count, to + count);
    json_decref(object);
    if (status != CNN_OK)
        return status;
    for (int32_t i = 0; i < count; i++)
        if (!isfinite(to[i]) || !isfinite(to[count + i]) ||
            !(to[count + i] > 0.0f))
            return fail_format("a number is infinite, or a deviation is not "
                               "above 0");
    return CNN_OK;
}

/* Both, to be freed, if the metadata have them. */
static cnn_status read_norms(const cnn_net *net, int32_t count, float **norms)
{
    const char *text = cnn_net_metadata(net, CNN_NORMALISATION);

    *norms = NULL;
    if (text == NULL)
        return CNN_OK;
    float *read = cnn__alloc(cnn__size_mul3(2, (size_t)count, sizeof(float)));
    if (read == NULL)
        return cnn_last_status();
    const cnn_status status = parse(text, count, read);
    if (status == CNN_OK)
        *norms = read;
    else
        cnn__free(read);
    return status;
}

cnn_status cnn_net_normalisation(const cnn_net *net, int32_t channel_count,
                                 float *mean, float *deviation)
{
    const size_t size = (size_t)channel_count * sizeof(float);
    float *norms;

    if (net == NULL)
        return cnn__fail_null(CNN__NET, "net_normalisation");
    if (channel_count < 1 || mean == NULL || deviation == NULL)
        return cnn__fail(CNN_EINVAL,
                         "net_normalisation: %d channels, mean %s, deviation "
                         "%s",
                         channel_count, mean != NULL ? "given" : "NULL",
                         deviation != NULL ? "given" : "NULL");
    CNN__TRY(read_norms(net, channel_count, &norms));
    if (norms == NULL)
        return cnn__fail(CNN_ESTATE, "net_normalisation: the metadata have no "
                                     "key " CNN_NORMALISATION);
    memcpy(mean, norms, size);
    memcpy(deviation, norms + channel_count, size);
    cnn__free(norms);
    return CNN_OK;
}

cnn_status cnn_net_normalise(const cnn_net *net, int64_t count, float *x)
{
    float *norms;

    CNN__TRY(cnn__net_check_built(net));
    if (count < 0 || (x == NULL && count > 0))
        return cnn__fail(CNN_EINVAL, "net_normalise: %lld inputs%s",
                         (long long)count, x == NULL ? ", x is NULL" : "");
    CNN__TRY(read_norms(net, net->in.c, &norms));
    if (norms == NULL)
        return CNN_OK;
    cnn__images_normalise(norms, norms + net->in.c, (size_t)net->in.c,
                          (size_t)net->in.h * (size_t)net->in.w, (size_t)count,
                          x);
    cnn__free(norms);
    return CNN_OK;
}
