#define _GNU_SOURCE /* stat, S_ISREG */
#include "zoo/folders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A folder is the value of a variable and something after it. rembg's newer
 * layout gives every model a folder of its own under models/. */
typedef struct place {
    const char *variable;
    const char *suffix;
    bool folder_per_model;
} place;

/* In order; the first variable of ours that is set hides the others of ours. */
static const place own_places[] = {
    {"CLEARCUT_HOME", "", false},
    {"XDG_DATA_HOME", "/clearcut", false},
    {"HOME", "/.local/share/clearcut", false},
};

static const place rembg_places[] = {
    {"U2NET_HOME", "", false},           {"REMBG_HOME", "", true},
    {"XDG_DATA_HOME", "/rembg", true},   {"HOME", "/.rembg", true},
    {"XDG_DATA_HOME", "/.u2net", false}, {"HOME", "/.u2net", false},
};

enum {
    OWN_COUNT = sizeof own_places / sizeof own_places[0],
    REMBG_COUNT = sizeof rembg_places / sizeof rembg_places[0]
};

/* The folder of a place for a model; false if its variable is not set or the
 * path would be too long. */
static bool folder_of(const place *where, const char *name, char *path, size_t size)
{
    const char *value = getenv(where->variable);
    int length;

    if (value == NULL || value[0] == '\0') {
        return false;
    }
    if (where->folder_per_model) {
        length = snprintf(path, size, "%s%s/models/%s", value, where->suffix, name);
    } else {
        length = snprintf(path, size, "%s%s", value, where->suffix);
    }
    return length > 0 && (size_t)length < size;
}

static bool is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

static bool locate_in(const char *folder, const char *name, char *path, size_t size)
{
    int length = snprintf(path, size, "%s/%s.onnx", folder, name);
    return length > 0 && (size_t)length < size && is_file(path);
}

cc_status cc_model_folder(char *path, size_t size, cc_error *error)
{
    for (int i = 0; i < OWN_COUNT; i++) {
        const char *value = getenv(own_places[i].variable);
        if (value == NULL || value[0] == '\0') {
            continue;
        }
        if (!folder_of(&own_places[i], "", path, size)) {
            return cc_fail(error, CC_LIMIT, "the model folder's path is longer than %zu bytes",
                           size - 1);
        }
        return CC_OK;
    }
    return cc_fail(error, CC_NOT_FOUND,
                   "no model folder: neither CLEARCUT_HOME, XDG_DATA_HOME nor HOME is set");
}

bool cc_model_locate(const char *name, char *path, size_t size)
{
    char folder[CC_PATH_SIZE];

    if (cc_model_folder(folder, sizeof folder, NULL) == CC_OK &&
        locate_in(folder, name, path, size)) {
        return true;
    }
    for (int i = 0; i < REMBG_COUNT; i++) {
        if (folder_of(&rembg_places[i], name, folder, sizeof folder) &&
            locate_in(folder, name, path, size)) {
            return true;
        }
    }
    if (size > 0) {
        path[0] = '\0';
    }
    return false;
}

/* ", A, B, C" of rembg's folders. */
static void list_rembg_folders(const char *name, char *text, size_t size)
{
    char folder[CC_PATH_SIZE];
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < REMBG_COUNT; i++) {
        int length;
        if (!folder_of(&rembg_places[i], name, folder, sizeof folder)) {
            continue;
        }
        length = snprintf(text + used, size - used, ", %s", folder);
        if (length < 0 || (size_t)length >= size - used) {
            text[used] = '\0';
            return;
        }
        used += (size_t)length;
    }
}

cc_status cc_model_missing(const char *name, const char *url, cc_error *error)
{
    char folder[CC_PATH_SIZE] = "";
    char others[CC_ERROR_MESSAGE_SIZE];

    if (cc_model_folder(folder, sizeof folder, NULL) != CC_OK) {
        snprintf(folder, sizeof folder, "$CLEARCUT_HOME");
    }
    list_rembg_folders(name, others, sizeof others);
    return cc_fail(error, CC_MODEL,
                   "model %s is not on this machine; fetch it with: mkdir -p '%s' && curl -fL -o "
                   "'%s/%s.onnx' %s (looked in %s%s)",
                   name, folder, folder, name, url, folder, others);
}
