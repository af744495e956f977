/* Describes in words how two nets or trainings differ. */
#ifndef CNN_FILES_DIFFERENCES_H
#define CNN_FILES_DIFFERENCES_H

#include <jansson.h>
#include <stdint.h>

/* "with batch 4, not 3; without this schedule; ..."; initialise with {0}. */
typedef struct cnn__differences {
    int32_t count;  /* of all; only the first few are in the text */
    char text[400]; /* short enough for an error text */
} cnn__differences;

/* Adds the members of `ours` that are missing or different in `saved`. `of` is
 * put before their names, as in "layer 2 ". If `kind` differs, only that is
 * reported: different kinds have different members. */
void cnn__differ(cnn__differences *d, const char *of, json_t *ours,
                 json_t *saved);

/* The same for the elements of two arrays of objects, such as layers. */
void cnn__differ_in_list(cnn__differences *d, const char *of, json_t *ours,
                         json_t *saved);

#endif
