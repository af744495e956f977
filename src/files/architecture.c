#include "files/architecture.h"

#include <string.h>

#include "cnn/graph.h"

/* -------------------------------------------------------- describing --- */

static json_t *describe_field(const cnn_layer *layer, const cnn__field *field)
{
    const char *at = (const char *)layer + field->offset;
    int32_t integer;
    float real;

    if (field->type == CNN__INT) {
        memcpy(&integer, at, sizeof(integer));
        return json_integer(integer);
    }
    memcpy(&real, at, sizeof(real));
    return json_real((double)real);
}

/* Describes the connection table as strings of 0 and 1, one for each filter. */
static int describe_table(const cnn_layer *layer, json_t *json)
{
    int32_t rows, columns;
    const uint8_t *table = layer->ops->table != NULL
                               ? layer->ops->table->get(layer, &rows, &columns)
                               : NULL;
    json_t *list;
    int bad = 0;

    if (table == NULL)
        return 0;
    list = json_array();
    char *row = cnn__alloc((size_t)columns);
    for (int32_t r = 0; r < rows && row != NULL; r++) {
        for (int32_t c = 0; c < columns; c++)
            row[c] = table[(size_t)r * (size_t)columns + (size_t)c] ? '1' : '0';
        bad |= json_array_append_new(list, json_stringn(row, (size_t)columns));
    }
    bad |= row == NULL;
    cnn__free(row);
    return bad | json_object_set_new(json, "table", list);
}

/* A layer of the program's own is {"kind": "custom", "name": ., "settings": .}.
 */
static int describe_kind(const cnn_layer *layer, json_t *json)
{
    const cnn__custom_ops *custom = layer->ops->custom;
    const char *kind = layer->ops->kind;

    if (custom == NULL)
        return json_object_set_new(json, "kind", json_string(kind));
    return json_object_set_new(json, "kind", json_string("custom")) |
           json_object_set_new(json, "name", json_string(kind)) |
           json_object_set_new(json, "settings",
                               json_string(custom->settings(layer)));
}

/* Which outputs a layer takes, unless it is only that of the one before: stacks
 * are described as they always were. */
static int describe_sources(const cnn_layer *layer, json_t *json)
{
    json_t *list;
    int bad = 0;

    if (layer->ops->join == NULL)
        return layer->from[0] == layer->index - 1
                   ? 0
                   : json_object_set_new(json, "from",
                                         json_integer(layer->from[0]));
    list = json_array();
    for (int32_t k = 0; k < layer->from_count; k++)
        bad |= json_array_append_new(list, json_integer(layer->from[k]));
    return bad | json_object_set_new(json, "from", list);
}

static int describe_layer(const cnn_layer *layer, json_t *list)
{
    json_t *json = json_object();
    int bad = describe_kind(layer, json);

    for (int32_t i = 0; i < layer->ops->field_count; i++) {
        const cnn__field *field = &layer->ops->fields[i];
        if (field->type != CNN__UNSTORED)
            bad |= json_object_set_new(json, field->name,
                                       describe_field(layer, field));
    }
    bad |= describe_table(layer, json) | describe_sources(layer, json);
    return bad | json_array_append_new(list, json);
}

/* Only what is not the default: other files are as they always were. */
static int describe_loss(const cnn_net *net, json_t *json)
{
    const cnn_loss_options *o = &net->loss_options;
    int bad = 0;

    if (o->label_smoothing != 0.0f)
        bad |= json_object_set_new(json, "label_smoothing",
                                   json_real((double)o->label_smoothing));
    if (o->huber_delta != 1.0f)
        bad |= json_object_set_new(json, "huber_delta",
                                   json_real((double)o->huber_delta));
    return bad;
}

json_t *cnn__architecture_describe(const cnn_net *net)
{
    json_t *list = json_array();
    int bad = list == NULL;

    for (int32_t i = 0; i < net->count; i++)
        bad |= describe_layer(net->layers[i], list);
    json_t *json = json_pack("{s:[i,i,i], s:i, s:i, s:o}", "input", net->in.c,
                             net->in.h, net->in.w, "loss", net->loss,
                             "reduction", net->reduction, "layers", list);
    if (json != NULL && bad == 0 && describe_loss(net, json) == 0)
        return json;
    json_decref(json);
    cnn__fail(CNN_ENOMEM, "no memory to describe the net");
    return NULL;
}

/* ----------------------------------------------------------- reading --- */

static const cnn__field *find_field(const cnn__layer_ops *ops, const char *name)
{
    for (int32_t i = 0; i < ops->field_count; i++)
        if (strcmp(ops->fields[i].name, name) == 0 &&
            ops->fields[i].type != CNN__UNSTORED)
            return &ops->fields[i];
    return NULL;
}

/* Reads a whole number that fits int32_t; a cast would truncate others. */
static bool read_int(const json_t *value, int32_t *to)
{
    const json_int_t wide = json_integer_value(value);

    *to = (int32_t)wide;
    return json_is_integer(value) && *to == wide;
}

static cnn_status read_field(cnn_layer *layer, const cnn__field *field,
                             const json_t *value)
{
    char *at = (char *)layer + field->offset;
    const float real = (float)json_number_value(value);
    int32_t integer;

    if (field->type == CNN__INT && read_int(value, &integer)) {
        memcpy(at, &integer, sizeof(integer));
        return CNN_OK;
    }
    if (field->type == CNN__FLOAT && json_is_number(value)) {
        memcpy(at, &real, sizeof(real));
        return CNN_OK;
    }
    return cnn__fail(CNN_EFORMAT, "%s is no number of its kind", field->name);
}

/* Are all rows strings of `columns` bytes? */
static bool is_table(const json_t *list, size_t columns)
{
    const size_t rows = json_array_size(list);

    for (size_t r = 0; r < rows; r++) {
        const json_t *row = json_array_get(list, r);
        if (!json_is_string(row) || json_string_length(row) != columns)
            return false;
    }
    return rows > 0 && rows <= INT32_MAX && columns > 0 && columns <= INT32_MAX;
}

static cnn_status read_table(cnn_layer *layer, const json_t *list)
{
    const size_t rows = json_array_size(list);
    const size_t columns = json_string_length(json_array_get(list, 0));

    if (layer->ops->table == NULL)
        return cnn__fail(CNN_EFORMAT, "a table where there can be none");
    if (!is_table(list, columns))
        return cnn__fail(CNN_EFORMAT, "the table is not described well");
    uint8_t *table = cnn__alloc(cnn__size_mul(rows, columns));
    if (table == NULL)
        return cnn_last_status();
    for (size_t r = 0; r < rows; r++) {
        const char *row = json_string_value(json_array_get(list, r));
        for (size_t c = 0; c < columns; c++) /* checked by set_table */
            table[r * columns + c] = (uint8_t)(row[c] - '0');
    }
    const cnn_status status =
        layer->ops->table->set(layer, (int32_t)rows, (int32_t)columns, table);
    cnn__free(table);
    return status;
}

static cnn_status read_settings(cnn_layer *layer, json_t *json)
{
    const char *name;
    json_t *value;

    json_object_foreach(json, name, value)
    {
        const cnn__field *field = find_field(layer->ops, name);

        if (strcmp(name, "kind") == 0 || strcmp(name, "table") == 0 ||
            strcmp(name, "from") == 0)
            continue;
        if (field == NULL)
            return cnn__fail(CNN_EUNSUPPORTED, "setting %.64s is not known",
                             name);
        CNN__TRY(read_field(layer, field, value));
    }
    if (layer->ops->check != NULL)
        CNN__TRY(layer->ops->check(layer));
    value = json_object_get(json, "table");
    return value != NULL ? read_table(layer, value) : CNN_OK;
}

/* Adds a layer after the one that the file names, or after the last. */
static cnn_status add_layer(const json_t *json, cnn_net *net, cnn_layer *layer)
{
    const json_t *from = json_object_get(json, "from");
    int32_t number = cnn_net_layer_count(net) - 1;

    if (from != NULL && !read_int(from, &number)) {
        cnn_layer_free(layer);
        return cnn__fail(CNN_EFORMAT, "from is not the number of a layer");
    }
    return cnn_net_append(net, number, layer) != CNN_NET_FAILED
               ? CNN_OK
               : cnn_last_status();
}

static cnn_status read_join(json_t *json, int32_t kind, cnn_net *net)
{
    const json_t *list = json_object_get(json, "from");
    const size_t count = json_array_size(list);
    int32_t from[CNN_MAX_JOINED];
    const char *name;
    json_t *value;

    json_object_foreach(json, name, value)
    {
        if (strcmp(name, "kind") != 0 && strcmp(name, "from") != 0)
            return cnn__fail(CNN_EUNSUPPORTED, "setting %.64s is not known",
                             name);
    }
    if (count < 2 || count > CNN_MAX_JOINED)
        return cnn__fail(CNN_EFORMAT, "it joins %zu layers, expected 2 to %d",
                         count, CNN_MAX_JOINED);
    for (size_t k = 0; k < count; k++)
        if (!read_int(json_array_get(list, k), &from[k]))
            return cnn__fail(CNN_EFORMAT, "from has no numbers of layers");
    return cnn_net_join(net, kind, (int32_t)count, from) != CNN_NET_FAILED
               ? CNN_OK
               : cnn_last_status();
}

/* Lets the program make its own layer. */
static cnn_status read_custom(json_t *json, const cnn__maker *maker,
                              cnn_net *net)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *settings = json_string_value(json_object_get(json, "settings"));
    cnn_layer *layer = NULL;

    if (name == NULL || settings == NULL)
        return cnn__fail(CNN_EFORMAT,
                         "a custom layer without a name or settings");
    if (maker == NULL || maker->make == NULL ||
        maker->make(maker->user, name, settings, &layer) != CNN_OK)
        return cnn__fail(CNN_EUNSUPPORTED,
                         "the custom layer %.64s is not known%s", name,
                         maker == NULL || maker->make == NULL
                             ? ", cnn_net_load_custom() takes it"
                             : "");
    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, "net_load_custom");
    if (layer->ops->custom == NULL || strcmp(layer->ops->kind, name) != 0) {
        cnn__fail(CNN_EINVAL, "a %s layer was made for the custom layer %.64s",
                  layer->ops->kind, name);
        cnn_layer_free(layer);
        return cnn_last_status();
    }
    return add_layer(json, net, layer);
}

static cnn_status read_layer(json_t *json, const cnn__maker *maker,
                             cnn_net *net)
{
    const char *kind = json_string_value(json_object_get(json, "kind"));
    const cnn__layer_ops *ops = kind != NULL ? cnn__layer_ops_find(kind) : NULL;

    if (kind == NULL)
        return cnn__fail(CNN_EFORMAT, "a layer without a kind");
    if (strcmp(kind, "custom") == 0)
        return read_custom(json, maker, net);
    if (ops == NULL)
        return cnn__fail(CNN_EUNSUPPORTED, "kind %.64s is not known", kind);
    if (ops->join != NULL)
        return read_join(json, ops->join->kind, net);
    cnn_layer *layer = cnn__layer_new(ops, NULL);
    if (layer == NULL)
        return cnn_last_status();
    if (read_settings(layer, json) != CNN_OK) {
        cnn_layer_free(layer);
        return cnn_last_status();
    }
    return add_layer(json, net, layer);
}

static cnn_status read_loss_options(const json_t *json, cnn_net *net)
{
    cnn_loss_options o = {.struct_size = sizeof(o)};
    const json_t *smoothing = json_object_get(json, "label_smoothing");
    const json_t *delta = json_object_get(json, "huber_delta");

    if ((smoothing != NULL && !json_is_number(smoothing)) ||
        (delta != NULL && !json_is_number(delta)))
        return cnn__fail(CNN_EFORMAT, "a setting of the loss is not a number");
    o.label_smoothing = (float)json_number_value(smoothing);
    o.huber_delta = (float)json_number_value(delta);
    return cnn_net_set_loss_options(net, &o);
}

/* Reads the members other than the layers. */
static cnn_status read_frame(const json_t *json, cnn_net *net, cnn_shape *in)
{
    const json_t *dims = json_object_get(json, "input");
    int32_t loss, reduction;

    if (json_array_size(dims) != 3 ||
        !read_int(json_array_get(dims, 0), &in->c) ||
        !read_int(json_array_get(dims, 1), &in->h) ||
        !read_int(json_array_get(dims, 2), &in->w) ||
        !read_int(json_object_get(json, "loss"), &loss) ||
        !read_int(json_object_get(json, "reduction"), &reduction) ||
        json_array_size(json_object_get(json, "layers")) == 0)
        return cnn__fail(CNN_EFORMAT, "the architecture is not described well");
    CNN__TRY(cnn_net_set_loss(net, loss, reduction));
    CNN__TRY(read_loss_options(json, net));
    return cnn__check_input(in, 1);
}

cnn_status cnn__architecture_read(json_t *json, const cnn__maker *maker,
                                  cnn_net *net, cnn_shape *in)
{
    json_t *layers = json_object_get(json, "layers");

    CNN__TRY(read_frame(json, net, in));
    for (size_t i = 0; i < json_array_size(layers); i++)
        if (read_layer(json_array_get(layers, i), maker, net) != CNN_OK) {
            cnn__fail_where("layer %zu", i);
            return cnn_last_status();
        }
    return cnn__net_infer(net, in);
}
