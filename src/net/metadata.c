/* The metadata of a net: strings that the program attaches to it. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "net/net_impl.h"

/* Keys that model files and checkpoints use themselves. */
static const char *const reserved[] = {"libcnn", "architecture", "trainer",
                                       "position"};

/* Prefix of keys for later versions of the format. */
#define RESERVED_PREFIX "libcnn."

/* ---------------------------------------------------------- checking --- */

static bool check_text(const char *what, const char *text, bool controls,
                       char why[CNN__WHY])
{
    const size_t length = strlen(text);
    size_t size;
    uint32_t code;

    for (size_t at = 0; at < length; at += size) {
        size = cnn__utf8_read(text + at, length - at, &code);
        if (size == 0) {
            snprintf(why, CNN__WHY, "byte %zu of the %s is no UTF-8", at, what);
            return false;
        }
        if (!controls && cnn__is_control(code)) {
            snprintf(why, CNN__WHY,
                     "byte %zu of the %s is the control character U+%04X", at,
                     what, (unsigned)code);
            return false;
        }
    }
    return true;
}

static bool check_key(const char *key, char why[CNN__WHY])
{
    const size_t size = strlen(key);
    bool ours = strncmp(key, RESERVED_PREFIX, strlen(RESERVED_PREFIX)) == 0;

    if (size == 0 || size > CNN_MAX_METADATA_KEY) {
        snprintf(why, CNN__WHY, "a key of %zu bytes, expected 1 to %d", size,
                 CNN_MAX_METADATA_KEY);
        return false;
    }
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        ours |= strcmp(key, reserved[i]) == 0;
    if (!check_text("key", key, false, why))
        return false;
    if (ours)
        snprintf(why, CNN__WHY, "the key %s is one of libcnn's own", key);
    return !ours;
}

/* The index of the key; `count` if there is none. */
static int32_t find(const cnn__metadata *m, const char *key)
{
    int32_t i = 0;

    while (i < m->count && strcmp(m->pairs[i].key, key) != 0)
        i++;
    return i;
}

bool cnn__metadata_check(const cnn__metadata *m, const char *key,
                         const char *value, char why[CNN__WHY])
{
    const size_t size = strlen(value);

    if (!check_key(key, why))
        return false;
    if (size > CNN_MAX_METADATA_VALUE) {
        snprintf(why, CNN__WHY, "a value of %zu bytes, expected at most %d",
                 size, CNN_MAX_METADATA_VALUE);
        return false;
    }
    if (find(m, key) == CNN_MAX_METADATA) {
        snprintf(why, CNN__WHY, "the key %s would be one more than %d", key,
                 CNN_MAX_METADATA);
        return false;
    }
    return check_text("value", value, true, why);
}

/* ----------------------------------------------------------- changing --- */

/* Copies both into a new block before anything is freed: either text may be
 * part of the pair that is replaced. */
cnn_status cnn__metadata_put(cnn__metadata *m, const char *key,
                             const char *value)
{
    const size_t key_size = strlen(key) + 1, value_size = strlen(value) + 1;
    char *block = cnn__alloc(cnn__size_add(key_size, value_size));

    if (block == NULL)
        return cnn_last_status();
    memcpy(block, key, key_size);
    memcpy(block + key_size, value, value_size);
    const int32_t i = find(m, key);
    if (i == m->count)
        m->count++;
    else
        cnn__free(m->pairs[i].key);
    m->pairs[i] = (cnn__pair){block, block + key_size};
    return CNN_OK;
}

void cnn__metadata_free(cnn__metadata *m)
{
    for (int32_t i = 0; i < m->count; i++)
        cnn__free(m->pairs[i].key);
    m->count = 0;
}

static void take_out(cnn__metadata *m, int32_t i)
{
    if (i == m->count)
        return;
    cnn__free(m->pairs[i].key);
    m->count--;
    memmove(&m->pairs[i], &m->pairs[i + 1],
            (size_t)(m->count - i) * sizeof(m->pairs[0]));
}

cnn_status cnn_net_set_metadata(cnn_net *net, const char *key,
                                const char *value)
{
    char why[CNN__WHY];

    if (net == NULL)
        return cnn__fail_null(CNN__NET, "net_set_metadata");
    if (key == NULL)
        return cnn__fail(CNN_EINVAL, "net_set_metadata: key is NULL");
    if (value != NULL ? !cnn__metadata_check(&net->metadata, key, value, why)
                      : !check_key(key, why))
        return cnn__fail(CNN_EINVAL, "net_set_metadata: %s", why);
    if (value != NULL)
        return cnn__metadata_put(&net->metadata, key, value);
    take_out(&net->metadata, find(&net->metadata, key));
    return CNN_OK;
}

/* ----------------------------------------------------------- getters --- */

const char *cnn_net_metadata(const cnn_net *net, const char *key)
{
    if (net == NULL || key == NULL)
        return NULL;
    const int32_t i = find(&net->metadata, key);
    return i < net->metadata.count ? net->metadata.pairs[i].value : NULL;
}

int32_t cnn_net_metadata_count(const cnn_net *net)
{
    return net != NULL ? net->metadata.count : 0;
}

const char *cnn_net_metadata_key(const cnn_net *net, int32_t index)
{
    if (index < 0 || index >= cnn_net_metadata_count(net))
        return NULL;
    return net->metadata.pairs[index].key;
}
