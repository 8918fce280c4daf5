#define _GNU_SOURCE /* dlopen */
#include "core/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static void *open_any(cc_library *library)
{
    for (int i = 0; library->files[i] != NULL; i++) {
        void *handle = dlopen(library->files[i], RTLD_NOW | RTLD_LOCAL);
        if (handle != NULL) {
            return handle;
        }
        if (i == 0) {
            snprintf(library->reason, sizeof library->reason, "%s", dlerror());
        }
    }
    return NULL;
}

/* POSIX says that dlsym's answer may be used as a function; ISO C has no cast. */
static bool resolve(cc_library *library, void *handle)
{
    unsigned char *slot = library->table;

    for (int i = 0; library->functions[i] != NULL; i++, slot += sizeof(void *)) {
        void *symbol = dlsym(handle, library->functions[i]);
        if (symbol == NULL) {
            snprintf(library->reason, sizeof library->reason, "it has no %s",
                     library->functions[i]);
            return false;
        }
        memcpy(slot, &symbol, sizeof symbol);
    }
    return true;
}

cc_status cc_library_open(cc_library *library, cc_error *error)
{
    pthread_mutex_lock(&opening);
    if (!library->tried) {
        void *handle = open_any(library);
        library->tried = true;
        library->is_open = handle != NULL && resolve(library, handle);
    }
    pthread_mutex_unlock(&opening);
    return library->is_open
               ? CC_OK
               : cc_fail(error, CC_UNSUPPORTED, "%s (%s)", library->missing, library->reason);
}
