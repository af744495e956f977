/* Folders that a test fills, and looks whether something is left behind. */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <sys/types.h>

/* A new folder, gone when the program ends. */
const char *make_folder(const char *name);

/* folder/name, in the same place each time. */
const char *in(const char *folder, const char *name);

/* So many things are in the folder. */
void assert_entries(const char *folder, int want);

/* cnn__file_replace() with a text: works, or is CNN_EIO with `part` in it. */
void replace(const char *path, const char *text);
void refuse(const char *path, const char *part);

void assert_content(const char *path, const char *want);

mode_t mode_of(const char *path);

#endif
