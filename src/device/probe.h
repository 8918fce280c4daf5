/* A question that only a GPU that computes can answer. */
#ifndef CLEARCUT_DEVICE_PROBE_H
#define CLEARCUT_DEVICE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

typedef struct cc_probe {
    int threads;          /* each stirred its own random number ... */
    int rounds;           /* ... this often */
    int checked;          /* answers recomputed here */
    int wrong;            /* of these */
    int multiprocessors;  /* different ones that took part */
    double wall_ms;       /* from launch to the last answer */
    double device_ms;     /* by the device's own clock; 0 = it does not tell */
    double processor_ms;  /* what all of it would take on one thread here, by the sample */
    int64_t memory_total; /* of the device */
    int64_t memory_free;
} cc_probe;

/* Ask GPU `index`. thorough: 262,144 threads and 1,024 rounds, else 8,192 and 32,
 * which is enough to see whether anything computes at all. CC_DEVICE if the GPU
 * cannot be used, or answers wrongly (*probe then tells how). Any thread. */
cc_status cc_probe_gpu(int index, bool thorough, cc_probe *probe, cc_error *error);

/* Does this process hold a device file of a GPU open (/dev/nvidia0, /dev/dxg,
 * /dev/kfd, /dev/dri/renderD128)? `name` (may be NULL) receives the first found. */
bool cc_probe_device_file(char *name, int size);

/* A number nobody can know beforehand. */
uint64_t cc_probe_nonce(void);

#endif
