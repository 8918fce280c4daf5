/* What the files of this folder share: the public handles from inside, and the
 * crossing between public and internal values.
 */
#ifndef CLEARCUT_API_API_H
#define CLEARCUT_API_API_H

#include <stdatomic.h>

#include "clearcut.h"
#include "core/status.h"
#include "core/threads.h"
#include "device/device.h"
#include "image/codec/codec.h"
#include "nn/network.h"

struct clearcut_image {
    cc_image image;
    cc_decode_info info; /* zero if it was not decoded */
};

struct clearcut_cancel {
    atomic_bool requested;
};

/* ---- crossing the border ---- */

/* Hand an internal outcome to the caller: returns `status` and, if it is a
 * failure and `error` is not NULL, copies the message. */
clearcut_status cc_api_return(cc_status status, const cc_error *fault, clearcut_error *error);

/* Copy a caller's options over `ours`, which holds the defaults. Both begin with
 * their size; a caller's smaller (older) structure leaves later defaults alone, a
 * larger (newer) one is CC_UNSUPPORTED unless what we do not know is zero. NULL
 * changes nothing. CC_INVALID_ARGUMENT for a structure that was never filled. */
cc_status cc_api_take_options(void *ours, const void *theirs, cc_error *fault);

/* CC_INVALID_ARGUMENT that names the parameter. */
cc_status cc_api_missing(const char *parameter, cc_error *fault);

/* Wrap an internal image; takes its pixels over. On failure they are freed. */
cc_status cc_api_wrap_image(cc_image *image, clearcut_image **handle, cc_error *fault);

/* The format an option or a path asks for: `wanted` if known, else by the
 * extension; PNG for a path without one. CC_UNSUPPORTED for a strange extension
 * and for what cannot be written. path may be NULL. */
cc_status cc_api_output_format(clearcut_format wanted, const char *path, cc_format *format,
                               cc_error *fault);

typedef enum cc_timed_stage {
    CC_TIMED_DECODE,
    CC_TIMED_PREPROCESS,
    CC_TIMED_INFER,
    CC_TIMED_POSTPROCESS,
    CC_TIMED_ENCODE
} cc_timed_stage;

/* Add elapsed milliseconds since `begin` (cc_clock_ms) to a stage and to the
 * total; timing may be NULL. */
void cc_api_add_time(clearcut_timing *timing, cc_timed_stage stage, double begin);

/* ---- what a session, scanner and network have in common ---- */

typedef struct cc_runtime {
    cc_thread_pool *pool;
    cc_device_choice device;
    char requested[64];
    cc_precision precision;
    bool automatic_precision;
    const clearcut_cancel *cancel; /* borrowed; may be NULL */
    char tuning_folder[4096];      /* "" = this process has no cache folder */
} cc_runtime;

typedef struct cc_runtime_request {
    const char *device;
    int threads;
    clearcut_precision precision;
    const clearcut_cancel *cancel;
} cc_runtime_request;

/* Choose the device and start the threads. On failure *runtime is {0}. */
cc_status cc_runtime_open(const cc_runtime_request *request, cc_runtime *runtime, cc_error *fault);
void cc_runtime_close(cc_runtime *runtime);
/* The defaults for a network that is to run there; pointers into the runtime. */
cc_network_options cc_runtime_network_options(const cc_runtime *runtime);
/* A network did not load on the GPU that "auto" had chosen (an operator without kernel,
 * too little memory): go on with the processor, and say why in the reason. True if so,
 * and the caller loads again; false for every other status, and where the device was
 * demanded. */
bool cc_runtime_retreat(cc_runtime *runtime, cc_status status, const cc_error *why);
/* CC_CANCELLED if the switch has been turned. */
cc_status cc_runtime_check(const cc_runtime *runtime, cc_error *fault);
/* For cc_network_run. */
const atomic_bool *cc_runtime_flag(const cc_runtime *runtime);
/* Fill the public evidence. */
void cc_runtime_describe(const cc_runtime *runtime, const cc_network *network,
                         clearcut_device *device);

/* Have the ways to run each layer measured, and remembered in the cache folder, which is
 * made. `options` are of cc_runtime_network_options. */
void cc_runtime_tune(cc_network_options *options);

/* What the options of a network or session say of calibration: `path` may be NULL. */
cc_status cc_api_calibration(cc_network *network, const char *path, bool measure, cc_error *fault);

#endif
