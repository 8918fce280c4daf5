/* An NVML for tests: two GPUs, the second one divided and silent about itself. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
enum { NOT_SUPPORTED = 3, NOT_FOUND = 6 };

static int second; /* address of a device: which one it is */
static int first;

EXPORT int nvmlInit_v2(void);
EXPORT int nvmlShutdown(void);
EXPORT int nvmlSystemGetDriverVersion(char *version, unsigned int length);
EXPORT int nvmlDeviceGetCount_v2(unsigned int *count);
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device);
EXPORT int nvmlDeviceGetName(void *device, char *name, unsigned int length);
EXPORT int nvmlDeviceGetUUID(void *device, char *uuid, unsigned int length);
EXPORT int nvmlDeviceGetMemoryInfo(void *device, unsigned long long memory[3]);
EXPORT int nvmlDeviceGetUtilizationRates(void *device, unsigned int rates[2]);
EXPORT int nvmlDeviceGetMigMode(void *device, unsigned int *current, unsigned int *pending);
EXPORT int nvmlDeviceGetHandleByUUID(const char *uuid, void **device);
EXPORT int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules);

int nvmlInit_v2(void)
{
    return 0;
}

int nvmlShutdown(void)
{
    return 0;
}

int nvmlSystemGetDriverVersion(char *version, unsigned int length)
{
    snprintf(version, length, "580.65.06");
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned int *count)
{
    *count = 2;
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device)
{
    *device = index == 0 ? &first : &second;
    return 0;
}

int nvmlDeviceGetName(void *device, char *name, unsigned int length)
{
    snprintf(name, length, "Pretended GPU %d", device == &second);
    return 0;
}

int nvmlDeviceGetUUID(void *device, char *uuid, unsigned int length)
{
    snprintf(uuid, length, "GPU-%d", device == &second);
    return 0;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long memory[3])
{
    if (device == &second) {
        return NOT_SUPPORTED;
    }
    memory[0] = 80ULL << 30; /* total, free, used */
    memory[1] = 70ULL << 30;
    memory[2] = 10ULL << 30;
    return 0;
}

int nvmlDeviceGetUtilizationRates(void *device, unsigned int rates[2])
{
    rates[0] = 37;
    rates[1] = 5;
    return device == &second ? NOT_SUPPORTED : 0;
}

int nvmlDeviceGetMigMode(void *device, unsigned int *current, unsigned int *pending)
{
    *current = *pending = device == &second;
    return 0;
}

/* Its own UUIDs, and those of the fake driver of tests/cuda, whose first byte is the number. */
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device)
{
    if (strncmp(uuid, "GPU-", 4) != 0) {
        return NOT_FOUND;
    }
    *device = strcmp(uuid, "GPU-1") == 0 || strncmp(uuid, "GPU-01", 6) == 0 ? &second : &first;
    return 0;
}

/* 100 watts, always. */
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    *millijoules =
        100000ULL * (unsigned long long)now.tv_sec + (unsigned long long)now.tv_nsec / 10000ULL;
    return device == &second ? NOT_SUPPORTED : 0;
}
