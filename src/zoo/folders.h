/* Where model files lie. Our own folder is $CLEARCUT_HOME, else
 * $XDG_DATA_HOME/clearcut, else ~/.local/share/clearcut. rembg's folders, old
 * and new, are read and never written.
 */
#ifndef CLEARCUT_ZOO_FOLDERS_H
#define CLEARCUT_ZOO_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

enum { CC_PATH_SIZE = 4096 };

/* Our own folder; it may not exist. CC_NOT_FOUND if no variable names one,
 * CC_LIMIT if the path is too long. Reads the environment. */
cc_status cc_model_folder(char *path, size_t size, cc_error *error);

/* The file of a named model in the first folder that has it; false if none has. */
bool cc_model_locate(const char *name, char *path, size_t size);

/* CC_MODEL with the places looked at and the commands that fetch the file. */
cc_status cc_model_missing(const char *name, const char *url, cc_error *error);

#endif
