/* ONNX Runtime's library, found and opened once for the process. */
#ifndef CLEARCUT_NN_ORT_LIBRARY_H
#define CLEARCUT_NN_ORT_LIBRARY_H

#include <stdbool.h>

#include "core/status.h"
#include "nn/ort/ort_api.h"
#include "nn/ort/search.h"

typedef struct cc_ort_library cc_ort_library;
struct cc_ort_library {
    cc_ort_api api;
    cc_ort_env *env;
    cc_ort_memory *memory;       /* the processor's */
    cc_ort_allocator *allocator; /* for the strings that it returns */
    void *handle;                /* of dlopen */
    int api_version;             /* of the table in use */
    char version[32];            /* "1.31.1", as it names itself */
    char path[CC_ORT_PATH_SIZE]; /* the file, as the loader resolved it */
    cc_ort_library *older;       /* of those that were forgotten */
};

/* The library; opened at the first call and kept for the process's life. After a
 * failure the next call looks again. CC_DEVICE says what was found, the loader's
 * reason and the next step. Any thread. */
cc_status cc_ort_open(const cc_ort_library **library, cc_error *error);

/* Turn a status of the library into ours and release it: CC_OK for NULL, else
 * `code` with "ONNX Runtime 1.31.1 (PATH): WHAT: its message" on one line. */
cc_status cc_ort_check(const cc_ort_library *library, cc_ort_status *status, cc_status code,
                       const char *what, cc_error *error);

/* The providers that the library was built with, as "A, B, C" in text (always
 * terminated, cut off if too long). CC_DEVICE if it cannot tell. */
cc_status cc_ort_providers(const cc_ort_library *library, char *text, size_t size, cc_error *error);

/* Is a provider ("CUDAExecutionProvider") among them? */
bool cc_ort_has_provider(const cc_ort_library *library, const char *name);

/* Test hook: forget the library so that the next open looks again. Sessions of the
 * old one stay usable; it is not unloaded. Not thread-safe. */
void cc_ort_forget(void);

#endif
