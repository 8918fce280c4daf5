#include "device/nvml.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Declarations after NVIDIA's NVML API reference; 0 is success everywhere. */
typedef void *nvml_device;

typedef struct nvml_memory {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
} nvml_memory;

typedef struct nvml_utilisation {
    unsigned int gpu;
    unsigned int memory;
} nvml_utilisation;

#define NVML_ENTRIES(X)                                                                            \
    X(nvmlInit_v2, (void))                                                                         \
    X(nvmlShutdown, (void))                                                                        \
    X(nvmlSystemGetDriverVersion, (char *, unsigned int))                                          \
    X(nvmlDeviceGetCount_v2, (unsigned int *))                                                     \
    X(nvmlDeviceGetHandleByIndex_v2, (unsigned int, nvml_device *))                                \
    X(nvmlDeviceGetName, (nvml_device, char *, unsigned int))                                      \
    X(nvmlDeviceGetUUID, (nvml_device, char *, unsigned int))                                      \
    X(nvmlDeviceGetMemoryInfo, (nvml_device, nvml_memory *))                                       \
    X(nvmlDeviceGetUtilizationRates, (nvml_device, nvml_utilisation *))                            \
    X(nvmlDeviceGetMigMode, (nvml_device, unsigned int *, unsigned int *))                         \
    X(nvmlDeviceGetHandleByUUID, (const char *, nvml_device *))                                    \
    X(nvmlDeviceGetTotalEnergyConsumption, (nvml_device, unsigned long long *))

typedef struct nvml_api {
/* Parameter lists cannot stand in parentheses: */
/* NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define NVML_MEMBER(name, parameters) int(*name) parameters;
    NVML_ENTRIES(NVML_MEMBER)
#undef NVML_MEMBER
} nvml_api;

static void *open_library(cc_nvml_facts *facts)
{
    static const char *const names[] = {"libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1",
                                        "/usr/local/nvidia/lib64/libnvidia-ml.so.1",
                                        "/run/opengl-driver/lib/libnvidia-ml.so.1"};
    const char *told = getenv("CLEARCUT_LIBNVML");
    size_t count = told != NULL && told[0] != '\0' ? 1 : sizeof names / sizeof names[0];

    for (size_t i = 0; i < count; i++) {
        const char *name = told != NULL && told[0] != '\0' ? told : names[i];
        void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (handle != NULL) {
            snprintf(facts->library, sizeof facts->library, "%s", name);
            return handle;
        }
        if (i == 0) {
            snprintf(facts->problem, sizeof facts->problem, "%s", dlerror());
        }
    }
    return NULL;
}

static bool resolve(void *handle, nvml_api *api, cc_nvml_facts *facts)
{
    memset(api, 0, sizeof *api);
#define NVML_RESOLVE(name, parameters)                                                             \
    {                                                                                              \
        void *symbol = dlsym(handle, #name);                                                       \
        memcpy((void *)&api->name, (const void *)&symbol, sizeof symbol);                          \
    }
    NVML_ENTRIES(NVML_RESOLVE)
#undef NVML_RESOLVE
    if (api->nvmlInit_v2 == NULL || api->nvmlShutdown == NULL ||
        api->nvmlDeviceGetCount_v2 == NULL || api->nvmlDeviceGetHandleByIndex_v2 == NULL) {
        snprintf(facts->problem, sizeof facts->problem, "%s lacks what every NVML has",
                 facts->library);
        return false;
    }
    return true;
}

static void describe(const nvml_api *api, nvml_device device, cc_nvml_gpu *gpu)
{
    nvml_memory memory = {0};
    nvml_utilisation utilisation = {0};
    unsigned int mig = 0;
    unsigned int pending = 0;

    *gpu = (cc_nvml_gpu){.utilisation = -1, .used = -1, .total = -1};
    if (api->nvmlDeviceGetName != NULL &&
        api->nvmlDeviceGetName(device, gpu->name, sizeof gpu->name) != 0) {
        gpu->name[0] = '\0';
    }
    if (api->nvmlDeviceGetUUID != NULL &&
        api->nvmlDeviceGetUUID(device, gpu->uuid, sizeof gpu->uuid) != 0) {
        gpu->uuid[0] = '\0';
    }
    gpu->name[sizeof gpu->name - 1] = '\0';
    gpu->uuid[sizeof gpu->uuid - 1] = '\0';
    if (api->nvmlDeviceGetMemoryInfo != NULL &&
        api->nvmlDeviceGetMemoryInfo(device, &memory) == 0) {
        gpu->used = (int64_t)memory.used;
        gpu->total = (int64_t)memory.total;
    }
    if (api->nvmlDeviceGetUtilizationRates != NULL &&
        api->nvmlDeviceGetUtilizationRates(device, &utilisation) == 0) {
        gpu->utilisation = (int)utilisation.gpu;
    }
    gpu->mig = api->nvmlDeviceGetMigMode != NULL &&
               api->nvmlDeviceGetMigMode(device, &mig, &pending) == 0 && mig != 0;
}

static void ask(const nvml_api *api, cc_nvml_facts *facts)
{
    unsigned int count = 0;
    int result = api->nvmlInit_v2();

    if (result != 0) {
        snprintf(facts->problem, sizeof facts->problem, "%s does not start (error %d)",
                 facts->library, result);
        return;
    }
    facts->available = true;
    facts->problem[0] = '\0';
    if (api->nvmlSystemGetDriverVersion == NULL ||
        api->nvmlSystemGetDriverVersion(facts->driver_version, sizeof facts->driver_version) != 0) {
        facts->driver_version[0] = '\0';
    }
    facts->driver_version[sizeof facts->driver_version - 1] = '\0';
    if (api->nvmlDeviceGetCount_v2(&count) != 0) {
        count = 0;
    }
    for (unsigned int i = 0; i < count && facts->gpu_count < CC_NVML_MOST_GPUS; i++) {
        nvml_device device = NULL;
        if (api->nvmlDeviceGetHandleByIndex_v2(i, &device) == 0) {
            describe(api, device, &facts->gpus[facts->gpu_count++]);
        }
    }
    api->nvmlShutdown();
}

void cc_nvml_look(cc_nvml_facts *facts)
{
    nvml_api api;
    void *handle;

    memset(facts, 0, sizeof *facts);
    handle = open_library(facts);
    if (handle != NULL) {
        if (resolve(handle, &api, facts)) {
            ask(&api, facts);
        }
        dlclose(handle);
    }
}

/* ---- energy ---- */

static cc_status ask_energy(const nvml_api *api, const char *uuid, double *joules, cc_error *error)
{
    enum { NOT_SUPPORTED = 3 };
    nvml_device device = NULL;
    unsigned long long millijoules = 0;
    int result;

    if (api->nvmlDeviceGetTotalEnergyConsumption == NULL ||
        api->nvmlDeviceGetHandleByUUID == NULL) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "this NVML has no energy counter (drivers from 2018 on have one)");
    }
    result = api->nvmlDeviceGetHandleByUUID(uuid, &device);
    if (result != 0) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "NVML does not show %s (error %d): instances of MIG have no counter of "
                       "their own",
                       uuid, result);
    }
    result = api->nvmlDeviceGetTotalEnergyConsumption(device, &millijoules);
    if (result != 0) {
        return cc_fail(
            error, CC_UNSUPPORTED, "NVML tells no energy of %s (error %d%s)", uuid, result,
            result == NOT_SUPPORTED ? ": not supported, as before Volta and in MIG" : "");
    }
    *joules = (double)millijoules * 1e-3;
    return CC_OK;
}

cc_status cc_nvml_energy(const char *uuid, double *joules, cc_error *error)
{
    cc_nvml_facts facts = {0};
    nvml_api api;
    void *handle = open_library(&facts);
    cc_status status = CC_UNSUPPORTED;

    *joules = 0;
    if (handle == NULL || !resolve(handle, &api, &facts)) {
        status = cc_fail(error, CC_UNSUPPORTED, "no NVML: %s", facts.problem);
    } else {
        int result = api.nvmlInit_v2();
        if (result != 0) {
            status = cc_fail(error, CC_UNSUPPORTED, "%s does not start (error %d)", facts.library,
                             result);
        } else {
            status = ask_energy(&api, uuid, joules, error);
            api.nvmlShutdown();
        }
    }
    if (handle != NULL) {
        dlclose(handle);
    }
    return status;
}
