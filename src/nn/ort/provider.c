#include "nn/ort/provider.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "nn/ort/needs.h"

/* ---- ways to add one ---- */

/* The first device is everybody's default, so that only others are named: not every
 * provider that takes no number would take this one. */
static cc_ort_status *append_by_name(const cc_ort_library *library, cc_ort_options *options,
                                     const char *append_name, int device)
{
    char number[16];
    const char *const keys[] = {"device_id"};
    const char *const values[] = {number};

    snprintf(number, sizeof number, "%d", device);
    return library->api.SessionOptionsAppendExecutionProvider(options, append_name, keys, values,
                                                              device > 0 ? 1 : 0);
}

/* The four entries of a provider with an options object of its own. */
typedef struct own_options {
    cc_ort_status *(*create)(cc_ort_provider_options **);
    cc_ort_status *(*update)(cc_ort_provider_options *, const char *const *, const char *const *,
                             size_t);
    cc_ort_status *(*append)(cc_ort_options *, const cc_ort_provider_options *);
    void (*release)(cc_ort_provider_options *);
} own_options;

static cc_ort_status *append_with(cc_ort_options *options, const own_options *entries, int device)
{
    char number[16];
    const char *const keys[] = {"device_id"};
    const char *const values[] = {number};
    cc_ort_provider_options *own = NULL;
    cc_ort_status *status = entries->create(&own);

    if (status != NULL) {
        return status;
    }
    snprintf(number, sizeof number, "%d", device);
    if (device > 0) {
        status = entries->update(own, keys, values, 1);
    }
    if (status == NULL) {
        status = entries->append(options, own);
    }
    entries->release(own);
    return status;
}

static cc_ort_status *append_cuda(const cc_ort_library *library, cc_ort_options *options,
                                  const char *append_name, int device)
{
    const cc_ort_api *api = &library->api;
    const own_options entries = {api->CreateCUDAProviderOptions, api->UpdateCUDAProviderOptions,
                                 api->SessionOptionsAppendExecutionProvider_CUDA_V2,
                                 api->ReleaseCUDAProviderOptions};

    (void)append_name;
    return append_with(options, &entries, device);
}

static cc_ort_status *append_tensorrt(const cc_ort_library *library, cc_ort_options *options,
                                      const char *append_name, int device)
{
    const cc_ort_api *api = &library->api;
    const own_options entries = {api->CreateTensorRTProviderOptions,
                                 api->UpdateTensorRTProviderOptions,
                                 api->SessionOptionsAppendExecutionProvider_TensorRT_V2,
                                 api->ReleaseTensorRTProviderOptions};

    (void)append_name;
    return append_with(options, &entries, device);
}

static cc_ort_status *append_rocm(const cc_ort_library *library, cc_ort_options *options,
                                  const char *append_name, int device)
{
    const cc_ort_api *api = &library->api;
    const own_options entries = {api->CreateROCMProviderOptions, api->UpdateROCMProviderOptions,
                                 api->SessionOptionsAppendExecutionProvider_ROCM,
                                 api->ReleaseROCMProviderOptions};

    if (entries.create == NULL) {
        return append_by_name(library, options, append_name, device);
    }
    return append_with(options, &entries, device);
}

static cc_ort_status *append_dnnl(const cc_ort_library *library, cc_ort_options *options,
                                  const char *append_name, int device)
{
    const cc_ort_api *api = &library->api;
    const own_options entries = {api->CreateDnnlProviderOptions, NULL,
                                 api->SessionOptionsAppendExecutionProvider_Dnnl,
                                 api->ReleaseDnnlProviderOptions};

    if (entries.create == NULL) {
        return append_by_name(library, options, append_name, device);
    }
    return append_with(options, &entries, 0); /* it has no numbers */
}

/* Functions that are exported beside the table, where the library was built with the
 * provider: OrtSessionOptionsAppendExecutionProvider_NAME(options, number), the
 * number being a device, or flags; 0 is the default of both. Libraries that no longer have the
 * function take the name. */
static cc_ort_status *append_by_symbol(const cc_ort_library *library, cc_ort_options *options,
                                       const char *append_name, int device)
{
    cc_ort_status *(*append)(cc_ort_options *, int) = NULL;
    char symbol_name[96];
    void *symbol;

    snprintf(symbol_name, sizeof symbol_name, "OrtSessionOptionsAppendExecutionProvider_%s",
             append_name);
    symbol = dlsym(library->handle, symbol_name);
    if (symbol == NULL) {
        return append_by_name(library, options, append_name, device);
    }
    memcpy((void *)&append, (const void *)&symbol, sizeof symbol);
    return append(options, device);
}

/* ---- the table ---- */

#define WITH_PIP(package) "python3 -m pip install " package
#define CUDA_LIBRARIES WITH_PIP("'onnxruntime-gpu[cuda,cudnn]'")
#define ROCM_LIBRARIES "AMD's ROCm packages"
#define OTHER_LIBRARIES "its vendor's packages"
#define OWN_BUILD "build ONNX Runtime with it and set CLEARCUT_ORT to that library"

static const cc_ort_provider providers[] = {
    {"cpu", "CPUExecutionProvider", WITH_PIP("onnxruntime"), NULL, NULL, OTHER_LIBRARIES, false},
    {"cuda", "CUDAExecutionProvider", WITH_PIP("onnxruntime-gpu"), append_cuda, NULL,
     CUDA_LIBRARIES, true},
    {"tensorrt", "TensorrtExecutionProvider", WITH_PIP("onnxruntime-gpu tensorrt"), append_tensorrt,
     NULL, CUDA_LIBRARIES " tensorrt", true},
    {"openvino", "OpenVINOExecutionProvider", WITH_PIP("onnxruntime-openvino"), append_by_name,
     "OpenVINO", OTHER_LIBRARIES, false},
    {"rocm", "ROCMExecutionProvider", WITH_PIP("onnxruntime-rocm"), append_rocm, "ROCM",
     ROCM_LIBRARIES, true},
    {"migraphx", "MIGraphXExecutionProvider", WITH_PIP("onnxruntime-migraphx"), append_by_symbol,
     "MIGraphX", ROCM_LIBRARIES, true},
    {"coreml", "CoreMLExecutionProvider", WITH_PIP("onnxruntime") " (on macOS)", append_by_symbol,
     "CoreML", OTHER_LIBRARIES, false},
    {"dml", "DmlExecutionProvider", WITH_PIP("onnxruntime-directml") " (on Windows)",
     append_by_symbol, "DML", OTHER_LIBRARIES, true},
    {"xnnpack", "XnnpackExecutionProvider", OWN_BUILD, append_by_name, "XNNPACK", OTHER_LIBRARIES,
     false},
    {"webgpu", "WebGpuExecutionProvider", WITH_PIP("onnxruntime-webgpu"), append_by_name, "WebGPU",
     OTHER_LIBRARIES, false},
    {"qnn", "QNNExecutionProvider", WITH_PIP("onnxruntime-qnn"), append_by_name, "QNN",
     OTHER_LIBRARIES, false},
    {"nvtensorrtrtx", "NvTensorRTRTXExecutionProvider", WITH_PIP("onnxruntime-trt-rtx"),
     append_by_name, "NvTensorRtRtx", OTHER_LIBRARIES, true},
    {"vitisai", "VitisAIExecutionProvider", OWN_BUILD, append_by_name, "VitisAI", OTHER_LIBRARIES,
     false},
    {"dnnl", "DnnlExecutionProvider", OWN_BUILD, append_dnnl, "Dnnl", OTHER_LIBRARIES, false},
    {"acl", "ACLExecutionProvider", OWN_BUILD, append_by_symbol, "ACL", OTHER_LIBRARIES, false},
    {"nnapi", "NnapiExecutionProvider", OWN_BUILD, append_by_symbol, "Nnapi", OTHER_LIBRARIES,
     false},
};

enum { PROVIDER_COUNT = sizeof providers / sizeof providers[0] };

const cc_ort_provider *cc_ort_provider_at(int index)
{
    return &providers[index];
}

int cc_ort_provider_count(void)
{
    return PROVIDER_COUNT;
}

cc_status cc_ort_provider_find(const char *name, const cc_ort_provider **provider, cc_error *error)
{
    char names[256];
    size_t used = 0;

    *provider = NULL;
    if (name == NULL || name[0] == '\0') {
        *provider = &providers[0];
        return CC_OK;
    }
    for (int i = 0; i < PROVIDER_COUNT; i++) {
        if (strcmp(name, providers[i].name) == 0) {
            *provider = &providers[i];
            return CC_OK;
        }
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "",
                                 providers[i].name);
    }
    return cc_fail(error, CC_INVALID_ARGUMENT, "ONNX Runtime has no provider \"%s\" for us: %s",
                   name, names);
}

cc_status cc_ort_provider_check(const cc_ort_library *library, const cc_ort_provider *provider,
                                cc_error *error)
{
    char present[256];

    if (cc_ort_has_provider(library, provider->full_name)) {
        return CC_OK;
    }
    if (cc_ort_providers(library, present, sizeof present, NULL) != CC_OK) {
        snprintf(present, sizeof present, "none");
    }
    return cc_fail(error, CC_DEVICE,
                   "ONNX Runtime %s (%s) was built without %s; it has %s. To get one: %s",
                   library->version, library->path, provider->full_name, present, provider->remedy);
}

/* The library that holds a provider lies beside the main one, as
 * libonnxruntime_providers_NAME.so. Name what that one lacks. */
static void tell_missing(const cc_ort_library *library, const cc_ort_provider *provider,
                         cc_error *error)
{
    const char *slash = strrchr(library->path, '/');
    char path[2 * CC_ORT_PATH_SIZE];
    char missing[320];
    size_t used;

    if (error == NULL || slash == NULL) {
        return;
    }
    snprintf(path, sizeof path, "%.*s/libonnxruntime_providers_%s.so", (int)(slash - library->path),
             library->path, provider->name);
    if (cc_ort_missing_libraries(path, missing, sizeof missing) > 0) {
        used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used,
                 "; libonnxruntime_providers_%s.so needs %s, not found%s: install these (%s) and "
                 "put their folders in LD_LIBRARY_PATH",
                 provider->name, missing,
                 strstr(missing, "libcuda.so.1") != NULL ? " (libcuda.so.1 is NVIDIA's driver)"
                                                         : "",
                 provider->needs);
    }
}

cc_status cc_ort_provider_append(const cc_ort_library *library, const cc_ort_provider *provider,
                                 int device, cc_ort_options *options, cc_error *error)
{
    char what[96];

    if (provider->append == NULL) {
        return CC_OK;
    }
    if (device > 0) {
        snprintf(what, sizeof what, "%s does not start on its device %d", provider->full_name,
                 device);
    } else {
        snprintf(what, sizeof what, "%s does not start", provider->full_name);
    }
    cc_status status =
        cc_ort_check(library, provider->append(library, options, provider->append_name, device),
                     CC_DEVICE, what, error);
    if (status != CC_OK) {
        tell_missing(library, provider, error);
    }
    return status;
}
