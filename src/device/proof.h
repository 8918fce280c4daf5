/* Evidence that a device does the work: a network run on it and on the processor,
 * turn by turn, on input that nobody can know beforehand, with everything measured
 * that can be. What a library says about itself counts only where it can convict.
 */
#ifndef CLEARCUT_DEVICE_PROOF_H
#define CLEARCUT_DEVICE_PROOF_H

#include "device/device.h"
#include "device/nvml.h"
#include "device/probe.h"

/* Lowest, middle and highest of several measurements; milliseconds or ratios. */
typedef struct cc_spread {
    double low;
    double median;
    double high;
} cc_spread;

/* Sort values in place. count at least 1. */
cc_spread cc_spread_of(double *values, int count);

/* Of whom is claimed that they work? */
typedef enum cc_claim {
    CC_CLAIM_PROCESSOR, /* this machine's processor, by our kernels */
    CC_CLAIM_LIBRARY,   /* ONNX Runtime on the processor, or on something that leaves no trace
                           (OpenVINO on its default device) */
    CC_CLAIM_GPU,       /* a GPU through ONNX Runtime: no clock of its own to read */
    CC_CLAIM_OWN_GPU    /* a GPU by our kernels */
} cc_claim;

typedef struct cc_measured {
    cc_claim claim;
    int runs;
    cc_network_report report; /* of the device, after its last run */
    double load_ms;           /* making the network ready on the device */
    cc_spread wall_ms;        /* one run on the device */
    cc_spread device_ms;      /* by the device's own clock; zeros = it has none */
    double processor_time_ms; /* of all threads of this process, for one run on the device */
    /* The processor beside it; zeros if it is the device. */
    cc_spread cpu_wall_ms;
    double cpu_processor_time_ms;
    cc_spread speed_up; /* the processor's time over the device's, turn by turn */
    double difference;  /* largest, between the two answers */
    double range;       /* of the processor's answers: highest less lowest */
    int64_t compared;   /* values of the device's answers that are floats */
    int64_t not_finite; /* of these */
    /* GPUs only. */
    bool probed;
    cc_probe probe;
    char probe_failure[400];
    bool device_file; /* a GPU's device file was open during the runs */
    char device_file_name[64];
    int utilisation_before; /* percent; -1 = unknown */
    int utilisation_during; /* the most that was seen */
    int64_t used_before;    /* bytes of GPU memory; -1 = unknown */
    int64_t used_during;
} cc_measured;

enum { CC_MOST_CHECKS = 8 };

typedef struct cc_check {
    const char *name; /* "operators", "answer", "probe", ... static */
    bool passed;
    bool decides; /* else it only supports */
    char text[240];
} cc_check;

typedef struct cc_verdict {
    bool proven;
    int check_count;
    cc_check checks[CC_MOST_CHECKS];
} cc_verdict;

/* What the measurements prove. Pure; any thread. */
void cc_proof_judge(const cc_measured *measured, cc_verdict *verdict);

typedef struct cc_proof_model {
    const char *path; /* NULL: data */
    const void *data; /* static */
    size_t size;
    cc_shape input_shape; /* rank 0 = as the file says */
} cc_proof_model;

/* Measure: one warm-up, then `runs` turns (1..1000). pool: the processor's threads.
 * Errors are those of loading and running, with the engine's name in front; *measured
 * then holds what was known until there. */
cc_status cc_proof_measure(const cc_device_choice *choice, const cc_proof_model *model, int runs,
                           cc_thread_pool *pool, const atomic_bool *cancel, cc_measured *measured,
                           cc_error *error);

#endif
