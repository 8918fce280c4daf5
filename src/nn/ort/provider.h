/* ONNX Runtime's providers by the names of --device ort:NAME. */
#ifndef CLEARCUT_NN_ORT_PROVIDER_H
#define CLEARCUT_NN_ORT_PROVIDER_H

#include "nn/ort/library.h"

typedef struct cc_ort_provider {
    const char *name;      /* "cuda" */
    const char *full_name; /* "CUDAExecutionProvider" */
    const char *remedy;    /* how to come by a library that has it */
    /* Add it, with this device of its own numbering, to a session. NULL for the processor,
     * which is always there. */
    cc_ort_status *(*append)(const cc_ort_library *library, cc_ort_options *options,
                             const char *append_name, int device);
    const char *append_name; /* what the generic entry calls it */
    const char *needs;       /* where the libraries come from that it needs */
    bool numbered;           /* has devices by number: ort:NAME:N; others are given 0 */
} cc_ort_provider;

/* All of them: 0 .. count-1. Static. */
const cc_ort_provider *cc_ort_provider_at(int index);
int cc_ort_provider_count(void);

/* NULL or "" is the processor. CC_INVALID_ARGUMENT, with the list, for a name that
 * is none. Static. Any thread. */
cc_status cc_ort_provider_find(const char *name, const cc_ort_provider **provider, cc_error *error);

/* Was the library built with it? CC_DEVICE says what it has instead and how to get
 * one. Any thread. */
cc_status cc_ort_provider_check(const cc_ort_library *library, const cc_ort_provider *provider,
                                cc_error *error);

/* Add it, with its device of this number, to a session. CC_DEVICE with the library's own reason (a
 * missing libcudnn.so.9, say) and the libraries it lacks if it refuses. */
cc_status cc_ort_provider_append(const cc_ort_library *library, const cc_ort_provider *provider,
                                 int device, cc_ort_options *options, cc_error *error);

#endif
