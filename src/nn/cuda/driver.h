/* NVIDIA's driver, opened by name when somebody asks for it.
 *
 * Nothing of NVIDIA is needed to build or to start the program: the driver API is
 * declared here, as far as it is used, and `libcuda.so.1` is opened on demand.
 * The API is stable by symbol name (a changed signature gets a new suffix, the old
 * symbol stays), so exact names found by dlsym are a contract. Where the toolkit's
 * cuda.h exists, tests/cuda/driver_declarations.c lets the compiler compare.
 */
#ifndef CLEARCUT_NN_CUDA_DRIVER_H
#define CLEARCUT_NN_CUDA_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#ifndef CC_CUDA_TYPES_FROM_CUDA_H /* else cuda.h's own: see driver_declarations.c */
typedef int cc_cuda_result;       /* CUresult: 0 = success; enumerations have int's size */
typedef int cc_cuda_attribute;    /* CUdevice_attribute */
typedef int cc_cuda_limit;        /* CUfunction_attribute */
typedef int cc_cuda_jit_option;   /* CUjit_option */
typedef int cc_cuda_capture;      /* CUstreamCaptureMode */
typedef int cc_cuda_device;       /* CUdevice */
typedef unsigned long long cc_cuda_address;
typedef struct CUctx_st *cc_cuda_context;
typedef struct CUmod_st *cc_cuda_module;
typedef struct CUfunc_st *cc_cuda_function;
typedef struct CUstream_st *cc_cuda_stream;
typedef struct CUevent_st *cc_cuda_event;
typedef struct CUgraph_st *cc_cuda_graph;
typedef struct CUgraphExec_st *cc_cuda_graph_exec;
typedef struct cc_cuda_uuid {
    char bytes[16];
} cc_cuda_uuid;
#endif

/* required(name, arguments): in every driver from 470 (CUDA 11.4) on.
 * optional(...): NULL where the driver has none. */
/* clang-format off */
#define CC_CUDA_ENTRIES(required, optional)                                                     \
    required(cuInit, (unsigned))                                                                \
    required(cuDriverGetVersion, (int *))                                                       \
    required(cuGetErrorName, (cc_cuda_result, const char **))                                   \
    required(cuGetErrorString, (cc_cuda_result, const char **))                                 \
    required(cuDeviceGetCount, (int *))                                                         \
    required(cuDeviceGet, (cc_cuda_device *, int))                                              \
    required(cuDeviceGetName, (char *, int, cc_cuda_device))                                    \
    required(cuDeviceGetAttribute, (int *, cc_cuda_attribute, cc_cuda_device))                  \
    required(cuDeviceTotalMem_v2, (size_t *, cc_cuda_device))                                   \
    required(cuDeviceGetPCIBusId, (char *, int, cc_cuda_device))                                \
    optional(cuDeviceGetUuid_v2, (cc_cuda_uuid *, cc_cuda_device))                              \
    required(cuDevicePrimaryCtxRetain, (cc_cuda_context *, cc_cuda_device))                     \
    required(cuDevicePrimaryCtxRelease_v2, (cc_cuda_device))                                    \
    required(cuCtxPushCurrent_v2, (cc_cuda_context))                                            \
    required(cuCtxPopCurrent_v2, (cc_cuda_context *))                                           \
    required(cuModuleLoadDataEx,                                                                \
             (cc_cuda_module *, const void *, unsigned, cc_cuda_jit_option *, void **))         \
    required(cuModuleUnload, (cc_cuda_module))                                                  \
    required(cuModuleGetFunction, (cc_cuda_function *, cc_cuda_module, const char *))           \
    required(cuFuncSetAttribute, (cc_cuda_function, cc_cuda_limit, int))                        \
    required(cuFuncGetAttribute, (int *, cc_cuda_limit, cc_cuda_function))                      \
    required(cuOccupancyMaxActiveBlocksPerMultiprocessor,                                       \
             (int *, cc_cuda_function, int, size_t))                                            \
    required(cuLaunchKernel, (cc_cuda_function, unsigned, unsigned, unsigned, unsigned,         \
                              unsigned, unsigned, unsigned, cc_cuda_stream, void **, void **))  \
    required(cuMemGetInfo_v2, (size_t *, size_t *))                                             \
    required(cuMemAlloc_v2, (cc_cuda_address *, size_t))                                        \
    required(cuMemFree_v2, (cc_cuda_address))                                                   \
    required(cuMemHostAlloc, (void **, size_t, unsigned))                                       \
    required(cuMemFreeHost, (void *))                                                           \
    required(cuMemcpyHtoDAsync_v2, (cc_cuda_address, const void *, size_t, cc_cuda_stream))     \
    required(cuMemcpyDtoHAsync_v2, (void *, cc_cuda_address, size_t, cc_cuda_stream))           \
    required(cuMemsetD8Async, (cc_cuda_address, unsigned char, size_t, cc_cuda_stream))         \
    required(cuStreamCreate, (cc_cuda_stream *, unsigned))                                      \
    required(cuStreamDestroy_v2, (cc_cuda_stream))                                              \
    required(cuStreamQuery, (cc_cuda_stream))                                                   \
    required(cuStreamSynchronize, (cc_cuda_stream))                                             \
    required(cuEventCreate, (cc_cuda_event *, unsigned))                                        \
    required(cuEventDestroy_v2, (cc_cuda_event))                                                \
    required(cuEventRecord, (cc_cuda_event, cc_cuda_stream))                                    \
    required(cuEventSynchronize, (cc_cuda_event))                                               \
    required(cuEventElapsedTime, (float *, cc_cuda_event, cc_cuda_event))                       \
    required(cuStreamBeginCapture_v2, (cc_cuda_stream, cc_cuda_capture))                        \
    required(cuStreamEndCapture, (cc_cuda_stream, cc_cuda_graph *))                             \
    required(cuGraphInstantiateWithFlags,                                                       \
             (cc_cuda_graph_exec *, cc_cuda_graph, unsigned long long))                         \
    required(cuGraphLaunch, (cc_cuda_graph_exec, cc_cuda_stream))                               \
    required(cuGraphExecDestroy, (cc_cuda_graph_exec))                                          \
    required(cuGraphDestroy, (cc_cuda_graph))
/* clang-format on */

#define CC_CUDA_FIELD(name, arguments) cc_cuda_result(*name) arguments; /* NOLINT */
typedef struct cc_cuda_driver {
    CC_CUDA_ENTRIES(CC_CUDA_FIELD, CC_CUDA_FIELD)
    int version; /* CUDA version that the driver offers: 13000 = 13.0 */
} cc_cuda_driver;
#undef CC_CUDA_FIELD

/* Numbers of the driver API (CUresult, CUdevice_attribute and the rest), by their
 * meaning. Source: NVIDIA's CUDA Driver API reference. */
enum {
    CC_CUDA_OUT_OF_MEMORY = 2,
    CC_CUDA_NOT_INITIALIZED = 3,
    CC_CUDA_STUB_LIBRARY = 34,
    CC_CUDA_DEVICE_UNAVAILABLE = 46,
    CC_CUDA_NO_DEVICE = 100,
    CC_CUDA_INVALID_DEVICE = 101,
    CC_CUDA_INVALID_IMAGE = 200,
    CC_CUDA_NO_BINARY_FOR_GPU = 209,
    CC_CUDA_INVALID_PTX = 218,
    CC_CUDA_JIT_COMPILER_NOT_FOUND = 221,
    CC_CUDA_UNSUPPORTED_PTX_VERSION = 222,
    CC_CUDA_NOT_FOUND = 500,
    CC_CUDA_NOT_READY = 600,
    CC_CUDA_ILLEGAL_ADDRESS = 700,
    CC_CUDA_LAUNCH_OUT_OF_RESOURCES = 701,
    CC_CUDA_LAUNCH_TIMEOUT = 702,
    CC_CUDA_LAUNCH_FAILED = 719,
    CC_CUDA_SYSTEM_NOT_READY = 802,
    CC_CUDA_DRIVER_MISMATCH = 803,
    CC_CUDA_COMPATIBILITY_NOT_SUPPORTED = 804,
    CC_CUDA_UNKNOWN = 999
};

/* The least driver: 470, which offers CUDA 11.4. */
#define CC_CUDA_LEAST_VERSION 11040

/* ---- what was looked for, and found ---- */

/* One place where the library was looked for. */
typedef struct cc_cuda_attempt {
    char path[256];   /* as given to the loader */
    bool exists;      /* a file of that path is there; unknown (false) for a bare name */
    bool loaded;      /* the loader accepted it */
    char reason[256]; /* the loader's words if it did not; "" else */
} cc_cuda_attempt;

#define CC_CUDA_MOST_ATTEMPTS 6

typedef enum cc_cuda_state {
    CC_CUDA_NO_LIBRARY, /* libcuda.so.1 was not found or not accepted by the loader */
    CC_CUDA_NOT_USABLE, /* it was, but is no driver, too old, or does not start */
    CC_CUDA_NO_GPU,     /* the driver works and shows no device */
    CC_CUDA_READY       /* there is at least one device */
} cc_cuda_state;

/* Everything that `doctor` prints about the driver. */
typedef struct cc_cuda_facts {
    cc_cuda_state state;
    cc_cuda_attempt attempts[CC_CUDA_MOST_ATTEMPTS]; /* in the order tried; after the one that
                                                        loaded nothing more is tried */
    int attempt_count;
    char library[256];        /* the file that was loaded, as the loader resolved it; "" = none */
    char missing_symbol[64];  /* first required entry the library lacks; "" = none */
    int driver_version;       /* 12020 = CUDA 12.2; 0 = not known */
    char kernel_module[128];  /* first line of /proc/driver/nvidia/version; "" = no such file */
    bool device_files;        /* /dev/nvidiactl or, in WSL2, /dev/dxg is there */
    bool device_files_usable; /* and this process may open it */
    bool wsl;                 /* /dev/dxg is there: Windows Subsystem for Linux */
    int result;               /* number of the driver's error; 0 = none */
    char result_name[64];     /* "CUDA_ERROR_NO_DEVICE"; "" = none */
    int device_count;
    char problem[512]; /* what is wrong, in one sentence; "" = nothing */
    char remedy[384];  /* the next step, in one sentence; "" = nothing to mend */
} cc_cuda_facts;

/* Look for the driver and start it. The first success is kept for the process's
 * life; after a failure the next call looks again. $CLEARCUT_LIBCUDA, if set, is
 * the only place looked at (for tests). *driver is valid for the process's life,
 * NULL on failure. CC_DEVICE with problem and remedy as the message. Any thread. */
cc_status cc_cuda_open(const cc_cuda_driver **driver, cc_error *error);

/* What cc_cuda_open found the last time; calls it if nobody has. Any thread. */
void cc_cuda_facts_get(cc_cuda_facts *facts);

/* Test hook: close the library and forget it, so that the next open looks again.
 * No network or context may be left. Not thread-safe against running work. */
void cc_cuda_forget(void);

/* A device's context takes a tenth of a second to make and dies with its last user.
 * The first to open a device keeps it for the process: true once for each device, and
 * the caller then retains the context a second time. After a fault the same mark is
 * taken back: true if it was set, and the caller releases a second time, so that the
 * next one gets a context that works. Any thread. */
bool cc_cuda_keep_context(int index);
bool cc_cuda_drop_context(int index);

/* ---- devices ---- */

typedef struct cc_cuda_device_facts {
    int index; /* as in --device cuda:N, in the driver's order */
    cc_cuda_device device;
    char name[128];
    char uuid[48];    /* "GPU-8a8d...": as nvidia-smi -L prints it; "" = the driver cannot tell */
    char pci_bus[24]; /* "0000:1B:00.0" */
    size_t memory_bytes;
    int compute_major; /* compute capability 9.0: 9, 0 */
    int compute_minor;
    int multiprocessors;
    int shared_bytes_per_block; /* the most a block may ask for */
} cc_cuda_device_facts;

/* Describe device `index` (0 .. device_count-1). CC_DEVICE if there is no such
 * device or the driver refuses; *device is then zero. Any thread. */
cc_status cc_cuda_device_describe(const cc_cuda_driver *driver, int index,
                                  cc_cuda_device_facts *device, cc_error *error);

/* ---- errors ---- */

/* The failure of one driver call: CC_DEVICE with "WHAT: NAME (NUMBER): the driver's
 * sentence; next step". CC_OUT_OF_MEMORY is not used: the device's memory is part
 * of the device. what: "loading the kernels", ...; driver may be NULL. */
cc_status cc_cuda_fail(cc_error *error, const cc_cuda_driver *driver, cc_cuda_result result,
                       const char *what);

/* The next step for an error number, in plain words; "" if there is nothing better
 * to say than the driver's own sentence. Looks at /dev. Static text. */
const char *cc_cuda_remedy(cc_cuda_result result);

/* After these the context is lost: every later call fails until the process ends. */
bool cc_cuda_is_fatal(cc_cuda_result result);

#endif
