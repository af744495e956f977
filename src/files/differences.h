/* How two descriptions of nets or trainings differ, in words. */
#ifndef CNN_FILES_DIFFERENCES_H
#define CNN_FILES_DIFFERENCES_H

#include <jansson.h>
#include <stdint.h>

/* "with batch 4, not 3; without this schedule; ..."; begins as {0}. */
typedef struct cnn__differences {
    int32_t count;  /* of all; the first few are in the text */
    char text[400]; /* to leave room in that of an error */
} cnn__differences;

/* The members of `ours` that `saved` has not, or other ones; `of` stands before
 * their names, as "layer 2 ". Another kind of thing has other members, so if
 * `kind` differs, that is all that is told. */
void cnn__differ(cnn__differences *d, const char *of, json_t *ours,
                 json_t *saved);

/* The same for the elements of two arrays of objects, as layers are. */
void cnn__differ_in_list(cnn__differences *d, const char *of, json_t *ours,
                         json_t *saved);

#endif
