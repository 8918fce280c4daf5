/* Devices and threads: what sessions, scanners and networks have in common. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"

bool clearcut_precision_from_name(const char *name, clearcut_precision *precision)
{
    static const char *const names[] = {"fp32", "bf16", "int8"};

    for (int i = 0; name != NULL && i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
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
        (int)request->precision > (int)CC_PRECISION_INT8) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "%d is no precision", (int)request->precision);
    }
    return CC_OK;
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
    runtime->precision = (cc_precision)request->precision;
    runtime->cancel = request->cancel;
    return CC_OK;
}

void cc_runtime_close(cc_runtime *runtime)
{
    cc_thread_pool_destroy(runtime->pool);
    memset(runtime, 0, sizeof *runtime);
}

cc_network_options cc_runtime_network_options(const cc_runtime *runtime)
{
    return (cc_network_options){.pool = runtime->pool,
                                .precision = runtime->precision,
                                .engine = runtime->device.network_engine,
                                .device_index = runtime->device.index,
                                .provider = runtime->device.provider};
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
}
