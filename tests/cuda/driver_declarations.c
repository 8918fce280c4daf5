/* Compiled, never run, where the toolkit's cuda.h is installed: our declarations of the
 * driver's entries against NVIDIA's own. A difference does not compile. */
#include <cuda.h>

typedef CUresult cc_cuda_result;
typedef CUdevice_attribute cc_cuda_attribute;
typedef CUfunction_attribute cc_cuda_limit;
typedef CUjit_option cc_cuda_jit_option;
typedef CUstreamCaptureMode cc_cuda_capture;
typedef CUdevice cc_cuda_device;
typedef CUdeviceptr cc_cuda_address;
typedef CUcontext cc_cuda_context;
typedef CUmodule cc_cuda_module;
typedef CUfunction cc_cuda_function;
typedef CUstream cc_cuda_stream;
typedef CUevent cc_cuda_event;
typedef CUgraph cc_cuda_graph;
typedef CUgraphExec cc_cuda_graph_exec;
typedef CUuuid cc_cuda_uuid;
#define CC_CUDA_TYPES_FROM_CUDA_H
#include "nn/cuda/driver.h"

#define COMPARE(name, arguments)                                                                   \
    _Static_assert(                                                                                \
        __builtin_types_compatible_p(__typeof__(&name), __typeof__(cc_cuda_result(*) arguments)),  \
        #name " is declared otherwise in cuda.h");
CC_CUDA_ENTRIES(COMPARE, COMPARE)

_Static_assert(sizeof(CUresult) == sizeof(int) && sizeof(CUdevice_attribute) == sizeof(int) &&
                   sizeof(CUfunction_attribute) == sizeof(int) &&
                   sizeof(CUjit_option) == sizeof(int) &&
                   sizeof(CUstreamCaptureMode) == sizeof(int),
               "driver.h takes enumerations for int");
_Static_assert(CUDA_ERROR_OUT_OF_MEMORY == (int)CC_CUDA_OUT_OF_MEMORY &&
                   CUDA_ERROR_NOT_INITIALIZED == (int)CC_CUDA_NOT_INITIALIZED &&
                   CUDA_ERROR_STUB_LIBRARY == (int)CC_CUDA_STUB_LIBRARY &&
                   CUDA_ERROR_DEVICE_UNAVAILABLE == (int)CC_CUDA_DEVICE_UNAVAILABLE &&
                   CUDA_ERROR_NO_DEVICE == (int)CC_CUDA_NO_DEVICE &&
                   CUDA_ERROR_INVALID_DEVICE == (int)CC_CUDA_INVALID_DEVICE &&
                   CUDA_ERROR_INVALID_IMAGE == (int)CC_CUDA_INVALID_IMAGE &&
                   CUDA_ERROR_NO_BINARY_FOR_GPU == (int)CC_CUDA_NO_BINARY_FOR_GPU &&
                   CUDA_ERROR_INVALID_PTX == (int)CC_CUDA_INVALID_PTX &&
                   CUDA_ERROR_JIT_COMPILER_NOT_FOUND == (int)CC_CUDA_JIT_COMPILER_NOT_FOUND &&
                   CUDA_ERROR_UNSUPPORTED_PTX_VERSION == (int)CC_CUDA_UNSUPPORTED_PTX_VERSION &&
                   CUDA_ERROR_NOT_FOUND == (int)CC_CUDA_NOT_FOUND &&
                   CUDA_ERROR_NOT_READY == (int)CC_CUDA_NOT_READY &&
                   CUDA_ERROR_ILLEGAL_ADDRESS == (int)CC_CUDA_ILLEGAL_ADDRESS &&
                   CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES == (int)CC_CUDA_LAUNCH_OUT_OF_RESOURCES &&
                   CUDA_ERROR_LAUNCH_TIMEOUT == (int)CC_CUDA_LAUNCH_TIMEOUT &&
                   CUDA_ERROR_LAUNCH_FAILED == (int)CC_CUDA_LAUNCH_FAILED &&
                   CUDA_ERROR_SYSTEM_NOT_READY == (int)CC_CUDA_SYSTEM_NOT_READY &&
                   CUDA_ERROR_SYSTEM_DRIVER_MISMATCH == (int)CC_CUDA_DRIVER_MISMATCH &&
                   CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE ==
                       (int)CC_CUDA_COMPATIBILITY_NOT_SUPPORTED &&
                   CUDA_ERROR_UNKNOWN == (int)CC_CUDA_UNKNOWN,
               "numbers of errors");
_Static_assert((int)CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT == 16 &&
                   (int)CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR == 75 &&
                   (int)CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR == 76 &&
                   (int)CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN == 97 &&
                   (int)CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES == 8 &&
                   (int)CU_JIT_ERROR_LOG_BUFFER == 5 &&
                   (int)CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES == 6 &&
                   (int)CU_STREAM_CAPTURE_MODE_THREAD_LOCAL == 1 &&
                   (int)CU_STREAM_NON_BLOCKING == 1,
               "numbers used as they are in driver_device.c, module.c, gpu.c, network_load.c");
