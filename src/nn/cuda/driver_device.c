/* What a GPU says about itself. */
#include <stdio.h>
#include <string.h>

#include "nn/cuda/driver.h"

/* CUdevice_attribute. */
enum {
    ATTRIBUTE_MULTIPROCESSORS = 16,
    ATTRIBUTE_COMPUTE_MAJOR = 75,
    ATTRIBUTE_COMPUTE_MINOR = 76,
    ATTRIBUTE_SHARED_BYTES_OPTIN = 97
};

/* "GPU-8a8d2d4c-...": as nvidia-smi -L prints it. */
static void write_uuid(const cc_cuda_uuid *uuid, char *text, size_t size)
{
    static const int dashes_before = (1 << 4) | (1 << 6) | (1 << 8) | (1 << 10);
    size_t used = (size_t)snprintf(text, size, "GPU-");

    for (int i = 0; i < 16 && used + 4 < size; i++) {
        if ((dashes_before >> i & 1) != 0) {
            text[used++] = '-';
        }
        used += (size_t)snprintf(text + used, size - used, "%02x",
                                 (unsigned)(unsigned char)uuid->bytes[i]);
    }
}

static cc_cuda_result describe(const cc_cuda_driver *driver, cc_cuda_device_facts *facts)
{
    cc_cuda_device device = 0;
    cc_cuda_uuid uuid = {{0}};
    cc_cuda_result result = driver->cuDeviceGet(&device, facts->index);
    const struct {
        int attribute;
        int *value;
    } numbers[] = {
        {ATTRIBUTE_MULTIPROCESSORS, &facts->multiprocessors},
        {ATTRIBUTE_COMPUTE_MAJOR, &facts->compute_major},
        {ATTRIBUTE_COMPUTE_MINOR, &facts->compute_minor},
        {ATTRIBUTE_SHARED_BYTES_OPTIN, &facts->shared_bytes_per_block},
    };

    facts->device = device;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && result == 0; i++) {
        result = driver->cuDeviceGetAttribute(numbers[i].value, numbers[i].attribute, device);
    }
    if (result == 0) {
        result = driver->cuDeviceGetName(facts->name, (int)sizeof facts->name, device);
    }
    if (result == 0) {
        result = driver->cuDeviceTotalMem_v2(&facts->memory_bytes, device);
    }
    if (result == 0 &&
        driver->cuDeviceGetPCIBusId(facts->pci_bus, (int)sizeof facts->pci_bus, device) != 0) {
        facts->pci_bus[0] = '\0'; /* not every virtual GPU has one */
    }
    if (result == 0 && driver->cuDeviceGetUuid_v2 != NULL &&
        driver->cuDeviceGetUuid_v2(&uuid, device) == 0) {
        write_uuid(&uuid, facts->uuid, sizeof facts->uuid);
    }
    return result;
}

cc_status cc_cuda_device_describe(const cc_cuda_driver *driver, int index,
                                  cc_cuda_device_facts *device, cc_error *error)
{
    char what[64];
    int count = 0;
    cc_cuda_result result = driver->cuDeviceGetCount(&count);

    memset(device, 0, sizeof *device);
    if (result == 0 && (index < 0 || index >= count)) {
        return cc_fail(error, CC_DEVICE,
                       "cuda:%d is not there: the driver shows %d GPU%s, numbered from 0; "
                       "CUDA_VISIBLE_DEVICES can hide some",
                       index, count, count == 1 ? "" : "s");
    }
    device->index = index;
    if (result == 0) {
        result = describe(driver, device);
    }
    if (result != 0) {
        memset(device, 0, sizeof *device);
        snprintf(what, sizeof what, "asking for the properties of cuda:%d", index);
        return cc_cuda_fail(error, driver, result, what);
    }
    return CC_OK;
}
