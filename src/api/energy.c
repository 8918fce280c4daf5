/* What a GPU uses. */
#include <string.h>

#include "api/api.h"
#include "device/nvml.h"
#include "nn/cuda/driver.h"

static cc_status read_gpu(const char *device, double *joules, cc_error *fault)
{
    cc_device_request request;
    cc_device_choice choice;
    const cc_cuda_driver *driver = NULL;
    cc_cuda_device_facts facts;
    cc_status status = cc_device_parse(device, &request, fault);

    if (status == CC_OK) {
        status = cc_device_choose(&request, &choice, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    if (choice.engine != CC_ENGINE_CUDA) {
        return cc_fail(fault, CC_UNSUPPORTED, "%s is no GPU of ours; cuda or cuda:N has a counter",
                       device);
    }
    status = cc_cuda_open(&driver, fault);
    if (status == CC_OK) {
        status = cc_cuda_device_describe(driver, choice.index, &facts, fault);
    }
    if (status == CC_OK && facts.uuid[0] == '\0') {
        status = cc_fail(fault, CC_UNSUPPORTED, "the driver does not tell the UUID of %s", device);
    }
    return status == CC_OK ? cc_nvml_energy(facts.uuid, joules, fault) : status;
}

clearcut_status clearcut_gpu_energy(const char *device, double *joules, clearcut_error *error)
{
    cc_error fault = {0};

    if (device == NULL || joules == NULL) {
        return cc_api_return(cc_api_missing(device == NULL ? "device" : "joules", &fault), &fault,
                             error);
    }
    *joules = 0;
    return cc_api_return(read_gpu(device, joules, &fault), &fault, error);
}
