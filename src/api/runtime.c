/* Devices and threads: what sessions, scanners and networks have in common. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/api.h"

/* In the order of clearcut_precision. */
static const char *const precision_names[] = {"fp32", "bf16", "int8", "fp16", "auto"};

bool clearcut_precision_from_name(const char *name, clearcut_precision *precision)
{
    size_t count = sizeof precision_names / sizeof precision_names[0];

    for (size_t i = 0; name != NULL && i < count; i++) {
        if (strcmp(name, precision_names[i]) == 0) {
            *precision = (clearcut_precision)i;
            return true;
        }
    }
    return false;
}

clearcut_status clearcut_device_check(const char *device, clearcut_error *error)
{
    cc_device_request request;
    cc_device_choice choice;
    cc_error fault = {0};
    cc_status status = cc_device_parse(device, &request, &fault);

    if (status == CC_OK) {
        status = cc_device_choose(&request, &choice, &fault);
    }
    return cc_api_return(status, &fault, error);
}

int clearcut_available_threads(void)
{
    return cc_default_threads();
}

static cc_status check_request(const cc_runtime_request *request, cc_error *fault)
{
    enum { MOST_THREADS = 1024 };

    if (request->threads < 0 || request->threads > MOST_THREADS) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "%d threads; 1 to %d, or 0 for all there are",
                       request->threads, MOST_THREADS);
    }
    if ((int)request->precision < (int)CC_PRECISION_FP32 ||
        (int)request->precision > (int)CC_PRECISION_AUTO) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "%d is no precision", (int)request->precision);
    }
    return CC_OK;
}

/* What `auto` comes to: half precision is what tensor cores are for, and leaves the
 * masks within a hundredth; processors and ONNX Runtime gain nothing by it. */
static cc_precision settle_precision(const cc_runtime_request *request,
                                     const cc_device_choice *device)
{
    if (request->precision != CLEARCUT_PRECISION_AUTO) {
        return (cc_precision)request->precision;
    }
    return device->engine == CC_ENGINE_CUDA ? CC_PRECISION_FP16 : CC_PRECISION_FP32;
}

/* $XDG_CACHE_HOME/clearcut, else ~/.cache/clearcut. */
static void find_tuning_folder(cc_runtime *runtime)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    size_t size = sizeof runtime->tuning_folder;
    int length = 0;

    if (cache != NULL && cache[0] == '/') {
        length = snprintf(runtime->tuning_folder, size, "%s/clearcut", cache);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(runtime->tuning_folder, size, "%s/.cache/clearcut", home);
    }
    if (length < 0 || (size_t)length >= size) {
        runtime->tuning_folder[0] = '\0';
    }
}

cc_status cc_runtime_open(const cc_runtime_request *request, cc_runtime *runtime, cc_error *fault)
{
    cc_device_request device;
    cc_status status = check_request(request, fault);

    memset(runtime, 0, sizeof *runtime);
    if (status == CC_OK) {
        status = cc_device_parse(request->device, &device, fault);
    }
    if (status == CC_OK) {
        status = cc_device_choose(&device, &runtime->device, fault);
    }
    if (status == CC_OK) {
        status = cc_thread_pool_create(request->threads, &runtime->pool, fault);
    }
    if (status != CC_OK) {
        memset(runtime, 0, sizeof *runtime);
        return status;
    }
    snprintf(runtime->requested, sizeof runtime->requested, "%s", device.text);
    runtime->precision = settle_precision(request, &runtime->device);
    runtime->automatic_precision = request->precision == CLEARCUT_PRECISION_AUTO;
    runtime->cancel = request->cancel;
    find_tuning_folder(runtime);
    return CC_OK;
}

void cc_runtime_close(cc_runtime *runtime)
{
    cc_thread_pool_destroy(runtime->pool);
    memset(runtime, 0, sizeof *runtime);
}

void cc_runtime_tune(cc_network_options *options)
{
    char parent[4096];

    options->tune = true;
    if (options->tuning_folder != NULL) {
        snprintf(parent, sizeof parent, "%s", options->tuning_folder);
        *strrchr(parent, '/') = '\0';
        (void)mkdir(parent, 0700); /* what cannot be made is told when the file is written */
        (void)mkdir(options->tuning_folder, 0700);
    }
}

cc_network_options cc_runtime_network_options(const cc_runtime *runtime)
{
    return (cc_network_options){
        .pool = runtime->pool,
        .precision = runtime->precision,
        .engine = runtime->device.network_engine,
        .tuning_folder = runtime->tuning_folder[0] != '\0' ? runtime->tuning_folder : NULL,
        .device_index = runtime->device.index,
        .provider = runtime->device.provider};
}

cc_status cc_api_calibration(cc_network *network, const char *path, bool measure, cc_error *fault)
{
    if (path != NULL) {
        return cc_network_calibrate(network, CC_CALIBRATION_READ, path, fault);
    }
    return measure ? cc_network_calibrate(network, CC_CALIBRATION_MEASURE, NULL, fault) : CC_OK;
}

bool cc_runtime_retreat(cc_runtime *runtime, cc_status status, const cc_error *why)
{
    cc_device_request processor;
    cc_device_choice choice;

    if (status != CC_DEVICE || runtime->device.engine != CC_ENGINE_CUDA ||
        strcmp(runtime->requested, "auto") != 0 ||
        cc_device_parse("cpu", &processor, NULL) != CC_OK ||
        cc_device_choose(&processor, &choice, NULL) != CC_OK) {
        return false;
    }
    snprintf(choice.reason, sizeof choice.reason, "not on the GPU: %.140s", why->message);
    runtime->device = choice;
    if (runtime->automatic_precision) {
        runtime->precision = CC_PRECISION_FP32;
    }
    return true;
}

cc_status cc_runtime_check(const cc_runtime *runtime, cc_error *fault)
{
    if (clearcut_cancel_requested(runtime->cancel)) {
        return cc_fail(fault, CC_CANCELLED, "stopped as asked");
    }
    return CC_OK;
}

const atomic_bool *cc_runtime_flag(const cc_runtime *runtime)
{
    return runtime->cancel != NULL ? &runtime->cancel->requested : NULL;
}

void cc_runtime_describe(const cc_runtime *runtime, const cc_network *network,
                         clearcut_device *device)
{
    cc_network_report report = {0};

    memset(device, 0, sizeof *device);
    cc_network_report_get(network, &report);
    snprintf(device->name, sizeof device->name, "%s", report.device_name);
    snprintf(device->engine, sizeof device->engine, "%s", report.engine);
    snprintf(device->requested, sizeof device->requested, "%s", runtime->requested);
    snprintf(device->reason, sizeof device->reason, "%s", runtime->device.reason);
    device->threads = cc_thread_pool_size(runtime->pool);
    device->ops_total = report.operators_total;
    device->ops_on_device = report.operators_on_device;
    device->ops_fast = report.operators_fast;
    device->multiply_adds = report.multiply_adds;
    device->memory_bytes = report.peak_bytes;
    device->low_memory = report.low_memory;
    device->device_ms = report.device_ms;
    device->bytes_to_device = report.bytes_to_device;
    device->bytes_from_device = report.bytes_from_device;
    device->launches = report.launches;
    device->whole_picture = report.took_pictures;
    snprintf(device->precision, sizeof device->precision, "%s",
             precision_names[runtime->precision]);
}
