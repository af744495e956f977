/* Pictures in folders that are named by what they show. */
#ifndef EXAMPLES_PICTURE_FOLDER_H
#define EXAMPLES_PICTURE_FOLDER_H

#include <glib.h>
#include <stdint.h>

/* Those to learn from, or those held out, and what each shows. */
typedef struct picture_part {
    GPtrArray *paths;
    GArray *labels; /* int32_t */
    uint64_t hash;  /* of the names: these pictures and no others */
} picture_part;

/* Lists all in the folders of a folder, sorted, and returns the names of these,
 * ended by a NULL. The name of a picture decides whether it is of the first
 * part or, one in five, of the second: so that never changes when others come
 * or go. Leaves with a message if a folder cannot be read, or holds none. */
char **picture_folder_list(const char *folder, picture_part parts[2]);

/* Makes two folders of PNG files in a folder: stripes, upright and lying, of
 * any grey and size. Leaves with a message if it cannot. */
void picture_folder_draw(const char *folder);

#endif
