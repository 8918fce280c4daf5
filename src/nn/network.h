/* A network ready to run: load once, run often.
 *
 * One engine computes it, chosen at load and never changed. Everything is decided
 * and allocated at load; a run on the processor allocates nothing and gives the
 * same bytes for any number of threads.
 */
#ifndef CLEARCUT_NN_NETWORK_H
#define CLEARCUT_NN_NETWORK_H

#include <stdatomic.h>

#include "core/threads.h"
#include "nn/pictures.h"
#include "nn/tensor.h"

typedef struct cc_network cc_network;
typedef struct cc_engine cc_engine; /* nn/engine.h */

typedef enum cc_precision {
    CC_PRECISION_FP32,
    CC_PRECISION_BF16,
    CC_PRECISION_INT8,
    CC_PRECISION_FP16, /* operands and activations; sums are float32 */
    CC_PRECISION_AUTO  /* the device's own; settled before a network is loaded */
} cc_precision;

typedef struct cc_network_options {
    cc_thread_pool *pool;   /* borrowed for the network's life; NULL = one thread */
    cc_precision precision; /* CC_UNSUPPORTED if this build cannot */
    /* Shape for the first input where the file leaves dimensions open, or to
     * override them; rank 0 = as the file says, open dimensions being 1. */
    cc_shape input_shape;
    const cc_known_input *known_inputs; /* processor only; borrowed while loading */
    int known_input_count;
    int wanted_outputs;       /* keep only the first n outputs; 0 = all */
    bool reference_only;      /* run every operator by its scalar reference (tests) */
    bool allow_external_data; /* weights in files beside the model */
    const cc_engine *engine;  /* who computes; NULL = cc_engine_cpu */
    int device_index;         /* which GPU, of those its engine sees */
    const char *provider;     /* ONNX Runtime's provider, as in --device ort:PROVIDER; NULL or
                                 "" = its processor */
    /* Processor only: do not keep packed weights but pack each layer's before it runs, from
     * the file, which stays mapped for the network's life and must not change. Slower. */
    bool low_memory;
    /* Processor only: measure the ways to run each layer, and remember the choices in this
     * folder (NULL = nowhere); or, without `tune`, keep to those remembered there. */
    bool tune;
    const char *tuning_folder;
} cc_network_options;

/* From a file (memory-mapped while loading) or from memory (borrowed until
 * return unless `static_data`, then for the network's life). options may be
 * NULL. On failure *network is NULL. */
cc_status cc_network_load_file(const char *path, const cc_network_options *options,
                               cc_network **network, cc_error *error);
cc_status cc_network_load_memory(const void *data, size_t size, bool static_data,
                                 const cc_network_options *options, cc_network **network,
                                 cc_error *error);
void cc_network_free(cc_network *network); /* NULL is allowed */

int cc_network_input_count(const cc_network *network);
int cc_network_output_count(const cc_network *network);
/* dtype and shape; data is NULL. */
const cc_tensor *cc_network_input(const cc_network *network, int index);
const cc_tensor *cc_network_output(const cc_network *network, int index);
const char *cc_network_input_name(const cc_network *network, int index);
const char *cc_network_output_name(const cc_network *network, int index);

/* Run once. inputs[i] and outputs[i] are caller's arrays of the declared type
 * and shape, packed row-major. cancel may be NULL; when it becomes true the run
 * stops at the next layer with CC_CANCELLED. One run at a time per network. */
cc_status cc_network_run(cc_network *network, const void *const *inputs, void *const *outputs,
                         const atomic_bool *cancel, cc_error *error);

/* Can pictures go in and masks come out (nn/pictures.h)? Then the engine does both, and
 * the network takes one float32 batch x 3 x height x width. */
bool cc_network_takes_pictures(const cc_network *network);

/* Run on 1 to `batch` pictures, which may differ in size. Errors: as cc_network_run, and
 * CC_LIMIT if the device has no room for the pictures beside the network: then nothing was
 * computed, and the caller can prepare them itself. What the pictures receive is only
 * whole on success. */
cc_status cc_network_run_pictures(cc_network *network, const cc_picture_feed *feed,
                                  cc_picture *pictures, int count, const atomic_bool *cancel,
                                  cc_error *error);

/* What becomes of the ranges of activations that int8 works with. */
typedef enum cc_calibration {
    CC_CALIBRATION_MEASURE, /* look at them in every run from now on, not the first few */
    CC_CALIBRATION_WRITE,   /* keep those seen so far in a file */
    CC_CALIBRATION_READ     /* use those of a file, and look no more */
} cc_calibration;

/* path: of the file; not read for MEASURE. Errors: CC_INVALID_ARGUMENT (the network is
 * not in int8; the file is of other layers or weights), CC_UNSUPPORTED (an engine without
 * int8), CC_CORRUPT, CC_IO, CC_NOT_FOUND. */
cc_status cc_network_calibrate(cc_network *network, cc_calibration calibration, const char *path,
                               cc_error *error);

/* Give the memory of activations back to the system until the next run, which takes it
 * anew (100 ms for IS-Net's 260 MB): for when something large is to be done in between.
 * One call at a time, and none of the others meanwhile. */
void cc_network_rest(cc_network *network);

/* The evidence: what was placed where. */
typedef struct cc_network_report {
    int operators_total;     /* left to run after folding and fusion */
    int operators_on_device; /* of these, placed on the device that was asked for */
    int operators_fast;      /* of these, by a kernel of this device's level, not a reference */
    const char *level;       /* "avx512", "avx512+amx", "sm_90", ...; static */
    char engine[48];         /* "cpu/avx512", "cuda/sm_90", "ort/CPUExecutionProvider" */
    char device_name[128];   /* of the processor or GPU, as it names itself */
    size_t peak_bytes;       /* weights as packed + activations + scratch, on the device */
    bool low_memory;         /* weights are packed anew for every run */
    double multiply_adds;    /* of one run; 0 = the engine does not know */
    /* Of the last run, by the device's own measure; 0 = not measured or not apart. */
    double device_ms;
    uint64_t bytes_to_device;
    uint64_t bytes_from_device;
    uint64_t launches;  /* kernels started */
    bool took_pictures; /* it was cc_network_run_pictures */
} cc_network_report;

void cc_network_report_get(const cc_network *network, cc_network_report *report);

/* One line per operator of the plan, with the time of each layer over `runs`
 * runs on zero input (0 = no timing), as plain text; the caller frees it with
 * cc_free. */
cc_status cc_network_explain(cc_network *network, int runs, char **text, cc_error *error);

#endif
