#include "nn/cuda/gpu.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "nn/cuda/module.h"

/* ---- current or not ---- */

static cc_status check_usable(const cc_cuda_gpu *gpu, cc_error *error)
{
    if (gpu->process != (int)getpid()) {
        return cc_fail(error, CC_DEVICE,
                       "cuda:%d was opened before this process was forked, and does not survive "
                       "that; %s",
                       gpu->facts.index, cc_cuda_remedy(CC_CUDA_NOT_INITIALIZED));
    }
    if (gpu->lost != 0) {
        return cc_cuda_fail(error, gpu->driver, gpu->lost, "the GPU was lost earlier");
    }
    return CC_OK;
}

cc_status cc_cuda_gpu_enter(cc_cuda_gpu *gpu, cc_error *error)
{
    cc_status status = check_usable(gpu, error);

    if (status == CC_OK) {
        status = cc_cuda_gpu_check(gpu, gpu->driver->cuCtxPushCurrent_v2(gpu->context),
                                   "turning to the GPU", error);
    }
    gpu->entered = status == CC_OK;
    return status;
}

bool cc_cuda_gpu_enter_to_free(cc_cuda_gpu *gpu)
{
    gpu->entered = gpu->context != NULL && gpu->process == (int)getpid() &&
                   gpu->lost != CC_CUDA_NOT_READY &&
                   gpu->driver->cuCtxPushCurrent_v2(gpu->context) == 0;
    return gpu->entered;
}

void cc_cuda_gpu_leave(cc_cuda_gpu *gpu)
{
    cc_cuda_context popped = NULL;

    if (gpu->entered) {
        gpu->entered = false;
        gpu->driver->cuCtxPopCurrent_v2(&popped);
    }
}

cc_status cc_cuda_gpu_check(cc_cuda_gpu *gpu, cc_cuda_result result, const char *what,
                            cc_error *error)
{
    if (result == 0) {
        return CC_OK;
    }
    if (cc_cuda_is_fatal(result)) {
        gpu->lost = result;
    }
    return cc_cuda_fail(error, gpu->driver, result, what);
}

/* ---- opening ---- */

static cc_status check_capability(const cc_cuda_gpu *gpu, cc_error *error)
{
    const cc_cuda_device_facts *facts = &gpu->facts;

    if (facts->compute_major * 10 + facts->compute_minor < 75) {
        return cc_fail(error, CC_DEVICE,
                       "cuda:%d (%s) has compute capability %d.%d; clearcut's kernels need 7.5 "
                       "(Turing, 2018) or later; use --device cpu",
                       facts->index, facts->name, facts->compute_major, facts->compute_minor);
    }
    return CC_OK;
}

static cc_status open_context(cc_cuda_gpu *gpu, cc_error *error)
{
    cc_cuda_context context = NULL;
    char what[160];

    snprintf(what, sizeof what, "starting cuda:%d (%s)", gpu->facts.index, gpu->facts.name);
    cc_status status = cc_cuda_gpu_check(
        gpu, gpu->driver->cuDevicePrimaryCtxRetain(&context, gpu->facts.device), what, error);
    if (status != CC_OK) {
        return status;
    }
    gpu->context = context;
    if (cc_cuda_keep_context(gpu->facts.index)) {
        gpu->driver->cuDevicePrimaryCtxRetain(&context, gpu->facts.device);
    }
    return CC_OK;
}

cc_status cc_cuda_gpu_open(int index, cc_cuda_gpu *gpu, cc_error *error)
{
    cc_status status;

    memset(gpu, 0, sizeof *gpu);
    gpu->process = (int)getpid();
    status = cc_cuda_open(&gpu->driver, error);
    if (status == CC_OK) {
        status = cc_cuda_device_describe(gpu->driver, index, &gpu->facts, error);
    }
    if (status == CC_OK) {
        status = check_capability(gpu, error);
    }
    if (status == CC_OK) {
        status = open_context(gpu, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_gpu_enter(gpu, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_load_kernels(gpu, error);
    }
    if (status == CC_OK) {
        enum { STREAM_NON_BLOCKING = 1 };
        status =
            cc_cuda_gpu_check(gpu, gpu->driver->cuStreamCreate(&gpu->stream, STREAM_NON_BLOCKING),
                              "making a stream", error);
    }
    cc_cuda_gpu_leave(gpu);
    if (status != CC_OK) {
        cc_cuda_gpu_close(gpu);
    }
    return status;
}

void cc_cuda_gpu_close(cc_cuda_gpu *gpu)
{
    cc_cuda_gpu_leave(gpu);
    if (cc_cuda_gpu_enter_to_free(gpu)) {
        if (gpu->stream != NULL) {
            gpu->driver->cuStreamDestroy_v2(gpu->stream);
        }
        if (gpu->module != NULL) {
            gpu->driver->cuModuleUnload(gpu->module);
        }
        cc_cuda_gpu_leave(gpu);
        gpu->driver->cuDevicePrimaryCtxRelease_v2(gpu->facts.device);
        if (gpu->lost != 0 && cc_cuda_drop_context(gpu->facts.index)) {
            gpu->driver->cuDevicePrimaryCtxRelease_v2(gpu->facts.device);
        }
    }
    memset(gpu, 0, sizeof *gpu);
}

/* ---- work ---- */

cc_status cc_cuda_gpu_launch(cc_cuda_gpu *gpu, const cc_cuda_launch *launch, void *parameters,
                             cc_error *error)
{
    void *arguments[1] = {parameters};
    cc_cuda_result result = gpu->driver->cuLaunchKernel(
        gpu->functions[launch->kernel], launch->grid[0], launch->grid[1], launch->grid[2],
        launch->threads, 1, 1, launch->shared_bytes, gpu->stream, arguments, NULL);

    return cc_cuda_gpu_check(gpu, result, cc_cuda_kernels[launch->kernel].name, error);
}

static void nap(void)
{
    const struct timespec fifty_microseconds = {.tv_nsec = 50000};

    nanosleep(&fifty_microseconds, NULL);
}

cc_status cc_cuda_gpu_wait(cc_cuda_gpu *gpu, int seconds, cc_error *error)
{
    enum { BUSY_MS = 3, USUAL_SECONDS = 60 };
    double begin = cc_clock_ms();
    double limit = 1e3 * (seconds > 0 ? seconds : USUAL_SECONDS);
    cc_cuda_result result = gpu->driver->cuStreamQuery(gpu->stream);

    while (result == CC_CUDA_NOT_READY) {
        double waited = cc_clock_ms() - begin;
        if (waited > limit) {
            gpu->lost = CC_CUDA_NOT_READY;
            return cc_fail(error, CC_DEVICE,
                           "cuda:%d (%s) has not answered for %.0f seconds and is given up; look "
                           "at nvidia-smi, and at dmesg for NVRM and Xid lines",
                           gpu->facts.index, gpu->facts.name, limit / 1e3);
        }
        if (waited > BUSY_MS) {
            nap();
        }
        result = gpu->driver->cuStreamQuery(gpu->stream);
    }
    return cc_cuda_gpu_check(gpu, result, "waiting for the GPU", error);
}

/* ---- memory ---- */

cc_status cc_cuda_gpu_allocate(cc_cuda_gpu *gpu, size_t bytes, cc_cuda_address *address,
                               bool *lacking, cc_error *error)
{
    size_t free_bytes = 0;
    size_t all_bytes = 0;
    char what[192];
    cc_cuda_result result = gpu->driver->cuMemAlloc_v2(address, bytes);

    if (result == 0) {
        return CC_OK;
    }
    *address = 0;
    if (lacking != NULL) {
        *lacking = result == CC_CUDA_OUT_OF_MEMORY;
    }
    if (gpu->driver->cuMemGetInfo_v2(&free_bytes, &all_bytes) != 0) {
        free_bytes = 0;
    }
    snprintf(what, sizeof what, "%.1f MB on cuda:%d (%s, %.1f MB of %.1f free)",
             (double)bytes / 1e6, gpu->facts.index, gpu->facts.name, (double)free_bytes / 1e6,
             (double)gpu->facts.memory_bytes / 1e6);
    return cc_cuda_gpu_check(gpu, result, what, error);
}

void cc_cuda_gpu_free(cc_cuda_gpu *gpu, cc_cuda_address address)
{
    if (address != 0) {
        gpu->driver->cuMemFree_v2(address);
    }
}

cc_status cc_cuda_gpu_allocate_host(cc_cuda_gpu *gpu, size_t bytes, void **memory, cc_error *error)
{
    char what[96];
    cc_cuda_result result = gpu->driver->cuMemHostAlloc(memory, bytes, 0);

    if (result == 0) {
        return CC_OK;
    }
    *memory = NULL;
    snprintf(what, sizeof what, "%.1f MB of page-locked memory of this machine",
             (double)bytes / 1e6);
    return cc_cuda_gpu_check(gpu, result, what, error);
}

void cc_cuda_gpu_free_host(cc_cuda_gpu *gpu, void *memory)
{
    if (memory != NULL) {
        gpu->driver->cuMemFreeHost(memory);
    }
}
