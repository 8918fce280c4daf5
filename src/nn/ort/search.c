#include "nn/ort/search.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__APPLE__)
#define LIBRARY_NAME "libonnxruntime.dylib"
#define LIBRARY_PATTERN "libonnxruntime*.dylib"
#define LIBRARY_NAME_MAJOR "libonnxruntime.1.dylib"
#else
#define LIBRARY_NAME "libonnxruntime.so"
#define LIBRARY_PATTERN "libonnxruntime.so*"
#define LIBRARY_NAME_MAJOR "libonnxruntime.so.1"
#endif

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* The last match of folder/pattern (of several versions, the newest by name). */
static bool match(const char *folder, const char *pattern, char *file)
{
    char whole[2 * CC_ORT_PATH_SIZE];
    glob_t found;
    bool some = false;

    snprintf(whole, sizeof whole, "%s/%s", folder, pattern);
    if (glob(whole, GLOB_NOSORT, NULL, &found) != 0) {
        return false;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        if (strlen(path) < CC_ORT_PATH_SIZE && (!some || strcmp(path, file) > 0)) {
            snprintf(file, CC_ORT_PATH_SIZE, "%s", path);
            some = true;
        }
    }
    globfree(&found);
    return some;
}

static cc_ort_place *add(cc_ort_search *search, const char *where)
{
    cc_ort_place *place;

    for (int i = 0; i < search->count; i++) {
        if (strcmp(search->places[i].where, where) == 0) {
            return NULL; /* looked at already */
        }
    }
    if (search->count == CC_ORT_MOST_PLACES || strlen(where) >= CC_ORT_PATH_SIZE) {
        return NULL;
    }
    place = &search->places[search->count++];
    *place = (cc_ort_place){.state = CC_ORT_PLACE_EMPTY};
    snprintf(place->where, sizeof place->where, "%s", where);
    return place;
}

static void look_in_folder(cc_ort_search *search, const char *folder)
{
    char unused[CC_ORT_PATH_SIZE];
    cc_ort_place *place = add(search, folder);

    if (place == NULL) {
        return;
    }
    if (match(folder, LIBRARY_PATTERN, place->file)) {
        place->state = CC_ORT_PLACE_LIBRARY;
    } else if (match(folder, "onnxruntime_pybind11_state*", unused)) {
        place->state = CC_ORT_PLACE_OLD_WHEEL;
    }
}

/* PREFIX/lib/python3*'/site-packages/onnxruntime/capi and its variants. */
static void look_in_prefix(cc_ort_search *search, const char *prefix)
{
    static const char *const patterns[] = {"lib/python3*/site-packages/onnxruntime/capi",
                                           "lib64/python3*/site-packages/onnxruntime/capi",
                                           "lib/python3*/dist-packages/onnxruntime/capi"};
    bool some = false;

    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        char whole[2 * CC_ORT_PATH_SIZE];
        glob_t found;
        snprintf(whole, sizeof whole, "%s/%s", prefix, patterns[i]);
        if (glob(whole, 0, NULL, &found) == 0) {
            for (size_t j = found.gl_pathc; j > 0; j--) {
                look_in_folder(search, found.gl_pathv[j - 1]);
                some = true;
            }
            globfree(&found);
        }
    }
    if (!some) {
        char where[2 * CC_ORT_PATH_SIZE];
        snprintf(where, sizeof where, "%s/%s", prefix, patterns[0]);
        add(search, where);
    }
}

static void look_in_variable(cc_ort_search *search, const char *variable, const char *below)
{
    const char *value = getenv(variable);

    if (value != NULL && value[0] != '\0' && strlen(value) < CC_ORT_PATH_SIZE / 2) {
        char prefix[CC_ORT_PATH_SIZE];
        snprintf(prefix, sizeof prefix, "%s%s", value, below);
        look_in_prefix(search, prefix);
    }
}

/* The folder two levels above a program: PREFIX of PREFIX/bin/python3. */
static bool prefix_of(const char *program, char *prefix)
{
    snprintf(prefix, CC_ORT_PATH_SIZE, "%s", program);
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(prefix, '/');
        if (slash == NULL || slash == prefix) {
            return false;
        }
        *slash = '\0';
    }
    return true;
}

/* The first python3 of PATH: where it lies (a virtual environment) and where its
 * links lead (the installation). */
static void look_beside_python(cc_ort_search *search)
{
    const char *rest = getenv("PATH");

    while (rest != NULL && rest[0] != '\0') {
        size_t length = strcspn(rest, ":");
        char program[CC_ORT_PATH_SIZE];
        char prefix[CC_ORT_PATH_SIZE];
        char *real;
        if (length > 0 && length + 10 < sizeof program) {
            snprintf(program, sizeof program, "%.*s/python3", (int)length, rest);
            if (access(program, X_OK) == 0) {
                if (prefix_of(program, prefix)) {
                    look_in_prefix(search, prefix);
                }
                real = realpath(program, NULL);
                if (real != NULL && strlen(real) < sizeof prefix && prefix_of(real, prefix)) {
                    look_in_prefix(search, prefix);
                }
                free(real);
                return;
            }
        }
        rest += length + (rest[length] == ':');
    }
}

static void look_in_pyenv(cc_ort_search *search)
{
    const char *home = getenv("HOME");
    const char *root = getenv("PYENV_ROOT");
    char pattern[2 * CC_ORT_PATH_SIZE];
    glob_t found;

    if (root != NULL && strlen(root) < CC_ORT_PATH_SIZE) {
        snprintf(pattern, sizeof pattern, "%s/versions/*", root);
    } else if (home != NULL && strlen(home) < CC_ORT_PATH_SIZE) {
        snprintf(pattern, sizeof pattern, "%s/.pyenv/versions/*", home);
    } else {
        return;
    }
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = found.gl_pathc; i > 0; i--) {
            look_in_prefix(search, found.gl_pathv[i - 1]);
        }
        globfree(&found);
    }
}

static void look_in_system(cc_ort_search *search)
{
    static const char *const folders[] = {"/usr/local/lib",
                                          "/usr/lib/x86_64-linux-gnu",
                                          "/usr/lib/aarch64-linux-gnu",
                                          "/usr/lib64",
                                          "/usr/lib",
                                          "/opt/onnxruntime/lib",
                                          "/opt/homebrew/lib",
                                          "/usr/lib/python3/dist-packages/onnxruntime/capi"};

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (is_folder(folders[i]) || strstr(folders[i], "onnxruntime") != NULL) {
            look_in_folder(search, folders[i]);
        }
    }
}

static void look_by_name(cc_ort_search *search, const char *name)
{
    cc_ort_place *place = add(search, name);

    if (place != NULL) {
        place->state = CC_ORT_PLACE_BY_NAME;
        snprintf(place->file, sizeof place->file, "%s", name);
    }
}

/* $CLEARCUT_ORT: a file is taken as it is; in a folder the usual sub-folders are
 * tried too. */
static void look_as_told(cc_ort_search *search, const char *told)
{
    static const char *const below[] = {"", "/lib", "/capi", "/onnxruntime/capi"};

    search->demanded = true;
    if (!is_folder(told)) {
        cc_ort_place *place = add(search, told);
        if (place != NULL && (access(told, F_OK) == 0 || strchr(told, '/') == NULL)) {
            place->state = CC_ORT_PLACE_LIBRARY;
            snprintf(place->file, sizeof place->file, "%s", told);
        }
        return;
    }
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        char folder[2 * CC_ORT_PATH_SIZE];
        if (strlen(told) < CC_ORT_PATH_SIZE) {
            snprintf(folder, sizeof folder, "%s%s", told, below[i]);
            if (is_folder(folder)) {
                look_in_folder(search, folder);
            }
        }
    }
}

void cc_ort_search_run(cc_ort_search *search)
{
    const char *told = getenv("CLEARCUT_ORT");

    memset(search, 0, sizeof *search);
    if (told != NULL && told[0] != '\0') {
        look_as_told(search, told);
        return;
    }
    look_in_variable(search, "VIRTUAL_ENV", "");
    look_in_variable(search, "CONDA_PREFIX", "");
    look_in_variable(search, "HOME", "/.local");
    look_beside_python(search);
    look_in_pyenv(search);
    look_in_prefix(search, "/usr/local");
    look_in_system(search);
    look_by_name(search, LIBRARY_NAME_MAJOR);
    look_by_name(search, LIBRARY_NAME);
}
