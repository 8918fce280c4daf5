#define _GNU_SOURCE /* dladdr */
#include "nn/ort/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cc_ort_library *opened;    /* under the lock */
static cc_ort_library *forgotten; /* those that were `opened` before: sessions may use them */

/* ---- the table ---- */

/* Entries of functions are all of one size, so the table is an array of them. */
typedef void (*entry_function)(void);

static void read_table(const void *table, int version, cc_ort_api *api)
{
    const entry_function *entries = table;

    memset(api, 0, sizeof *api);
#define READ_ENTRY(place, since, result, name, parameters)                                         \
    if (version >= (since)) {                                                                      \
        memcpy((void *)&api->name, (const void *)&entries[place], sizeof entries[place]);          \
    }
    CC_ORT_ENTRIES(READ_ENTRY)
#undef READ_ENTRY
}

/* The minor number of "1.N.M"; -1 if it is something else. */
static int minor_version(const char *version)
{
    int minor = -1;

    return sscanf(version, "1.%d.", &minor) == 1 && minor >= 0 && minor < 1000 ? minor : -1;
}

/* The newest table that both sides know. The library prints a complaint when asked
 * for more than it has, so its version is looked at first. */
static cc_status take_table(cc_ort_library *library, const cc_ort_base *base, cc_error *error)
{
    int minor = minor_version(library->version);
    int version = minor < CC_ORT_NEWEST ? minor : CC_ORT_NEWEST;
    const void *table = NULL;

    if (minor < CC_ORT_OLDEST) {
        return cc_fail(error, CC_DEVICE,
                       "%s is ONNX Runtime %s; 1.%d or newer is needed: python3 -m pip install -U "
                       "onnxruntime, or name a newer library with CLEARCUT_ORT",
                       library->path, library->version, CC_ORT_OLDEST);
    }
    for (; table == NULL && version >= CC_ORT_OLDEST; version--) {
        table = base->GetApi((uint32_t)version);
        library->api_version = version;
    }
    if (table == NULL) {
        return cc_fail(error, CC_DEVICE,
                       "%s calls itself ONNX Runtime %s but offers none of the interfaces 1.%d to "
                       "1.%d; it is damaged or no ONNX Runtime: install another one, or name it "
                       "with CLEARCUT_ORT",
                       library->path, library->version, CC_ORT_OLDEST, CC_ORT_NEWEST);
    }
    read_table(table, library->api_version, &library->api);
    return CC_OK;
}

/* ---- opening one file ---- */

static void resolve_path(cc_ort_library *library, const void *symbol, const char *file)
{
    Dl_info info;

    snprintf(library->path, sizeof library->path, "%s", file);
    if (dladdr(symbol, &info) != 0 && info.dli_fname != NULL) {
        char *real = realpath(info.dli_fname, NULL);
        snprintf(library->path, sizeof library->path, "%s", real != NULL ? real : info.dli_fname);
        free(real);
    }
}

static cc_status start(cc_ort_library *library, cc_error *error)
{
    const cc_ort_api *api = &library->api;
    cc_status status =
        cc_ort_check(library, api->CreateEnv(CC_ORT_LOG_FATAL, "clearcut", &library->env),
                     CC_DEVICE, "it does not start", error);

    if (status == CC_OK) {
        status = cc_ort_check(library, api->DisableTelemetryEvents(library->env), CC_DEVICE,
                              "telemetry cannot be switched off", error);
    }
    if (status == CC_OK) {
        status = cc_ort_check(library,
                              api->CreateCpuMemoryInfo(CC_ORT_ARENA_ALLOCATOR,
                                                       CC_ORT_MEMORY_DEFAULT, &library->memory),
                              CC_DEVICE, "it does not describe memory", error);
    }
    if (status == CC_OK) {
        status = cc_ort_check(library, api->GetAllocatorWithDefaultOptions(&library->allocator),
                              CC_DEVICE, "it has no allocator", error);
    }
    return status;
}

static cc_status open_file(const char *file, cc_ort_library *library, cc_error *error)
{
    const cc_ort_base *(*get_base)(void) = NULL;
    const cc_ort_base *base = NULL;
    const char *version;
    void *symbol;

    library->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        return cc_fail(error, CC_DEVICE, "%s", dlerror());
    }
    snprintf(library->path, sizeof library->path, "%s", file);
    symbol = dlsym(library->handle, "OrtGetApiBase");
    if (symbol != NULL) {
        resolve_path(library, symbol, file);
        memcpy((void *)&get_base, (const void *)&symbol, sizeof symbol);
        base = get_base();
    }
    version = base != NULL ? base->GetVersionString() : NULL;
    if (version == NULL) {
        return cc_fail(error, CC_DEVICE,
                       "%s is no ONNX Runtime: it lacks OrtGetApiBase; set CLEARCUT_ORT to the "
                       "right file",
                       library->path);
    }
    snprintf(library->version, sizeof library->version, "%s", version);
    cc_status status = take_table(library, base, error);
    return status == CC_OK ? start(library, error) : status;
}

/* ---- finding it ---- */

static cc_status nothing_found(const cc_ort_search *search, cc_error *error)
{
    for (int i = 0; i < search->count; i++) {
        if (search->places[i].state == CC_ORT_PLACE_OLD_WHEEL) {
            return cc_fail(error, CC_DEVICE,
                           "the Python package in %s is older than 1.19 and holds no "
                           "libonnxruntime: python3 -m pip install -U onnxruntime, or name a "
                           "library with CLEARCUT_ORT",
                           search->places[i].where);
        }
    }
    if (search->demanded) {
        return cc_fail(error, CC_DEVICE,
                       "CLEARCUT_ORT is %s, where there is no libonnxruntime; set it to the "
                       "library's file or folder",
                       getenv("CLEARCUT_ORT"));
    }
    return cc_fail(error, CC_DEVICE,
                   "ONNX Runtime's library was not found in %d places (`clearcut doctor` lists "
                   "them): python3 -m pip install onnxruntime, or set CLEARCUT_ORT to its file or "
                   "folder",
                   search->count);
}

/* Try the places in order. A file that is there but does not open ends the search
 * (going on would hide the fault); a bare name that the loader does not know does
 * not. */
static cc_status find(cc_ort_library *library, cc_error *error)
{
    cc_ort_search *search = cc_alloc(sizeof *search);
    cc_status status = CC_DEVICE;
    bool done = false;

    if (search == NULL) {
        return cc_fail_memory(error, sizeof *search);
    }
    cc_ort_search_run(search);
    for (int i = 0; i < search->count && !done; i++) {
        const cc_ort_place *place = &search->places[i];
        if (place->state == CC_ORT_PLACE_LIBRARY || place->state == CC_ORT_PLACE_BY_NAME) {
            memset(library, 0, sizeof *library);
            status = open_file(place->file, library, error);
            done = library->handle != NULL || place->state == CC_ORT_PLACE_LIBRARY;
        }
    }
    if (!done) {
        status = nothing_found(search, error);
    }
    cc_free(search);
    return status;
}

static cc_status open_once(cc_error *error)
{
    cc_ort_library *library = cc_alloc_zeroed(1, sizeof *library);
    cc_status status;

    if (library == NULL) {
        return cc_fail_memory(error, sizeof *library);
    }
    status = find(library, error);
    if (status != CC_OK) {
        /* Not unloaded: it may have started threads of its own. */
        cc_free(library);
        return status;
    }
    opened = library;
    return CC_OK;
}

cc_status cc_ort_open(const cc_ort_library **library, cc_error *error)
{
    cc_status status;

    *library = NULL;
    pthread_mutex_lock(&lock);
    status = opened != NULL ? CC_OK : open_once(error);
    if (status == CC_OK) {
        *library = opened;
    }
    pthread_mutex_unlock(&lock);
    return status;
}

void cc_ort_forget(void)
{
    if (opened != NULL) {
        opened->older = forgotten;
        forgotten = opened;
        opened = NULL;
    }
}

/* ---- errors ---- */

/* Messages of the library may have many lines. */
static void one_line(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        bool blank = *from == '\n' || *from == '\r' || *from == '\t' || *from == ' ';
        if (!blank) {
            *to++ = *from;
        } else if (to > text && to[-1] != ' ') {
            *to++ = ' ';
        }
    }
    while (to > text && to[-1] == ' ') {
        to--;
    }
    *to = '\0';
}

cc_status cc_ort_check(const cc_ort_library *library, cc_ort_status *status, cc_status code,
                       const char *what, cc_error *error)
{
    char message[640];

    if (status == NULL) {
        return CC_OK;
    }
    snprintf(message, sizeof message, "%s", library->api.GetErrorMessage(status));
    library->api.ReleaseStatus(status);
    one_line(message);
    return cc_fail(error, code, "ONNX Runtime %s (%s): %s: %s", library->version, library->path,
                   what, message);
}

/* ---- providers ---- */

typedef struct provider_list {
    char **names;
    int count;
} provider_list;

static cc_status list_providers(const cc_ort_library *library, provider_list *list, cc_error *error)
{
    *list = (provider_list){0};
    return cc_ort_check(library, library->api.GetAvailableProviders(&list->names, &list->count),
                        CC_DEVICE, "it does not list its providers", error);
}

static void release_list(const cc_ort_library *library, provider_list *list)
{
    if (list->names != NULL) {
        cc_ort_check(library, library->api.ReleaseAvailableProviders(list->names, list->count),
                     CC_DEVICE, "", NULL);
    }
}

cc_status cc_ort_providers(const cc_ort_library *library, char *text, size_t size, cc_error *error)
{
    provider_list list;
    size_t used = 0;
    cc_status status = list_providers(library, &list, error);

    text[0] = '\0';
    for (int i = 0; status == CC_OK && i < list.count; i++) {
        int wrote = snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", list.names[i]);
        if (wrote < 0 || (size_t)wrote >= size - used) {
            break;
        }
        used += (size_t)wrote;
    }
    release_list(library, &list);
    return status;
}

bool cc_ort_has_provider(const cc_ort_library *library, const char *name)
{
    enum { LISTED_LENGTH = 30 }; /* the library cuts longer names off */
    provider_list list;
    bool found = false;

    if (list_providers(library, &list, NULL) != CC_OK) {
        return false;
    }
    for (int i = 0; i < list.count; i++) {
        found = found || strncmp(list.names[i], name, LISTED_LENGTH) == 0;
    }
    release_list(library, &list);
    return found;
}
