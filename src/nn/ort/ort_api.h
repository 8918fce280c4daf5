/* ONNX Runtime's C interface, as far as it is used here.
 *
 * The library is opened at run time (library.h), so nothing of it is needed to
 * build. Its interface is a table of function pointers that only ever grows at
 * its end: the first number of an entry is its place in that table, the second
 * the version of the table that has it (version N came with release 1.N). Places
 * counted in the published header onnxruntime_c_api.h; those up to version 12 are
 * the ones that the library's own source asserts. tests/ort checks them against
 * real libraries of several ages.
 */
#ifndef CLEARCUT_NN_ORT_API_H
#define CLEARCUT_NN_ORT_API_H

#include <stddef.h>
#include <stdint.h>

/* Objects of the library; opaque. */
typedef struct cc_ort_status cc_ort_status; /* NULL = success; else to be released */
typedef struct cc_ort_env cc_ort_env;
typedef struct cc_ort_options cc_ort_options; /* of a session */
typedef struct cc_ort_session cc_ort_session;
typedef struct cc_ort_run_options cc_ort_run_options;
typedef struct cc_ort_value cc_ort_value;
typedef struct cc_ort_type cc_ort_type;
typedef struct cc_ort_tensor_type cc_ort_tensor_type; /* borrowed from a cc_ort_type */
typedef struct cc_ort_memory cc_ort_memory;
typedef struct cc_ort_allocator cc_ort_allocator;
typedef struct cc_ort_provider_options cc_ort_provider_options;
typedef struct cc_ort_subgraph cc_ort_subgraph; /* nodes given to one provider */
typedef struct cc_ort_node cc_ort_node;

/* Numbers of the library's enumerations. */
enum {
    CC_ORT_LOG_FATAL = 4,
    CC_ORT_OPTIMIZE_ALL = 99,
    CC_ORT_OPTIMIZE_NONE = 0,
    CC_ORT_ARENA_ALLOCATOR = 1,
    CC_ORT_MEMORY_DEFAULT = 0,
    CC_ORT_CODE_INVALID_ARGUMENT = 2,
    CC_ORT_CODE_NO_SUCH_FILE = 3,
    CC_ORT_CODE_NO_MODEL = 4,
    CC_ORT_CODE_INVALID_PROTOBUF = 7,
    CC_ORT_CODE_NOT_IMPLEMENTED = 9,
    CC_ORT_CODE_INVALID_GRAPH = 10
};

/* The oldest table that has all that is needed, and the newest that is known. */
enum { CC_ORT_OLDEST = 12, CC_ORT_NEWEST = 24, CC_ORT_ASSIGNMENT = 24 };

/* X(place, version, result, name, parameters) */
#define CC_ORT_ENTRIES(X)                                                                          \
    X(1, 1, int, GetErrorCode, (const cc_ort_status *))                                            \
    X(2, 1, const char *, GetErrorMessage, (const cc_ort_status *))                                \
    X(3, 1, cc_ort_status *, CreateEnv, (int level, const char *name, cc_ort_env **))              \
    X(6, 1, cc_ort_status *, DisableTelemetryEvents, (const cc_ort_env *))                         \
    X(7, 1, cc_ort_status *, CreateSession,                                                        \
      (const cc_ort_env *, const char *path, const cc_ort_options *, cc_ort_session **))           \
    X(8, 1, cc_ort_status *, CreateSessionFromArray,                                               \
      (const cc_ort_env *, const void *, size_t, const cc_ort_options *, cc_ort_session **))       \
    X(9, 1, cc_ort_status *, Run,                                                                  \
      (cc_ort_session *, const cc_ort_run_options *, const char *const *input_names,               \
       const cc_ort_value *const *inputs, size_t input_count, const char *const *output_names,     \
       size_t output_count, cc_ort_value **outputs))                                               \
    X(10, 1, cc_ort_status *, CreateSessionOptions, (cc_ort_options **))                           \
    X(14, 1, cc_ort_status *, EnableProfiling, (cc_ort_options *, const char *prefix))             \
    X(22, 1, cc_ort_status *, SetSessionLogSeverityLevel, (cc_ort_options *, int))                 \
    X(23, 1, cc_ort_status *, SetSessionGraphOptimizationLevel, (cc_ort_options *, int))           \
    X(24, 1, cc_ort_status *, SetIntraOpNumThreads, (cc_ort_options *, int))                       \
    X(25, 1, cc_ort_status *, SetInterOpNumThreads, (cc_ort_options *, int))                       \
    X(30, 1, cc_ort_status *, SessionGetInputCount, (const cc_ort_session *, size_t *))            \
    X(31, 1, cc_ort_status *, SessionGetOutputCount, (const cc_ort_session *, size_t *))           \
    X(33, 1, cc_ort_status *, SessionGetInputTypeInfo,                                             \
      (const cc_ort_session *, size_t, cc_ort_type **))                                            \
    X(34, 1, cc_ort_status *, SessionGetOutputTypeInfo,                                            \
      (const cc_ort_session *, size_t, cc_ort_type **))                                            \
    X(36, 1, cc_ort_status *, SessionGetInputName,                                                 \
      (const cc_ort_session *, size_t, cc_ort_allocator *, char **))                               \
    X(37, 1, cc_ort_status *, SessionGetOutputName,                                                \
      (const cc_ort_session *, size_t, cc_ort_allocator *, char **))                               \
    X(39, 1, cc_ort_status *, CreateRunOptions, (cc_ort_run_options **))                           \
    X(46, 1, cc_ort_status *, RunOptionsSetTerminate, (cc_ort_run_options *))                      \
    X(47, 1, cc_ort_status *, RunOptionsUnsetTerminate, (cc_ort_run_options *))                    \
    X(49, 1, cc_ort_status *, CreateTensorWithDataAsOrtValue,                                      \
      (const cc_ort_memory *, void *data, size_t bytes, const int64_t *shape, size_t rank,         \
       int element_type, cc_ort_value **))                                                         \
    X(51, 1, cc_ort_status *, GetTensorMutableData, (cc_ort_value *, void **))                     \
    X(55, 1, cc_ort_status *, CastTypeInfoToTensorInfo,                                            \
      (const cc_ort_type *, const cc_ort_tensor_type **))                                          \
    X(60, 1, cc_ort_status *, GetTensorElementType, (const cc_ort_tensor_type *, int *))           \
    X(61, 1, cc_ort_status *, GetDimensionsCount, (const cc_ort_tensor_type *, size_t *))          \
    X(62, 1, cc_ort_status *, GetDimensions, (const cc_ort_tensor_type *, int64_t *, size_t))      \
    X(63, 1, cc_ort_status *, GetSymbolicDimensions,                                               \
      (const cc_ort_tensor_type *, const char **, size_t))                                         \
    X(65, 1, cc_ort_status *, GetTensorTypeAndShape,                                               \
      (const cc_ort_value *, cc_ort_tensor_type **))                                               \
    X(69, 1, cc_ort_status *, CreateCpuMemoryInfo, (int allocator, int type, cc_ort_memory **))    \
    X(76, 1, cc_ort_status *, AllocatorFree, (cc_ort_allocator *, void *))                         \
    X(78, 1, cc_ort_status *, GetAllocatorWithDefaultOptions, (cc_ort_allocator **))               \
    X(93, 1, void, ReleaseStatus, (cc_ort_status *))                                               \
    X(94, 1, void, ReleaseMemoryInfo, (cc_ort_memory *))                                           \
    X(95, 1, void, ReleaseSession, (cc_ort_session *))                                             \
    X(96, 1, void, ReleaseValue, (cc_ort_value *))                                                 \
    X(97, 1, void, ReleaseRunOptions, (cc_ort_run_options *))                                      \
    X(98, 1, void, ReleaseTypeInfo, (cc_ort_type *))                                               \
    X(99, 1, void, ReleaseTensorTypeAndShapeInfo, (cc_ort_tensor_type *))                          \
    X(100, 1, void, ReleaseSessionOptions, (cc_ort_options *))                                     \
    X(110, 2, cc_ort_status *, SessionEndProfiling,                                                \
      (cc_ort_session *, cc_ort_allocator *, char **path))                                         \
    X(124, 3, cc_ort_status *, AddFreeDimensionOverrideByName,                                     \
      (cc_ort_options *, const char *name, int64_t))                                               \
    X(125, 4, cc_ort_status *, GetAvailableProviders, (char ***names, int *count))                 \
    X(126, 4, cc_ort_status *, ReleaseAvailableProviders, (char **names, int count))               \
    X(130, 5, cc_ort_status *, AddSessionConfigEntry,                                              \
      (cc_ort_options *, const char *key, const char *value))                                      \
    X(153, 6, cc_ort_status *, SessionOptionsAppendExecutionProvider_ROCM,                         \
      (cc_ort_options *, const cc_ort_provider_options *))                                         \
    X(170, 9, cc_ort_status *, SessionOptionsAppendExecutionProvider_TensorRT_V2,                  \
      (cc_ort_options *, const cc_ort_provider_options *))                                         \
    X(171, 9, cc_ort_status *, CreateTensorRTProviderOptions, (cc_ort_provider_options **))        \
    X(172, 9, cc_ort_status *, UpdateTensorRTProviderOptions,                                      \
      (cc_ort_provider_options *, const char *const *keys, const char *const *values,              \
       size_t count))                                                                              \
    X(174, 9, void, ReleaseTensorRTProviderOptions, (cc_ort_provider_options *))                   \
    X(204, 11, cc_ort_status *, SessionOptionsAppendExecutionProvider_CUDA_V2,                     \
      (cc_ort_options *, const cc_ort_provider_options *))                                         \
    X(205, 11, cc_ort_status *, CreateCUDAProviderOptions, (cc_ort_provider_options **))           \
    X(206, 11, cc_ort_status *, UpdateCUDAProviderOptions,                                         \
      (cc_ort_provider_options *, const char *const *keys, const char *const *values,              \
       size_t count))                                                                              \
    X(208, 11, void, ReleaseCUDAProviderOptions, (cc_ort_provider_options *))                      \
    X(216, 12, cc_ort_status *, SessionOptionsAppendExecutionProvider,                             \
      (cc_ort_options *, const char *name, const char *const *keys, const char *const *values,     \
       size_t count))                                                                              \
    X(239, 15, cc_ort_status *, SessionOptionsAppendExecutionProvider_Dnnl,                        \
      (cc_ort_options *, const cc_ort_provider_options *))                                         \
    X(240, 15, cc_ort_status *, CreateDnnlProviderOptions, (cc_ort_provider_options **))           \
    X(243, 15, void, ReleaseDnnlProviderOptions, (cc_ort_provider_options *))                      \
    X(255, 16, cc_ort_status *, CreateROCMProviderOptions, (cc_ort_provider_options **))           \
    X(256, 16, cc_ort_status *, UpdateROCMProviderOptions,                                         \
      (cc_ort_provider_options *, const char *const *keys, const char *const *values,              \
       size_t count))                                                                              \
    X(258, 16, void, ReleaseROCMProviderOptions, (cc_ort_provider_options *))                      \
    X(407, 24, cc_ort_status *, Session_GetEpGraphAssignmentInfo,                                  \
      (const cc_ort_session *, const cc_ort_subgraph *const **, size_t *))                         \
    X(408, 24, cc_ort_status *, EpAssignedSubgraph_GetEpName,                                      \
      (const cc_ort_subgraph *, const char **))                                                    \
    X(409, 24, cc_ort_status *, EpAssignedSubgraph_GetNodes,                                       \
      (const cc_ort_subgraph *, const cc_ort_node *const **, size_t *))                            \
    X(410, 24, cc_ort_status *, EpAssignedNode_GetName, (const cc_ort_node *, const char **))      \
    X(412, 24, cc_ort_status *, EpAssignedNode_GetOperatorType,                                    \
      (const cc_ort_node *, const char **))

/* The table, read out: NULL where the library's version has no such entry. */
typedef struct cc_ort_api {
/* Types and parameter lists cannot stand in parentheses: */
/* NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define CC_ORT_MEMBER(place, version, result, name, parameters) result(*name) parameters;
    CC_ORT_ENTRIES(CC_ORT_MEMBER)
#undef CC_ORT_MEMBER
} cc_ort_api;

/* What the library's one exported function OrtGetApiBase returns. */
typedef struct cc_ort_base {
    const void *(*GetApi)(uint32_t version); /* prints if the version is too new; NULL then */
    const char *(*GetVersionString)(void);   /* "1.31.1" */
} cc_ort_base;

#endif
