#define _GNU_SOURCE /* dlopen */
#include "zoo/curl.h"

#ifdef CLEARCUT_HAVE_CURL

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static cc_curl library;
static cc_status outcome;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* POSIX says that dlsym's answer may be used as a function; ISO C has no cast. */
static bool find(void *handle, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(handle, name);
    memcpy(function, &symbol, size);
    return symbol != NULL;
}

#define FIND(name) find(handle, "curl_" #name, &library.name, sizeof library.name)

static void open_library(void)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"};
    void *handle = NULL;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && handle == NULL; i++) {
        handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    outcome = CC_UNSUPPORTED;
    if (handle != NULL && FIND(global_init) && FIND(easy_init) && FIND(easy_setopt) &&
        FIND(easy_perform) && FIND(easy_getinfo) && FIND(easy_cleanup) && FIND(easy_strerror) &&
        library.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        outcome = CC_OK;
    }
}

cc_status cc_curl_open(const cc_curl **curl, cc_error *error)
{
    pthread_once(&once, open_library);
    if (outcome != CC_OK) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "downloads need libcurl, which is not on this machine (Debian: apt-get "
                       "install libcurl4)");
    }
    *curl = &library;
    return CC_OK;
}

#else

typedef int cc_curl_left_out; /* ISO C wants a declaration in every file */

#endif
