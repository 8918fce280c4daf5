/* The engine of NVIDIA GPUs: bytes -> onnx.c -> graph -> passes/ -> program -> one
 * captured sequence of launches, replayed at every run. */
#include "nn/cuda/network_cuda.h"

#include <stdio.h>
#include <string.h>

/* ---- life ---- */

/* After a GPU stopped answering nothing of it may be freed: it may still write. */
static void release_device_parts(cc_cuda_network *network)
{
    const cc_cuda_driver *driver = network->gpu.driver;

    if (!cc_cuda_gpu_enter_to_free(&network->gpu)) {
        return;
    }
    cc_cuda_pictures_release(network);
    if (network->replay != NULL) {
        driver->cuGraphExecDestroy(network->replay);
    }
    if (network->begin != NULL) {
        driver->cuEventDestroy_v2(network->begin);
    }
    if (network->end != NULL) {
        driver->cuEventDestroy_v2(network->end);
    }
    cc_cuda_gpu_free_host(&network->gpu, network->staging);
    cc_cuda_gpu_free(&network->gpu, network->block);
    cc_cuda_gpu_leave(&network->gpu);
}

static void cuda_release(void *state)
{
    cc_cuda_network *network = state;

    if (network != NULL) {
        release_device_parts(network);
        cc_cuda_gpu_close(&network->gpu);
        cc_cuda_program_release(&network->program);
        cc_arena_release(&network->arena);
        cc_free(network);
    }
}

static cc_status cuda_load(const cc_network_source *source, const cc_network_options *options,
                           void **state, cc_error *error)
{
    cc_cuda_network *network = cc_alloc_zeroed(1, sizeof *network);
    cc_status status;

    *state = NULL;
    if (network == NULL) {
        return cc_fail_memory(error, sizeof *network);
    }
    status = cc_cuda_network_prepare(network, source, options, error);
    if (status != CC_OK) {
        cuda_release(network);
        return status;
    }
    *state = network;
    return CC_OK;
}

static const cc_signature *cuda_signature(const void *state)
{
    return &((const cc_cuda_network *)state)->signature;
}

/* ---- running ---- */

bool cc_cuda_is_conversion(const cc_cuda_step *step)
{
    return step->kind == CC_CUDA_STEP_FROM_PLANES || step->kind == CC_CUDA_STEP_TO_PLANES;
}

cc_status cc_cuda_network_launch(cc_cuda_network *network, bool conversions, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < network->program.step_count && status == CC_OK; i++) {
        cc_cuda_step *step = &network->program.steps[i];
        if (conversions || !cc_cuda_is_conversion(step)) {
            status = cc_cuda_gpu_launch(&network->gpu, &step->launch, &step->parameters, error);
        }
    }
    return status;
}

/* `count` of the part's pictures from the caller's arrays, which begin at picture
 * `first`, into the page-locked memory and on to the device. */
static cc_status send(cc_cuda_network *network, const void *const *inputs, int first, int count,
                      cc_cuda_work *work, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < network->signature.input_count && status == CC_OK; i++) {
        const cc_cuda_slot *slot = &network->slots[i];
        size_t each = slot->bytes / (size_t)network->part;
        size_t bytes = each * (size_t)count;
        unsigned char *staged = network->staging + slot->offset;
        memcpy(staged, (const unsigned char *)inputs[i] + (size_t)first * each, bytes);
        status = cc_cuda_gpu_check(&network->gpu,
                                   network->gpu.driver->cuMemcpyHtoDAsync_v2(
                                       slot->address, staged, bytes, network->gpu.stream),
                                   "sending the input to the GPU", error);
        work->bytes_to_device += bytes;
    }
    return status;
}

static cc_status fetch(cc_cuda_network *network, int count, cc_cuda_work *work, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; i < network->signature.output_count && status == CC_OK; i++) {
        const cc_cuda_slot *slot = &network->slots[network->signature.input_count + i];
        size_t bytes = slot->bytes / (size_t)network->part * (size_t)count;
        status = cc_cuda_gpu_check(
            &network->gpu,
            network->gpu.driver->cuMemcpyDtoHAsync_v2(network->staging + slot->offset,
                                                      slot->address, bytes, network->gpu.stream),
            "fetching the output from the GPU", error);
        work->bytes_from_device += bytes;
    }
    return status;
}

static void hand_over(const cc_cuda_network *network, void *const *outputs, int first, int count)
{
    for (int i = 0; i < network->signature.output_count; i++) {
        const cc_cuda_slot *slot = &network->slots[network->signature.input_count + i];
        size_t each = slot->bytes / (size_t)network->part;
        memcpy((unsigned char *)outputs[i] + (size_t)first * each, network->staging + slot->offset,
               each * (size_t)count);
    }
}

static cc_status record(cc_cuda_network *network, cc_cuda_event event, cc_error *error)
{
    return cc_cuda_gpu_check(&network->gpu,
                             network->gpu.driver->cuEventRecord(event, network->gpu.stream),
                             "noting the time on the GPU", error);
}

cc_status cc_cuda_network_begin(cc_cuda_network *network, cc_error *error)
{
    return record(network, network->begin, error);
}

cc_status cc_cuda_network_end(cc_cuda_network *network, cc_error *error)
{
    return record(network, network->end, error);
}

static cc_status replay(cc_cuda_network *network, cc_cuda_work *work, cc_error *error)
{
    work->launches += (uint64_t)network->program.step_count;
    return cc_cuda_gpu_check(
        &network->gpu, network->gpu.driver->cuGraphLaunch(network->replay, network->gpu.stream),
        "starting the network on the GPU", error);
}

cc_status cc_cuda_network_finish(cc_cuda_network *network, cc_status status, cc_cuda_work *work,
                                 cc_error *error)
{
    float elapsed = 0;

    if (status != CC_OK) {
        cc_cuda_gpu_wait(&network->gpu, 0, NULL);
        return status;
    }
    status = cc_cuda_gpu_wait(&network->gpu, 0, error);
    if (status == CC_OK) {
        status = cc_cuda_gpu_check(
            &network->gpu,
            network->gpu.driver->cuEventElapsedTime(&elapsed, network->begin, network->end),
            "reading the time on the GPU", error);
        work->device_ms += elapsed;
    }
    return status;
}

static cc_status run_part(cc_cuda_network *network, const void *const *inputs, int first, int count,
                          cc_cuda_work *work, cc_error *error)
{
    cc_status status = cc_cuda_network_begin(network, error);

    if (status == CC_OK) {
        status = send(network, inputs, first, count, work, error);
    }
    if (status == CC_OK) {
        status = replay(network, work, error);
    }
    if (status == CC_OK) {
        status = fetch(network, count, work, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_network_end(network, error);
    }
    return cc_cuda_network_finish(network, status, work, error);
}

static cc_status cuda_run(void *state, const void *const *inputs, void *const *outputs,
                          const atomic_bool *cancel, cc_error *error)
{
    cc_cuda_network *network = state;
    cc_cuda_work work = {0};
    cc_status status = cc_cuda_gpu_enter(&network->gpu, error);

    for (int first = 0; first < network->batch && status == CC_OK; first += network->part) {
        int left = network->batch - first;
        int count = left < network->part ? left : network->part;
        if (cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed)) {
            status = cc_fail(error, CC_CANCELLED, "stopped as asked");
            break;
        }
        status = run_part(network, inputs, first, count, &work, error);
        if (status == CC_OK) {
            hand_over(network, outputs, first, count);
        }
    }
    cc_cuda_gpu_leave(&network->gpu);
    network->last = status == CC_OK ? work : (cc_cuda_work){0};
    return status;
}

/* ---- looking ---- */

static void cuda_report(const void *state, cc_network_report *report)
{
    const cc_cuda_network *network = state;

    *report = (cc_network_report){
        .operators_total = network->program.operators,
        .operators_on_device = network->program.operators,
        .operators_fast = network->program.operators - network->program.slow_operators,
        .level = network->gpu.level,
        .peak_bytes = cc_cuda_program_bytes(&network->program) + network->pictures.block_bytes,
        .device_ms = network->last.device_ms,
        .bytes_to_device = network->last.bytes_to_device,
        .bytes_from_device = network->last.bytes_from_device,
        .launches = network->last.launches,
        .took_pictures = network->last.pictures};
    snprintf(report->engine, sizeof report->engine, "cuda/%s", network->gpu.level);
    snprintf(report->device_name, sizeof report->device_name, "%s", network->gpu.facts.name);
    for (int i = 0; i < network->program.step_count; i++) {
        report->multiply_adds += network->program.steps[i].multiply_adds;
    }
    report->multiply_adds *= (double)network->batch / network->part;
}

static cc_status cuda_explain(void *state, int runs, char **text, cc_error *error)
{
    return cc_cuda_network_explain(state, runs, text, error);
}

const cc_engine cc_engine_cuda = {
    .name = "cuda",
    .load = cuda_load,
    .release = cuda_release,
    .signature = cuda_signature,
    .run = cuda_run,
    .takes_pictures = cc_cuda_takes_pictures,
    .run_pictures = cc_cuda_run_pictures,
    .report = cuda_report,
    .explain = cuda_explain,
};
