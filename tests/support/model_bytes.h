/* Model files in memory, to be looked at and damaged. */
#ifndef TESTS_SUPPORT_MODEL_BYTES_H
#define TESTS_SUPPORT_MODEL_BYTES_H

#include "support/near.h"

typedef struct model_bytes {
    unsigned char *data; /* a block of just that size */
    size_t size;
} model_bytes;

/* The file of a built net; of a path; a copy of another. */
void model_of(model_bytes *m, const cnn_net *net);
void model_read(model_bytes *m, const char *path);
void model_copy(model_bytes *m, const model_bytes *from);

/* A file of that header and data, its length and checksum right. */
void model_make(model_bytes *m, const char *header, const void *data,
                size_t size);

void model_free(model_bytes *m);

/* Replaces the first `from` in the header, which must be there, and makes
 * length and checksum right again. To spare backslashes, ' stands for ", and `
 * for the \" of a text within the metadata. */
void model_replace(model_bytes *m, const char *from, const char *to);

/* Whether the header holds that, spelled the same way. */
int model_holds(const model_bytes *m, const char *text);

/* Makes the checksum right. */
void model_seal(model_bytes *m);

/* The same outputs, parameters, and file. */
void model_assert_same(cnn_net *got, cnn_net *want);

/* A net built for 3 samples is the same if saved and loaded, through memory and
 * through a file. */
void model_there_and_back(cnn_net *net);

#endif
