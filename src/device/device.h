/* Which engine does the work. A demanded device is used or it is an error; only
 * "auto" may choose, and it says what it chose and why.
 */
#ifndef CLEARCUT_DEVICE_DEVICE_H
#define CLEARCUT_DEVICE_DEVICE_H

#include <stdbool.h>

#include "core/status.h"
#include "nn/network.h"

typedef enum cc_engine_kind {
    CC_ENGINE_CPU,  /* kernels of our own on this processor */
    CC_ENGINE_CUDA, /* kernels of our own on an NVIDIA GPU */
    CC_ENGINE_ORT   /* ONNX Runtime, with one of its providers */
} cc_engine_kind;

/* A device name taken apart. */
typedef struct cc_device_request {
    cc_engine_kind engine;
    bool automatic;    /* "auto": engine is not set yet */
    int index;         /* of cuda:N or ort:PROVIDER:N; 0 if not given */
    bool numbered;     /* it was given */
    char provider[32]; /* of ort:PROVIDER; "" = any */
    char text[64];     /* as asked for */
} cc_device_request;

/* Read "auto", "cpu", "cuda", "cuda:N", "ort", "ort:PROVIDER" or "ort:PROVIDER:N"; NULL is
 * "auto".
 * CC_INVALID_ARGUMENT, with the list, for anything else. Any thread. */
cc_status cc_device_parse(const char *text, cc_device_request *request, cc_error *error);

/* What a request came to. */
typedef struct cc_device_choice {
    cc_engine_kind engine;
    const cc_engine *network_engine; /* for cc_network_options.engine */
    int index;                       /* for .device_index */
    char provider[32];               /* for .provider */
    char name[128];                  /* of the processor, GPU or provider */
    char label[32];                  /* "cpu/avx512", "cuda/sm_90", "ort/cuda" */
    char reason[160];                /* why `auto` chose this; "" if it was demanded */
} cc_device_choice;

/* "auto" takes our own kernels on GPU 0 if it answers a probe, else the processor, and
 * says why; never ONNX Runtime. CC_DEVICE, with what is missing and the next step, if
 * a demanded engine cannot be used here: a GPU must answer the probe (once for each
 * process), ONNX Runtime must be found and have the provider. CC_INVALID_ARGUMENT for
 * a provider that is none, or has no devices by number. Any thread. */
cc_status cc_device_choose(const cc_device_request *request, cc_device_choice *choice,
                           cc_error *error);

#endif
