/* NVIDIA's management library, opened by name when somebody asks: what a GPU is
 * busy with. It supports what was measured otherwise and never decides: containers
 * hide processes from it, and MIG has no utilisation.
 */
#ifndef CLEARCUT_DEVICE_NVML_H
#define CLEARCUT_DEVICE_NVML_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

enum { CC_NVML_MOST_GPUS = 32 };

typedef struct cc_nvml_gpu {
    char name[96];
    char uuid[96];   /* "GPU-8a8d..." */
    int utilisation; /* percent of the last moments; -1 = it does not tell */
    int64_t used;    /* bytes of its memory; -1 = it does not tell */
    int64_t total;
    bool mig; /* divided into instances */
} cc_nvml_gpu;

typedef struct cc_nvml_facts {
    bool available;
    char library[256];       /* the name or path that was opened; "" = none */
    char problem[320];       /* why it is not available; "" = it is */
    char driver_version[80]; /* "580.65.06" */
    int gpu_count;           /* at most CC_NVML_MOST_GPUS are described */
    cc_nvml_gpu gpus[CC_NVML_MOST_GPUS];
} cc_nvml_facts;

/* Open libnvidia-ml.so.1 ($CLEARCUT_LIBNVML alone if set), ask, close. Not being
 * there is no error: facts->problem says it. Any thread. */
void cc_nvml_look(cc_nvml_facts *facts);

/* Joules that the GPU of this UUID ("GPU-8a8d...", as CUDA and NVML both name it) has used
 * since its driver was loaded: everything on it, idling included, in steps of some tens of
 * milliseconds. CC_UNSUPPORTED with the reason where NVML cannot tell. Opens and closes
 * the library. Any thread. */
cc_status cc_nvml_energy(const char *uuid, double *joules, cc_error *error);

#endif
