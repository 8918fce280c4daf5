#include "nn/cuda/module.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "nn/cuda/image.h"

/* CUjit_option and CUfunction_attribute. */
enum { JIT_ERROR_LOG = 5, JIT_ERROR_LOG_BYTES = 6, FUNCTION_MAX_DYNAMIC_SHARED_BYTES = 8 };

/* Dynamic shared memory that a kernel gets without asking. */
#define SHARED_BYTES_UNASKED (48U * 1024U)

static int architecture_of(const cc_cuda_gpu *gpu)
{
    return gpu->facts.compute_major * 10 + gpu->facts.compute_minor;
}

/* The driver says by these that an image is not for it, which another image may be. */
static bool is_another_worth_trying(cc_cuda_result result)
{
    return result == CC_CUDA_NO_BINARY_FOR_GPU || result == CC_CUDA_INVALID_PTX ||
           result == CC_CUDA_UNSUPPORTED_PTX_VERSION;
}

static void describe_image(const cc_cuda_image *image, char *text, size_t size)
{
    snprintf(text, size, "%s for compute capability %d.%d",
             image->kind == CC_CUDA_IMAGE_PTX ? "PTX" : "machine code",
             (int)image->architecture / 10, (int)image->architecture % 10);
}

/* One image into the driver. *result is the driver's number. */
static cc_status load_image(cc_cuda_gpu *gpu, const cc_cuda_image *image, cc_cuda_result *result,
                            cc_error *error)
{
    char log[384] = "";
    char name[64];
    char what[512];
    int options[2] = {JIT_ERROR_LOG, JIT_ERROR_LOG_BYTES};
    void *values[2] = {log, (void *)(uintptr_t)(sizeof log - 1)};
    void *data = NULL;
    cc_status status = cc_cuda_image_unpack(image, &data, error);

    *result = 0;
    if (status != CC_OK) {
        return status;
    }
    *result = gpu->driver->cuModuleLoadDataEx(&gpu->module, data, 2, options, values);
    cc_free(data);
    if (*result == 0) {
        return CC_OK;
    }
    gpu->module = NULL;
    log[sizeof log - 1] = '\0';
    log[strcspn(log, "\n")] = '\0';
    describe_image(image, name, sizeof name);
    snprintf(what, sizeof what, "loading the kernels (%s) into cuda:%d%s%s", name, gpu->facts.index,
             log[0] != '\0' ? ": " : "", log);
    return cc_cuda_gpu_check(gpu, *result, what, error);
}

static void note_image(cc_cuda_gpu *gpu, const cc_cuda_image *image, cc_cuda_result refused)
{
    bool text = image->kind == CC_CUDA_IMAGE_PTX;

    snprintf(gpu->level, sizeof gpu->level, "sm_%d%s",
             text ? architecture_of(gpu) : (int)image->architecture, text ? " from PTX" : "");
    if (text && refused != 0) {
        snprintf(gpu->note, sizeof gpu->note,
                 "the driver refused the machine code (%d), so it compiled the kernels from PTX",
                 refused);
    } else if (text) {
        snprintf(gpu->note, sizeof gpu->note,
                 "no machine code for compute capability %d.%d is built in, so the driver "
                 "compiled the kernels from PTX",
                 gpu->facts.compute_major, gpu->facts.compute_minor);
    }
}

static cc_status load_best_image(cc_cuda_gpu *gpu, cc_error *error)
{
    int indices[2] = {0, 0};
    int count = cc_cuda_image_candidates(architecture_of(gpu), indices);
    cc_cuda_result refused = 0;
    cc_status status = CC_DEVICE;

    if (cc_cuda_image_count == 0) {
        return cc_fail(error, CC_DEVICE,
                       "this clearcut holds no GPU kernels (%s); install a release, or build with "
                       "nvcc in the path",
                       cc_cuda_image_origin);
    }
    if (count == 0) {
        return cc_fail(error, CC_DEVICE,
                       "no kernels for compute capability %d.%d of cuda:%d (%s) are built in",
                       gpu->facts.compute_major, gpu->facts.compute_minor, gpu->facts.index,
                       gpu->facts.name);
    }
    for (int i = 0; i < count; i++) {
        const cc_cuda_image *image = &cc_cuda_images[indices[i]];
        cc_cuda_result result = 0;
        status = load_image(gpu, image, &result, error);
        if (status == CC_OK) {
            note_image(gpu, image, refused);
            cc_error_clear(error);
            return CC_OK;
        }
        if (!is_another_worth_trying(result)) {
            return status;
        }
        refused = result;
    }
    return status;
}

static cc_status find_kernel(cc_cuda_gpu *gpu, int kernel, cc_error *error)
{
    const cc_cuda_kernel_facts *facts = &cc_cuda_kernels[kernel];
    char what[128];
    cc_cuda_result result =
        gpu->driver->cuModuleGetFunction(&gpu->functions[kernel], gpu->module, facts->name);

    snprintf(what, sizeof what, "finding the kernel %s", facts->name);
    if (result == 0 && facts->shared_bytes > SHARED_BYTES_UNASKED &&
        (int)facts->shared_bytes <= gpu->facts.shared_bytes_per_block) {
        snprintf(what, sizeof what, "%u bytes of shared memory for the kernel %s",
                 (unsigned)facts->shared_bytes, facts->name);
        result = gpu->driver->cuFuncSetAttribute(
            gpu->functions[kernel], FUNCTION_MAX_DYNAMIC_SHARED_BYTES, (int)facts->shared_bytes);
    }
    return cc_cuda_gpu_check(gpu, result, what, error);
}

cc_status cc_cuda_load_kernels(cc_cuda_gpu *gpu, cc_error *error)
{
    cc_status status = load_best_image(gpu, error);

    for (int kernel = 0; kernel < CC_CUDA_KERNEL_COUNT && status == CC_OK; kernel++) {
        status = find_kernel(gpu, kernel, error);
    }
    return status;
}
